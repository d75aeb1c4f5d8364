"""Rows of a fact: whole, or partial with its unread records; none of an unmeasured fact.

Whoever counts, compares, or concludes that something is absent takes `all_rows`, which refuses a partial fact, or
`for_subject`, which says whether an unread record may be the one in question. `each_row` is for statements that rest
on one row alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar, cast

from eventready.core.errors import EventreadyError
from eventready.core.messages import message
from eventready.facts.observation import Observation, Unread
from eventready.facts.records import Fact
from eventready.facts.subjects import NamedRows, may_be, owners

F = TypeVar("F", bound=Fact)
G = TypeVar("G", bound=Fact)


class PartialFact(EventreadyError):
    """Rows of a fact wanted as a whole, of which some or all were not read."""

    def __init__(self, unread: Sequence[Unread]) -> None:
        super().__init__(message("facts:partial", subjects=[one.subject for one in unread] or ["-"]))
        self.unread = tuple(unread)


@dataclass(frozen=True)
class FoundSubject(Generic[F]):
    """Rows of a subject, and unread records of a possible match; absent without both."""

    records: tuple[F, ...] = ()
    unread_records: tuple[Unread, ...] = ()

    @property
    def row(self) -> F | None:
        """The first row; None without any."""
        return self.records[0] if self.records else None

    @property
    def absent(self) -> bool:
        """True where no record, read or unread, can be the subject's."""
        return not self.records and not self.unread_records


@dataclass(frozen=True)
class FactRows(Generic[F]):
    """Rows of a fact as read, and its unread records. `measured`: False without a measurement."""

    _rows: tuple[F, ...] = ()
    unread_records: tuple[Unread, ...] = ()
    measured: bool = True

    @classmethod
    def of(cls, observation: Observation) -> FactRows[Fact]:
        """Rows of an observation."""
        return FactRows(observation.rows, observation.unread, observation.status.measured)

    @property
    def whole(self) -> bool:
        """True for a measured fact without unread records."""
        return self.measured and not self.unread_records

    def of_kind(self, record: type[G]) -> FactRows[G]:
        """The same, of the rows of a record's type."""
        rows = tuple(row for row in self._rows if isinstance(row, record))
        return FactRows(rows, self.unread_records, self.measured)

    def each_row(self) -> tuple[F, ...]:
        """Rows as read, each for a statement about itself alone: there may be others."""
        return self._rows

    def for_sums(self, name: Callable[[F], str]) -> tuple[F, ...]:
        """Rows of the subjects, by `name`, of which no record is unread: their figures may be added up."""
        if not self.unread_records:
            return self._rows
        names = {name(row) for row in self._rows}
        partial = frozenset[str]().union(*(owners(one, names) for one in self.unread_records))
        return tuple(row for row in self._rows if name(row) not in partial)

    def all_rows(self) -> tuple[F, ...]:
        """All rows. Raises PartialFact for a partial or unmeasured fact."""
        if not self.whole:
            raise PartialFact(self.unread_records)
        return self._rows

    @cached_property
    def _named(self) -> NamedRows[F]:
        return NamedRows(self._rows)

    def for_subject(self, name: str, among: Iterable[str] = ()) -> FoundSubject[F]:
        """Rows of a port, neighbour, cell or another subject by name, and unread records of a possible match.

        `among`: all names that are looked for; an unread record that names one of them is of that one.
        """
        rows = cast("tuple[F, ...]", self._named.of(name))
        unread = (one for one in self.unread_records if may_be(one, name, among, present=bool(rows)))
        return FoundSubject(rows, tuple(unread))


_UNMEASURED: FactRows[Fact] = FactRows(measured=False)


def rows_of(facts: Mapping[str, FactRows[Fact]], fact: str, record: type[F]) -> FactRows[F]:
    """Rows of a fact, of its record's type; not measured where the fact is absent."""
    return facts.get(fact, _UNMEASURED).of_kind(record)
