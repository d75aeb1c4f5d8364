"""Who takes part in a plan, with what is wanted of each, before the first connection; and who is left out, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventready.change.asked import Asked
from eventready.change.errors import said_once, some, together
from eventready.change.fragment import Fragment, join, parse_fragment
from eventready.change.intent import asked_of, refuse_misspelt, wanted_of
from eventready.change.plan import LeftOut
from eventready.errors import EventreadyError, UsageError
from eventready.facts.platform import Platform, load_platform
from eventready.platforms.model import ChangeSpec
from eventready.workspace.device import Device
from eventready.workspace.intents import Intent
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class Participant:
    """A device that something is wanted of: by which intents and templates, and what. `spec` is its platform's
    `change`."""

    device: Device
    platform: Platform
    spec: ChangeSpec
    intents: tuple[Intent, ...]
    templates: tuple[str, ...]
    fragment: Fragment


def participants(
    workspace: Workspace, devices: Sequence[Device], intents: Sequence[Intent]
) -> tuple[tuple[Participant, ...], tuple[LeftOut, ...]]:
    """Who takes part, in the order of `devices`, and who does not.

    Raises one error for everything in templates and values that does not hold, and UsageError when nobody takes part.
    """
    taking: list[Participant] = []
    silent: list[Participant] = []
    left_out: list[LeftOut] = []
    problems: list[tuple[Device, EventreadyError]] = []
    asked = {intent: asked_of(workspace, intent) for intent in intents}
    for device in devices:
        try:
            found = _participant(workspace, device, asked)
        except EventreadyError as error:
            problems.append((device, error))
            continue
        if isinstance(found, LeftOut):
            left_out.append(found)
        elif found.fragment.empty:
            silent.append(found)
            left_out.append(LeftOut(name=device.name, reason=f"no line for it in {' or '.join(found.templates)}"))
        else:
            taking.append(found)
    if problems:
        raise together(said_once(problems))
    if silent and not taking:
        raise _nothing_wanted(workspace, silent)
    if not taking:
        raise UsageError(
            f"no device of these takes part in {' or '.join(intents)}",
            do="Say `intents:` with the values for its templates under `data` of devices or groups.",
        )
    return tuple(taking), tuple(left_out)


def _participant(workspace: Workspace, device: Device, asked: Mapping[Intent, Asked]) -> Participant | LeftOut:
    wanted = tuple(intent for intent in asked if intent in device.intents)
    if not wanted:
        return LeftOut(name=device.name, reason=f"its `intents` do not name {' or '.join(asked)}")
    platform = load_platform(device.platform, workspace.platform_dirs)
    spec = platform.spec.change
    if spec is None:
        return LeftOut(name=device.name, reason=f"{platform.name} is only read: its platform.yaml has no `change`")
    for intent in wanted:
        refuse_misspelt(device, intent, asked[intent])
    pieces = [wanted_of(workspace, device, intent) for intent in wanted]
    fragment = join(spec, [parse_fragment(spec, piece.text, piece.origin) for piece in pieces])
    return Participant(device, platform, spec, wanted, tuple(piece.template for piece in pieces), fragment)


def _nothing_wanted(workspace: Workspace, silent: Sequence[Participant]) -> UsageError:
    """Templates are there, and none of them gives a line."""
    names = [one.device.name for one in silent]
    first, *more = dict.fromkeys(template for one in silent for template in one.templates)
    return UsageError(
        f"the template gives no line for {some(names)}" if not more else f"no template gives a line for {some(names)}",
        where=str(workspace.path / first) + (f" and {len(more)} more" if more else ""),
        do="Write into it what the devices shall have, or look at its conditions and the values that they ask for.",
    )
