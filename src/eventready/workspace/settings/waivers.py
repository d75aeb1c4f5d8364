"""waivers.yaml: findings accepted by a responsible person until a date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import Field

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import Suggestions
from eventready.workspace.files.datetimes import Day
from eventready.workspace.files.yaml_document import load_yaml, raise_errors
from eventready.workspace.model import PlacedModel, WorkspaceModel


class Waiver(PlacedModel):
    """Accepted findings. `check`, `device`, `subject`: globs. `until`: last day, event time."""

    check: str = Field(min_length=1)
    device: str = Field(default="*", min_length=1)
    subject: str = "*"
    by: str = Field(min_length=1, description="Responsible person")
    reason: str = Field(min_length=1)
    until: Day

    def covers(self, check: str, device: str, subject: str) -> bool:
        """True when the waiver applies to a finding with this identity."""
        pairs = ((check, self.check), (device, self.device), (subject, self.subject))
        return all(fnmatchcase(value, pattern) for value, pattern in pairs)

    def expired(self, today: date) -> bool:
        """True from the day after `until`."""
        return today > self.until


class WaiverFile(WorkspaceModel):
    """waivers.yaml"""

    waivers: tuple[Waiver, ...] = ()


def load_waivers(path: Path, *, devices: Iterable[str]) -> tuple[Waiver, ...]:
    """Read waivers.yaml; an absent file means no waivers. Raises WorkspaceError, also for an unknown device."""
    if not path.exists():
        return ()
    document = load_yaml(path, may_be_empty=True)
    names = dict.fromkeys(devices)
    remedy = Suggestions(names)
    problems: list[WorkspaceError] = []
    found = []
    for index, waiver in enumerate(document.validate(WaiverFile).waivers):
        if waiver.device not in names and not any(fnmatchcase(name, waiver.device) for name in names):
            what, do = message("workspace:waiver.device", device=waiver.device), remedy.of(waiver.device)
            problems.append(document.error(what, "waivers", index, "device", do=do))
        found.append(waiver.at(document.where("waivers", index)))
    raise_errors(problems)
    return tuple(found)
