"""Errors that a person reads: what happened, where, and what to do, with the exit code it means.

A traceback that reaches a user is a defect; everything foreseeable is one of these.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command (design contract)."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    FINDINGS = 3
    INCOMPLETE = 4
    CHANGE_REVERTED = 5
    REVERT_FAILED = 6
    REFUSED = 7
    DEADLINE = 8


#: With several reasons to fail, the first of these that applies is the exit code.
SEVERITY: tuple[Exit, ...] = (
    Exit.REVERT_FAILED,
    Exit.CHANGE_REVERTED,
    Exit.REFUSED,
    Exit.INTERNAL,
    Exit.USAGE,
    Exit.INCOMPLETE,
    Exit.FINDINGS,
    Exit.DEADLINE,
)


def most_severe(codes: set[Exit]) -> Exit:
    """The exit code that wins among `codes`; OK when there is none."""
    return next((code for code in SEVERITY if code in codes), Exit.OK)


class EventreadyError(Exception):
    """One sentence: `what`, then where (file and line), then what to do.

    `where` is a path, optionally with `:line`; `do` is an imperative sentence.
    """

    exit = Exit.INTERNAL

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.do = what, where, do

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.do}" if self.do else ""
        what = self.what if self.what.endswith((".", "!", "?")) else f"{self.what}."
        return f"{place}{what}{remedy}"


class UsageError(EventreadyError):
    """The call cannot be carried out as given."""

    exit = Exit.USAGE


class WorkspaceError(UsageError):
    """Something the engineer wrote does not hold."""


class PlatformError(UsageError):
    """A platform folder does not hold."""


class StoreError(EventreadyError):
    """The database or the evidence store cannot be read or written."""


class RefusedError(EventreadyError):
    """A rule forbids it: freeze, stale plan, lock, missing approval."""

    exit = Exit.REFUSED
