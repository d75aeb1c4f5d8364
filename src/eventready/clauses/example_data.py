"""Data of the shipped example left in a workspace: event.yaml, duties.yaml, roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from eventready.core.errors import RefusedError, WorkspaceError
from eventready.core.messages import Message, message
from eventready.roster.reading.load import workspace_roster
from eventready.roster.roster import Roster
from eventready.workspace.examples.example_data import Datum, event_data, owner_data, person_datum
from eventready.workspace.workspace import Workspace


def example_data(workspace: Workspace, *, roster: Roster | None = None) -> tuple[Datum, ...]:
    """Unedited data of the example in a workspace; confirmed owners count as edited. Empty for a lab.

    `roster` spares the reading of the file. People of an invalid roster are not listed: an invalid roster is no
    evidence.
    """
    return tuple(datum for datum in workspace_data(workspace, roster=roster) if datum.is_example)


def workspace_data(workspace: Workspace, *, roster: Roster | None = None) -> Iterator[Datum]:
    """Yield the data of a workspace with a possible origin in the example."""
    if workspace.event.lab:
        return
    yield from event_data(workspace.event)
    if not workspace.event.owners_confirmed:
        yield from owner_data(workspace.duties)
    known = roster or _roster(workspace)
    if known is not None:
        yield from (person_datum(person.name, person.phones) for person in known.people)


def require_own_data(workspace: Workspace) -> None:
    """Raise RefusedError for a workspace with data of the example."""
    if found := example_data(workspace):
        raise RefusedError(summary(found), do=message("clauses:example.do"))


def summary(data: Sequence[Datum]) -> Message:
    """The data by kind, with counts."""
    counts = Counter(datum.kind for datum in data)
    kinds = [message(f"clauses:example.{kind}", n=count) for kind, count in counts.items()]
    return message("clauses:example.found", kinds=kinds)


def _roster(workspace: Workspace) -> Roster | None:
    try:
        return workspace_roster(workspace)[1]
    except WorkspaceError:
        return None
