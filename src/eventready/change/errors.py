"""What can be wrong with a configuration that is read, and with one that is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import copy

from eventready.errors import EventreadyError, Exit, UsageError, most_severe
from eventready.workspace.device import Device


class UnreadableConfiguration(EventreadyError):
    """The running configuration did not come whole, so nothing can be said about what a change would do."""

    exit = Exit.INCOMPLETE


class FragmentError(UsageError):
    """What a template gave is not what the device can be told."""


class Together(EventreadyError):
    """Several things at once: one sentence a line, and the most severe of their exit codes."""

    SHOWN = 20

    def __init__(self, problems: Sequence[EventreadyError]) -> None:
        super().__init__(f"{len(problems)} things stand against it")
        self.problems = tuple(problems)
        self.exit = most_severe({problem.exit for problem in problems})

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[: self.SHOWN]]
        more = len(self.problems) - len(lines)
        return "\n".join([f"{self.what}:", *lines, *([f"and {more} more."] if more else [])])


def together(problems: Sequence[EventreadyError]) -> EventreadyError:
    """One error for all of them, each named once; the only one itself where there is one."""
    flat = [single for problem in problems for single in getattr(problem, "problems", (problem,))]
    distinct = list({str(problem): problem for problem in flat}.values())
    return distinct[0] if len(distinct) == 1 else Together(distinct)


def said_once(found: Iterable[tuple[Device, EventreadyError]]) -> list[EventreadyError]:
    """What is wrong with devices, in the words of the first of those of which the same is true, and how many these are.

    A template that does not hold is one thing to mend, for however many devices it is.
    """
    alike: dict[tuple[type[EventreadyError], str], list[tuple[Device, EventreadyError]]] = {}
    for device, error in found:
        own = "|".join(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])" for word in (device.name, device.origin) if word)
        alike.setdefault((type(error), re.sub(own, "", str(error))), []).append((device, error))
    return [_of_all([device.name for device, _error in same], same[0][1]) for same in alike.values()]


def some(names: Sequence[str]) -> str:
    """The first names, and how many more: `r1, r2, r3 and 57 more`."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _of_all(names: Sequence[str], error: EventreadyError) -> EventreadyError:
    if len(names) == 1:
        return error
    count = f"{len(names)} devices have this: {some(names)}."
    told = copy(error)
    told.do = f"{error.do} {count}".lstrip()
    return told
