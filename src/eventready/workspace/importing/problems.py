"""Problems of imported cells: an error per kind, with all its cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eventready.core.errors import WorkspaceError
from eventready.core.groups import group_by
from eventready.core.messages import Message, message
from eventready.core.validation_messages import Sentence

#: Cells named per value.
_SHOWN = 12


@dataclass(frozen=True)
class CellPlace:
    """Cell of a table, `devices.xlsx, Thiết bị!C7`, or a record of a server."""

    table: str
    cell: str
    mark: str = "!"

    def __str__(self) -> str:
        return f"{self.table}{self.mark}{self.cell}"


@dataclass(frozen=True)
class Problem:
    """Invalid cell. `value`: parameter `name` of the cause; `mend`: value for `--fix`."""

    cause: Sentence
    place: CellPlace
    do: Sentence = ""
    value: str | None = None
    mend: str = ""

    @property
    def kind(self) -> tuple[object, ...]:
        """Cause without the value."""
        if isinstance(self.cause, Message) and self.value is not None:
            rest = {name: str(param) for name, param in self.cause.params.items() if name != "name"}
            return self.place.table, self.cause.id, tuple(sorted(rest.items()))
        return self.place.table, str(self.cause), str(self.do)


def errors_by_kind(problems: Iterable[Problem]) -> list[WorkspaceError]:
    """An error per kind of problem, in the order of the first cells."""
    return [_error(found) for found in group_by(dict.fromkeys(problems), lambda problem: problem.kind).values()]


def _error(problems: Sequence[Problem]) -> WorkspaceError:
    first = problems[0]
    by_value = group_by(problems, lambda problem: problem.value)
    if len(by_value) == 1:
        where = f"{first.place.table}{first.place.mark}{_cells(problems)}"
        return WorkspaceError(_named(first, [f"'{first.value}'"]), where=where, do=first.do)
    values = [f"'{value}' ({_cells(found)})" for value, found in by_value.items()]
    remedies = [f"'{found[0].value}': {found[0].mend}" for found in by_value.values() if found[0].mend]
    do: Sentence = message("workspace:import.perhaps", pairs=remedies) if remedies else first.do
    return WorkspaceError(_named(first, values), where=first.place.table, do=do)


def _named(problem: Problem, values: Sequence[str]) -> Sentence:
    if problem.value is None or not isinstance(problem.cause, Message):
        return problem.cause
    return Message(problem.cause.id, {**problem.cause.params, "name": values})


def _cells(problems: Sequence[Problem]) -> str:
    cells = list(dict.fromkeys(problem.place.cell for problem in problems))
    rest = f" … (+{len(cells) - _SHOWN})" if len(cells) > _SHOWN else ""
    return ", ".join(cells[:_SHOWN]) + rest
