"""Lists of a run document as rows, a row for each device, written while the run is in progress.

A row is compressed lines of a check's name and its items, canonical JSON separated by commas. The rows of a device (its
own, and that of the checks across devices) are merged by check when the list is read.
"""

from __future__ import annotations

import heapq
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from eventready.core.errors import StoreError, UnreadableStore
from eventready.core.messages import message
from eventready.store.database.connection import Database, insert_missing
from eventready.store.database.tables import RunItemsRow, RunRow
from eventready.store.evidence import pack
from eventready.store.run_parts import Items, ItemsByCheck, Parts
from eventready.store.run_records import HEADER, RunHeader

#: Lists that may be rows; such a list is None in the document.
LISTS = ("findings", "observations")
#: Rows per transaction, and seconds until fewer are written.
_BATCH, _AGE_S = 128, 2.0
#: Rows in memory while reading.
_READ = 64

OWN, ACROSS = 0, 1


@dataclass(frozen=True)
class ItemsOfDevice:
    """Items of a list, of a device. `part`: OWN, or ACROSS for those of checks across devices."""

    key: str
    device: str
    data: bytes
    part: int = OWN

    @classmethod
    def of(cls, key: str, device: str, by_check: Mapping[str, bytes], part: int = OWN) -> ItemsOfDevice:
        """Pack items by check, under `` for other lists; callable in any thread or process."""
        lines = (check.encode() + b" " + items for check, items in by_check.items() if items)
        return cls(key, device, pack(b"\n".join(lines)), part)


class RunItems:
    """Thread-safe writer of the rows of runs in progress, in batches, and reader of stored rows.

    `add` does not fail with the database: unwritten rows stay in memory and are written with the run. Rows in a server
    stay in memory too: a server that is lost during a run takes no reading with it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: dict[str, list[ItemsOfDevice]] = {}
        self._kept: dict[str, list[ItemsOfDevice]] = {}
        self._written = time.monotonic()
        self._stuck = False

    def add(self, run: str, rows: Iterable[ItemsOfDevice]) -> None:
        """Store rows of a run, in a batch."""
        with self._lock:
            waiting = self._waiting.setdefault(run, [])
            waiting += rows
            due = len(waiting) >= _BATCH or time.monotonic() - self._written > _AGE_S
            if not due or self._stuck:
                return
            batch, self._waiting[run], self._written = waiting, [], time.monotonic()
            if not self._database.is_file:
                self._kept.setdefault(run, []).extend(batch)
        try:
            with self._database.writing() as session:
                _insert(session, run, batch)
        except StoreError:
            with self._lock:
                self._waiting[run] = batch + self._waiting[run]
                self._stuck = True

    def write(self, session: Session, run: str) -> None:
        """Write the waiting rows of a run in the transaction of the caller; call `forget` after the commit."""
        _insert(session, run, self._waiting.get(run, ()))

    def forget(self, run: str) -> None:
        """Drop the waiting rows of a run."""
        with self._lock:
            self._waiting.pop(run, None)
            self._kept.pop(run, None)
            self._stuck = False

    def of(self, run: str) -> dict[str, Items]:
        """Lists of a run, read at each use. Raises StoreError then, also for a run pruned meanwhile."""
        return _lists(partial(self._read, run))

    def in_memory(self, run: str) -> dict[str, Items]:
        """Lists of a run in a server, without the server."""
        unique = {
            (row.key, row.device, row.part): row for row in (*self._kept.get(run, ()), *self._waiting.get(run, ()))
        }
        rows = sorted((row.device, row.part, row.data, row.key) for row in unique.values())
        return _lists(lambda key: _grouped(row for row in rows if row[-1] == key))

    def _read(self, run: str, key: str) -> Iterator[tuple[str, ItemsByCheck]]:
        try:
            with self._database.reading() as session:
                yield from _by_device(session, run, key, self._waiting.get(run, ()))
                left = or_(RunRow.document.is_not(None), RunRow.state == "running")
                if not session.scalars(select(RunRow.id).where(RunRow.id == run, left)).first():
                    raise StoreError(message("store:run.pruned", name=run))
        except zlib.error as error:
            raise UnreadableStore(message("store:run.damaged", run_id=run)) from error


def _insert(session: Session, run: str, rows: Iterable[ItemsOfDevice]) -> None:
    insert_missing(session, RunItemsRow, [{"run": run, **vars(row)} for row in rows])


def _lists(read: Callable[[str], Iterator[tuple[str, ItemsByCheck]]]) -> dict[str, Items]:
    return {key: Items.of_devices(partial(read, key)) for key in LISTS}


def items_in(session: Session, run: str) -> dict[str, Items]:
    """Lists of a run, read in the transaction of the caller. Raises zlib.error then for a damaged row."""
    return _lists(partial(_by_device, session, run))


def stored_document(session: Session, row: RunRow) -> Parts:
    """Document of a run, read in the transaction of the caller. Raises zlib.error, ValueError or IndexError."""
    return with_items(Parts.split(zlib.decompress(row.document or b"")), items_in(session, row.id))


#: Fields of a document that are absent at their defaults; all others are in every run, for programs that read them.
_OPTIONAL = frozenset({"saved", "sessions", "cluster", "rests", "previous", "sha256"})


def of_rows(header: RunHeader) -> Parts:
    """Document with findings and observations as rows."""
    plain = {key: value for key, value in HEADER.plain(header).items() if value or key not in _OPTIONAL}
    return Parts.of({**plain, **dict.fromkeys(LISTS)})


def with_items(document: Parts, lists: Mapping[str, Items]) -> Parts:
    """Document with its lists from rows in place of None."""
    return document.with_parts({key: lists[key] for key in LISTS if key in document and document[key] is None})


def _by_device(
    session: Session, run: str, key: str, waiting: Iterable[ItemsOfDevice] = ()
) -> Iterator[tuple[str, ItemsByCheck]]:
    """Items of each device, in the order of the devices' names."""
    columns = select(RunItemsRow.device, RunItemsRow.part, RunItemsRow.data)
    query = columns.where(RunItemsRow.run == run, RunItemsRow.key == key)
    stored = session.execute(query.order_by(RunItemsRow.device, RunItemsRow.part).execution_options(yield_per=_READ))
    others = sorted((row.device, row.part, row.data) for row in waiting if row.key == key)
    yield from _grouped(heapq.merge(stored, others, key=itemgetter(0, 1)) if others else stored)


def _grouped(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, ItemsByCheck]]:
    """Items of each device from rows of device, part and data, ordered by device and part."""
    for device, of_device in groupby(rows, key=itemgetter(0)):
        yield device, _merged([zlib.decompress(row[2]) for row in of_device])


def _merged(parts: Iterable[bytes]) -> ItemsByCheck:
    """Items of the rows of a device, ordered by check."""
    lines = [line.partition(b" ") for part in parts if part for line in part.split(b"\n")]
    merged: dict[bytes, bytes] = {}
    for check, _, items in sorted(lines, key=itemgetter(0)):
        merged[check] = merged[check] + b"," + items if check in merged else items
    return merged
