"""Errors of planning and applying changes, and their aggregation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import TypeAlias

from eventready.core.errors import EventreadyError, Exit, UsageError, distinct_errors, most_severe
from eventready.core.messages import Message, message
from eventready.session.reply import Reply, ReplyStatus
from eventready.workspace.devices.device import Device


class UnreadableConfiguration(EventreadyError):
    """The running configuration is incomplete or cannot be parsed."""

    exit = Exit.INCOMPLETE


class FragmentError(UsageError):
    """A rendered template is not a valid configuration fragment for the device."""


class MultipleErrors(EventreadyError):
    """Several errors as a single error: a sentence per line, and the most severe exit code."""

    SHOWN = 20

    def __init__(self, problems: Sequence[EventreadyError]) -> None:
        super().__init__(message("change:errors.count", n=len(problems)))
        self.problems = tuple(problems)
        self.exit = most_severe({problem.exit for problem in problems})

    @property
    def whole(self) -> Message:
        """Return a line per error, the first lines only where there are many."""
        lines = [problem.whole for problem in self.problems[: self.SHOWN]]
        if more := len(self.problems) - len(lines):
            lines.append(message("change:errors.more", more=more))
        return message("change:errors.list", count=message("change:errors.count", n=len(self.problems)), lines=lines)

    def render(self, lang: str) -> str:
        """Return a line per error, the first lines only where there are many."""
        return self.whole.render(lang)


def combine_errors(problems: Sequence[EventreadyError]) -> EventreadyError:
    """Return the only distinct error, or a MultipleErrors with each distinct error once."""
    distinct = distinct_errors(problems)
    return distinct[0] if len(distinct) == 1 else MultipleErrors(distinct)


def separate_errors(error: EventreadyError) -> tuple[EventreadyError, ...]:
    """Return the errors of a combined error; another error alone."""
    return error.problems if isinstance(error, MultipleErrors) else (error,)


def group_by_message(found: Iterable[tuple[Device, EventreadyError]]) -> list[EventreadyError]:
    """Return an error per distinct message; the names of devices do not distinguish messages.

    The error is the first device's; its advice lists the devices that share it.
    """
    alike: dict[tuple[type[EventreadyError], str], list[tuple[Device, EventreadyError]]] = {}
    for device, error in found:
        own = "|".join(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])" for word in (device.name, device.origin) if word)
        alike.setdefault((type(error), re.sub(own, "", str(error))), []).append((device, error))
    return [_with_devices([device.name for device, _error in same], same[0][1]) for same in alike.values()]


def abbreviate(names: Sequence[str]) -> str | Message:
    """Return the first three names and the number of others: `r1, r2, r3 and 57 more`."""
    return message("change:and_more", names=names[:3], more=len(names) - 3) if len(names) > 3 else ", ".join(names)


def _with_devices(names: Sequence[str], error: EventreadyError) -> EventreadyError:
    if len(names) == 1:
        return error
    combined = copy(error)
    shared = message("change:errors.shared", number=len(names), names=abbreviate(names))
    combined.remedy = message("change:errors.remedies", one=error.remedy, other=shared) if error.do else shared
    return combined


#: Sends read-only commands and returns one reply each, as `Session.send_commands` does.
SendCommands: TypeAlias = Callable[[Sequence[str]], Sequence[Reply]]


def answer_to(send: SendCommands, command: str) -> str:
    """Return the answer to a command. Raises UnreadableConfiguration for a command without an answer."""
    return require_answer(send([command])[0])


def shown_by(send: SendCommands, command: str) -> str:
    """Return the answer to a command; empty without an answer."""
    reply = send([command])[0]
    return reply.text if reply.status is ReplyStatus.ANSWERED else ""


def require_answer(reply: Reply) -> str:
    """Return the text of a reply. Raises UnreadableConfiguration for a command without an answer."""
    if reply.status is not ReplyStatus.ANSWERED:
        raise UnreadableConfiguration(message("change:unread.reply", command=reply.command, reason=reply.cause))
    return reply.text
