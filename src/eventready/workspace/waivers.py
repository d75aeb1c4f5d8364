"""waivers.yaml: findings that somebody answers for, until a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import Field, PrivateAttr

from eventready.errors import WorkspaceError
from eventready.workspace.complaints import Suggestions
from eventready.workspace.event import Entry
from eventready.workspace.yaml import load_yaml, several


class Waiver(Entry):
    """`check`, `device` and `subject` are globs; it counts to the end of the day `until`, event time."""

    check: str = Field(min_length=1)
    device: str = Field(default="*", min_length=1)
    subject: str = "*"
    by: str = Field(min_length=1, description="Who answers for it")
    reason: str = Field(min_length=1)
    until: date
    _origin: str = PrivateAttr(default="")

    @property
    def origin(self) -> str:
        """`file:line`."""
        return self._origin

    def at(self, origin: str) -> Waiver:
        """The waiver, knowing where it stands."""
        placed = self.model_copy()
        placed._origin = origin
        return placed

    def covers(self, check: str, device: str, subject: str) -> bool:
        """True when the waiver is meant for a finding of this identity."""
        pairs = ((check, self.check), (device, self.device), (subject, self.subject))
        return all(fnmatchcase(value, pattern) for value, pattern in pairs)

    def expired(self, today: date) -> bool:
        """True from the day after `until`."""
        return today > self.until


class WaiverFile(Entry):
    """waivers.yaml"""

    waivers: tuple[Waiver, ...] = ()


def load_waivers(path: Path, *, devices: Iterable[str]) -> tuple[Waiver, ...]:
    """Read waivers.yaml; without the file nothing is waived. Raises WorkspaceError, also for a device nobody has."""
    if not path.exists():
        return ()
    document = load_yaml(path, may_be_empty=True)
    names = dict.fromkeys(devices)
    remedy = Suggestions(names)
    problems: list[WorkspaceError] = []
    found = []
    for index, waiver in enumerate(document.validate(WaiverFile).waivers):
        if waiver.device not in names and not any(fnmatchcase(name, waiver.device) for name in names):
            problems.append(
                document.error(
                    f"no device is called {waiver.device!r}",
                    "waivers",
                    index,
                    "device",
                    do=remedy.of(waiver.device),
                )
            )
        found.append(waiver.at(document.where("waivers", index)))
    if problems:
        raise several(problems)
    return tuple(found)
