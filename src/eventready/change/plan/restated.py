"""Words of a plan against its lines: difference, risks and guard computed anew; a plan with other words is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventready.change.document.plan import Plan, PlannedDevice
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Path, Tree
from eventready.change.guard.guard import gap, protects
from eventready.change.safety.values import check_values
from eventready.change.safety.way_in import WayIn
from eventready.change.safety.writable import WritableLines, addition_risks
from eventready.core.errors import RefusedError
from eventready.core.messages import Rendered, message, rendered
from eventready.facts.equipment import Equipment
from eventready.platforms.model import ChangeSpec, GuardSpec, PlatformSpec
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.intent_folders import WritableAddition

_RISK = "change:risk."


def refuse_restated(plan: Plan, equipment: Equipment, additions: Sequence[WritableAddition]) -> None:
    """Raise RefusedError for a plan with other words than those of its lines, as far as they show offline.

    `additions`: writable lines of the workspace.
    """
    for device in plan.devices:
        spec = equipment.named(device.platform).spec
        if spec.change is None or not _has_own_guard(spec.change, device) or not _states_risks(device):
            raise RefusedError(message("change:restated.words", plan=plan.id, device=device.name))
        if plan.drill is not None:
            continue
        writable = WritableLines.of(device.platform, spec, device.intents, additions)
        needed = set(addition_risks(writable.refuse_commands(device.forward, device.name)))
        if not needed <= set(device.risks):
            raise RefusedError(message("change:restated.words", plan=plan.id, device=device.name))


def _has_own_guard(spec: ChangeSpec, planned: PlannedDevice) -> bool:
    """Return True for a guard of the platform, with the sentences of this guard."""
    kind, saves = planned.guard.kind, bool(spec.save)
    always = [GuardSpec(kind="inverse")] if kind == "inverse" else []
    stated = (planned.guard.gap, _id_of(planned.guard.protects))
    guards = [*(one for one in spec.guards if one.kind == kind), *always]
    return any(stated == (gap(one, saves=saves), _id_of(protects(one, 600, saves=saves))) for one in guards)


def _states_risks(planned: PlannedDevice) -> bool:
    """Return True for risks in the words of the catalogue, with the gap of an `inverse` guard."""
    own = planned.guard.gap
    worded = all(risk == own or _is_risk(risk) for risk in planned.risks)
    return worded and (planned.guard.kind != "inverse" or own in planned.risks)


def _is_risk(text: str) -> bool:
    if not isinstance(text, Rendered) or not text.message.id.startswith(_RISK):
        return False
    return str.__str__(text) == text.message.render("en")


def _id_of(text: str) -> str:
    return text.message.id if isinstance(text, Rendered) else ""


def refuse_other_words(
    platform: PlatformSpec, device: Device, planned: PlannedDevice, running: Tree, target: Tree
) -> None:
    """Raise RefusedError if the difference or a risk of a plan is not computed from its configuration.

    `running` is the planned configuration as read now, `target` the configuration after the change.
    """
    if platform.change is None:
        return
    form = form_of(platform.change)
    shown = form.diff(running, target)
    if planned.diff[: len(shown)] != shown or (len(planned.diff) > len(shown) and not form.by_playbook):
        raise RefusedError(message("change:restated.diff", device=device.name))
    risks = (*check_values(platform, device, WayIn(), running, target), *recreated_risks(form, running, target))
    if missing := next((risk for risk in risks if risk not in planned.risks), None):
        raise RefusedError(message("change:restated.risk", device=device.name, risk=missing))


def recreated_risks(form: ConfigurationForm, running: Tree, target: Tree) -> Iterator[str]:
    """Yield a sentence for each section removed and created again by a change."""
    yield from map(_recreated, form.recreated(running, target))


def _recreated(path: Path) -> str:
    line, above = path[-1], path[:-1]
    if above:
        return rendered("change:risk.recreated_of", line=line, above=above[-1])
    return rendered("change:risk.recreated", line=line)
