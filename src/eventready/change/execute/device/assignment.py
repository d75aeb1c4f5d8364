"""Assignment: the work on a device in a change, and the signals against its start and its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from eventready.change.document import Plan, PlannedDevice
from eventready.change.execute.device.verify import OpenIssues
from eventready.change.execute.recorded import (
    Backups,
    TargetTree,
    explain_drift,
    planned_form,
    planned_fragment,
    target_tree,
)
from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.tree import Tree
from eventready.change.plan.restated import refuse_new_risks, refuse_other_words, unsaved_risks
from eventready.change.plan.scope import drift_since
from eventready.change.safety.addresses import NONE_KNOWN, KnownAddresses
from eventready.change.safety.forbidden import refuse_forbidden
from eventready.change.safety.way_in import WayIn
from eventready.change.safety.way_in_lines import check_way_in
from eventready.change.times import CHOSEN, Ask, RetryTiming, Soak, soak_of
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message, to_stored
from eventready.facts.equipment import Equipment
from eventready.platforms.model import PlatformSpec
from eventready.store.change_steps import Drift
from eventready.store.changes import ChangeRecord, Changes
from eventready.workspace.devices.device import Device

#: Keeps a device in the new state: longest time in seconds, and a sleep that an interruption ends.
Hold: TypeAlias = Callable[[float, Callable[[float], None]], None]
#: Word of the operator on a device within so many seconds, with a sleep that an interruption ends; None: no word.
Word: TypeAlias = Callable[[str, float, Callable[[float], None]], bool | None]
#: Reason on record for a device whose temporary change has ended.
HOLD_OVER = message("change:why.hold_over")

#: Reasons for devices of an interrupted change.
INTERRUPTIONS = frozenset(
    {
        "change:why.interrupted",
        "change:why.interrupted_at",
        "change:why.interrupted_before",
        "change:why.interrupted_turn",
    }
)


@dataclass
class StopSignals:
    """Signals from the change to its devices: sentences, empty while there is none.

    `hold`: devices that have not armed a guard do not start. `abort`: devices that are not confirmed revert.
    """

    hold: str | Message = ""
    abort: str | Message = ""


class WaveSignals:
    """Signals to the devices of a wave: those of the change, and `back`, the failure of an earlier wave in its soak."""

    def __init__(self, change: StopSignals) -> None:
        self._change = change
        self.back: str | Message = ""

    @property
    def hold(self) -> str | Message:
        """Return the reason against the begin of a device."""
        return self._change.hold

    @property
    def abort(self) -> str | Message:
        """Return the reason against an unconfirmed device."""
        return self._change.abort or self.back


#: Signals to a device, of a wave or of the whole change.
Signals: TypeAlias = StopSignals | WaveSignals


@dataclass(frozen=True)
class DeviceRules:
    """Rules of a change on a device, by its plan, its platform and the inventory.

    `target` computes the target tree from the present one. `reads_way_in`: the route back to this machine counts.
    `forward` is False for a way back and for a drill, which are computed from records: their words are not compared,
    and a line on the way in is a risk.
    """

    plan: Plan
    planned: PlannedDevice
    platform: PlatformSpec
    device: Device
    form: ConfigurationForm
    fragment: Fragment
    target: TargetTree
    changes: Changes | None = None
    reads_way_in: bool = True
    forward: bool = True
    known: KnownAddresses = NONE_KNOWN

    @classmethod
    def of(
        cls,
        equipment: Equipment,
        plan: Plan,
        planned: PlannedDevice,
        backups: Backups | None,
        rolls_back: ChangeRecord | None,
        **more: Any,
    ) -> Self:
        """Return the rules of a planned device. Raises RefusedError."""
        form = planned_form(equipment, planned)
        fragment = planned_fragment(form, planned)
        platform, device = equipment.named(planned.platform).spec, equipment.by_name[planned.name]
        target = target_tree(form, fragment, planned, backups, rolls_back)
        return cls(plan, planned, platform, device, form, fragment, target, **more)

    def refuse(self, lines: Sequence[str], running: Configuration) -> None:
        """Raise RefusedError for a forbidden line."""
        refuse_forbidden(self.platform, lines, device=self.planned.name, running=running, address=self.device.hostname)

    def refuse_other_words(self, before: Tree, target: Tree) -> None:
        """Raise RefusedError for words of the plan other than those of the change from the planned tree."""
        if self.forward:
            refuse_other_words(self.platform, self.device, self.planned, (before, target), self.known)

    def refuse_unsaved(self, running: Configuration, startup: Configuration | None) -> None:
        """Raise RefusedError for unsaved lines not stated in the plan: the change would save them too."""
        if self.forward:
            refuse_new_risks(self.planned, unsaved_risks(self.form, running, startup))

    def drift(self, running: Configuration) -> Drift | None:
        """Return the drift since the plan outside of its sections; None for a drift in a section of the plan."""
        return drift_since(self.form, running, self.fragment, self.planned, self.target)

    def explain_drift(self, found: Configuration) -> Message:
        """Return which recorded change, if any, altered the device since the plan was made."""
        return explain_drift(self.changes, self.plan, self.planned, found)

    def check_way_in(self, way: WayIn, running: Tree, target: Tree) -> tuple[str | Message, ...]:
        """Return the unstated risks of a way back, or of a drill, by the route back as read now.

        Raises RefusedError for a line on the way in of a plan, and for a risk that the plan does not state.
        """
        try:
            risks = check_way_in(self.platform, self.device, way, running, target, refuses=self.forward)
            if self.forward:
                refuse_new_risks(self.planned, risks)
        except RefusedError as error:
            raise RefusedError(message("change:way_in.now", reason=error.cause)) from None
        stated = [to_stored(risk) for risk in self.planned.risks]
        return tuple(risk for risk in risks if to_stored(risk) not in stated)


@dataclass(frozen=True)
class Procedure:
    """Procedure on a device: times, verification, hold and confirmation.

    `verifies`: checks and a soak precede the confirmation. `soak_s`: the least soak; in a lab (`soak_is_chosen`), the
    soak itself. `settle_s`: seconds until no check may be worse. `soaking` is called with the device when its soak
    begins. `hold` keeps the new state for a drill; the way back follows instead of verification and confirmation.
    `word` asks the operator before the confirmation.
    """

    verifies: bool = True
    soak_s: float = 0.0
    soak_is_chosen: bool = False
    settle_s: float = 90.0
    timing: RetryTiming = field(default_factory=RetryTiming)
    soaking: Callable[[str], None] = lambda _device: None
    hold: Hold | None = None
    word: Word | None = None

    def soak(self, form: ConfigurationForm, before: Tree, target: Tree, ask: Ask) -> Soak:
        """Return the observation time of a change from the old to the new tree."""
        if self.soak_is_chosen:
            return Soak(self.soak_s, CHOSEN)
        return soak_of(form, before, target, self.soak_s, ask)


@dataclass(frozen=True)
class Assignment:
    """Work on a device: its part of the plan, the rules and the procedure.

    `startup` is the fingerprint of the planned startup configuration, None if it does not matter. `tolerated` are the
    issues before a change that this one rolls back or removes: they may occur again. `only_way_back`: the plan cannot
    be read, and no line is sent but those of the recorded way back.
    """

    rules: DeviceRules
    procedure: Procedure
    startup: str | None = None
    tolerated: OpenIssues = ()
    only_way_back: bool = False

    @property
    def planned(self) -> PlannedDevice:
        """Return the device's part of the plan."""
        return self.rules.planned

    @property
    def device(self) -> str:
        """Return the name of the device."""
        return self.rules.planned.name

    @property
    def form(self) -> ConfigurationForm:
        """Return the form of the device's configuration."""
        return self.rules.form
