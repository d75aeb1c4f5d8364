"""Observations of a device as bytes, a twentieth of their memory: rows are unpacked fact by fact."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

from eventready.facts.observation import Observation, Unread
from eventready.facts.records import Fact
from eventready.facts.rows import FactRows
from eventready.store.evidence import pack

_GIVEN: set[str] = set()


@dataclass(frozen=True)
class PackedObservations:
    """Observations without their texts, and the rows of each apart."""

    data: bytes

    @classmethod
    def of(cls, observations: Iterable[Observation]) -> Self:
        """Pack observations; callable in any thread or process."""
        apart = tuple((_light(one), pack(pickle.dumps(_rows(one), pickle.HIGHEST_PROTOCOL))) for one in observations)
        return cls(pickle.dumps(apart, pickle.HIGHEST_PROTOCOL))

    def unpacked(self) -> tuple[tuple[Observation, bytes], ...]:
        """Observations without rows, each with its packed rows."""
        found: tuple[tuple[Observation, bytes], ...] = pickle.loads(self.data)  # noqa: S301  pickled by `of`
        return found


class UnpackedRows(Mapping[str, FactRows[Fact]]):
    """Rows by fact, unpacked at their first use. `packed`: unread records and packed rows by fact."""

    __slots__ = ("_packed", "_rows")

    def __init__(self, packed: Mapping[str, tuple[tuple[Unread, ...], bytes]]) -> None:
        self._packed, self._rows = packed, dict[str, FactRows[Fact]]()

    def __getitem__(self, fact: str) -> FactRows[Fact]:
        if fact not in self._rows:
            unread, packed = self._packed[fact]
            self._rows[fact] = FactRows(pickle.loads(zlib.decompress(packed)), unread)  # noqa: S301  pickled by `of`
        return self._rows[fact]

    def __contains__(self, fact: object) -> bool:
        return fact in self._packed  # the default unpacks

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def _light(observation: Observation) -> Observation:
    """Copy without rows; of a measurement also without its texts."""
    if not observation.status.measured:
        return replace(observation, rows=())
    return replace(observation, rows=(), command="", unmatched=(), reason="", raw="", message=None)


def _rows(observation: Observation) -> tuple[Fact, ...]:
    """Rows with a shared set of given fields: half of the memory of a row."""
    rows = tuple(row.model_copy() for row in observation.rows)
    for row in rows:
        object.__setattr__(row, "__pydantic_fields_set__", _GIVEN)
    return rows
