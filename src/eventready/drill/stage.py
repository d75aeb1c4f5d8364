"""Stage of a drill run: before or after the changes of the preparing intents, as read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from eventready.core.messages import from_stored, to_stored

#: Of a run: before or after the changes that prepare for its failure; `unknown` where neither was read.
Stage: TypeAlias = Literal["before", "after", "unknown"]


@dataclass(frozen=True)
class Prepared:
    """Changes of a drill's devices: in force on all of them as read, on some of them only, and not read (reasons)."""

    in_force: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def stage(self) -> Stage:
        """`after` with a change in force; `before` where all was read and none is, not even partly."""
        if self.in_force:
            return "after"
        return "unknown" if self.partly or self.unread else "before"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; `load` reads them."""
        unread = [to_stored(reason) for reason in self.unread]
        return {"in_force": list(self.in_force), "partly": list(self.partly), "unread": unread}

    @classmethod
    def load(cls, row: Mapping[str, Any]) -> Prepared:
        """Read the changes of a record."""
        return cls(tuple(row["in_force"]), tuple(row["partly"]), tuple(from_stored(reason) for reason in row["unread"]))


def stage_on_record(prechecked: Mapping[str, Any], opened: Sequence[Any]) -> Stage:
    """Stage of a recorded run; unknown for an old record with changes, which may be of any device."""
    if "prepared" in prechecked:
        return Prepared.load(prechecked["prepared"]).stage
    return "unknown" if opened else "before"
