"""What can be wrong with a configuration that is read, and with one that is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from eventready.errors import EventreadyError, Exit, UsageError, most_severe


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
