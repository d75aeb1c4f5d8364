"""Who takes part in a plan, with what is wanted of each, before the first connection; and who is left out, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eventready.change.errors import together
from eventready.change.fragment import Fragment, join, parse_fragment
from eventready.change.intent import MissingValue, wanted_of
from eventready.change.plan import LeftOut
from eventready.errors import EventreadyError, UsageError
from eventready.facts.platform import Platform, load_platform
from eventready.platforms.model import ChangeSpec
from eventready.workspace.device import Device
from eventready.workspace.intents import Intent
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class Participant:
    """A device that something is wanted of: by which intents, and what. `spec` is its platform's `change`."""

    device: Device
    platform: Platform
    spec: ChangeSpec
    intents: tuple[Intent, ...]
    fragment: Fragment


def participants(
    workspace: Workspace, devices: Sequence[Device], intents: Sequence[Intent]
) -> tuple[tuple[Participant, ...], tuple[LeftOut, ...]]:
    """Who takes part, in the order of `devices`, and who does not.

    Raises one error for everything in templates and values that does not hold, and UsageError when nobody takes part.
    """
    taking: list[Participant] = []
    left_out: list[LeftOut] = []
    problems: list[EventreadyError] = []
    for device in devices:
        try:
            found = _participant(workspace, device, intents)
        except EventreadyError as error:
            problems.append(error)
            continue
        if isinstance(found, LeftOut):
            left_out.append(found)
        else:
            taking.append(found)
    if problems:
        raise together(MissingValue.gathered(problems))
    if not taking:
        raise UsageError(
            f"no device of these takes part in {' or '.join(intents)}",
            do="Say `intents:` with the values for its templates under `data` of devices or groups.",
        )
    return tuple(taking), tuple(left_out)


def _participant(workspace: Workspace, device: Device, intents: Sequence[Intent]) -> Participant | LeftOut:
    wanted = tuple(intent for intent in intents if intent in device.intents)
    if not wanted:
        return LeftOut(name=device.name, reason=f"its `intents` do not name {' or '.join(intents)}")
    platform = load_platform(device.platform, workspace.platform_dirs)
    spec = platform.spec.change
    if spec is None:
        return LeftOut(name=device.name, reason=f"{platform.name} is only read: its platform.yaml has no `change`")
    pieces = [wanted_of(workspace, device, intent) for intent in wanted]
    fragment = join(spec, [parse_fragment(spec, piece.text, piece.origin) for piece in pieces])
    if fragment.empty:
        return LeftOut(name=device.name, reason="its templates give no line for it")
    return Participant(device, platform, spec, wanted, fragment)
