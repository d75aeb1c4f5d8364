"""Stage of a drill run: before or after the changes of the preparing intents, as read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from eventready.core.records import Words

#: Of a run: before or after the changes that prepare for its failure; `unknown` where neither was read.
Stage: TypeAlias = Literal["before", "after", "unknown"]


@dataclass(frozen=True)
class Prepared:
    """Changes of a drill's devices: in force on all of them as read, on some of them only, and not read (reasons)."""

    in_force: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    unread: tuple[Words, ...] = ()

    @property
    def stage(self) -> Stage:
        """`after` with a change in force; `before` where all was read and none is, not even partly."""
        if self.in_force:
            return "after"
        return "unknown" if self.partly or self.unread else "before"
