"""User-facing errors: cause, place, remedy and exit code.

Every foreseeable failure raises one of these classes. A traceback shown to a user is a defect.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from enum import IntEnum
from typing import Self, TypeVar

from eventready.core.messages import Message, in_language, known, sentence, text


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


def describe_exit(code: Exit, part: str, lang: str) -> str:
    """Text about an exit code in a language. `part`: `meaning` for lists; `cause` and `remedy` are sentences."""
    return text(f"core:exit.{code.name.lower()}_{part}", lang)


#: Exit codes from the most to the least severe.
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
    """Most severe of `codes`; OK for an empty set."""
    return next((code for code in SEVERITY if code in codes), Exit.OK)


class EventreadyError(Exception):
    """Base of all user-facing errors, formatted as place, cause and remedy.

    `what`: cause, a clause without a full stop. `where`: path, optionally with `:line`. `do`: remedy, an imperative
    sentence; without `do`, the catalogue's message `<id of what>.do` with the same parameters, if there is one.
    """

    exit = Exit.INTERNAL

    def __init__(self, what: str | Message, *, where: str | Message = "", do: str | Message = "") -> None:
        if isinstance(what, Message) and not do and known(f"{what.id}.do"):
            do = Message(f"{what.id}.do", what.params)
        self.message = what if isinstance(what, Message) else None
        self.place, self.remedy = where, do
        self.what, self.where, self.do = (in_language(text, "en") for text in (what, where, do))
        super().__init__(self.what)

    @property
    def cause(self) -> str | Message:
        """Cause as a parameter of another message."""
        return self.message or self.what

    def reason(self, lang: str) -> str:
        """Return the cause in a language."""
        return in_language(self.cause, lang)

    @property
    def whole(self) -> Message:
        """Place, cause and remedy as a parameter of another message."""
        parts = {"cause": self.cause}
        parts |= {"place": self.place} if self.where else {}
        parts |= {"remedy": self.remedy} if self.do else {}
        return Message(f"core:error.{'_'.join(sorted(parts))}", parts)

    def again(self) -> Self:
        """Return an equal error, for another thread."""
        return type(self)(self.cause, where=self.place, do=self.remedy)

    def render(self, lang: str) -> str:
        """Return place, cause and remedy in a language; texts outside the catalogue stay English."""
        what = sentence(self.reason(lang))
        place = f"{in_language(self.place, lang)}: " if self.where else ""
        remedy = in_language(self.remedy, lang)
        return f"{place}{what}{' ' if remedy else ''}{remedy}"

    def __str__(self) -> str:
        return self.render("en")


E = TypeVar("E", bound=EventreadyError)


def distinct_errors(errors: Iterable[E]) -> list[E]:
    """Return each distinct error once; an error with `problems` stands for these."""
    flat = [single for error in errors for single in getattr(error, "problems", (error,))]
    return list({str(error): error for error in flat}.values())


class UsageError(EventreadyError):
    """Invalid options, arguments or input files."""

    exit = Exit.USAGE


class WorkspaceError(UsageError):
    """Invalid workspace file."""


class PlatformError(UsageError):
    """Invalid platform folder."""


class StoreError(EventreadyError):
    """Database or evidence store unreadable or not writable."""


class UnreadableStore(StoreError):
    """Stored data damaged, or written by another version."""

    exit = Exit.USAGE


class RefusedError(EventreadyError):
    """Operation forbidden by a rule: freeze, stale plan, lock, missing approval."""

    exit = Exit.REFUSED


class InvalidValue(ValueError):
    """Invalid value in a document, for the validators of pydantic models. `error`: cause and remedy."""

    def __init__(self, cause: Message | UsageError, *, do: str | Message = "") -> None:
        self.error = cause if isinstance(cause, UsageError) else UsageError(cause, do=do)
        super().__init__(str(self.error))


def os_reason(error: OSError) -> str | Message:
    """Reason of a failed system call: a message where the catalogue has its code, else the system's text."""
    code = errno.ETIMEDOUT if isinstance(error, TimeoutError) else error.errno or 0
    reason = Message(f"core:errno.{errno.errorcode.get(code)}")
    return reason if known(reason.id) else error.strerror or str(error)


def raise_defect(error: BaseException | None, what: str) -> None:
    """Raise the refusal of a task as such, and RuntimeError for another exception: a defect, never a missing answer."""
    if isinstance(error, RefusedError):
        raise error
    if error is not None:
        raise RuntimeError(what) from error
