"""Performance files in a watch: read beside the devices, each file once, also over a kill of the watch."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from math import inf
from threading import Lock, Thread

from eventready import __version__
from eventready.core.clock import Clock
from eventready.core.errors import UnreadableStore
from eventready.core.messages import message
from eventready.core.strings.json_text import canonical
from eventready.facts.observation import Observation, Status
from eventready.facts.performance.cell_records import FACT, SourceRead, observation_of
from eventready.facts.performance.cell_source import CellSource, Stamp
from eventready.facts.performance.folder import FILES_READ, FolderFiles, KeptFile, KeptFiles
from eventready.store.store import Store
from eventready.store.streams.current import Current
from eventready.workspace.devices.device import Device

#: The folders are looked up at most so often, a reading waits for them so long, and their figures are an answer for so
#: long, in seconds.
_LOOK_S, _WAIT_S, _ANSWER_S = 4.0, 4.0, 120.0
#: Files read within so many seconds are kept in a transaction: so much is read again after a kill.
_TOGETHER_S = 2.0
_READING = message("watch:files.reading")


class KeptReadings:
    """Readings of the files of a source, in a store. `name`: of event and source."""

    def __init__(self, current: Current[KeptFiles], name: str) -> None:
        self._current, self._name = current, name
        self._numbers = count()
        self._stamps: dict[str, frozenset[Stamp]] = {}

    def load(self, source: CellSource, clock: Clock) -> list[KeptFiles]:
        """Return the earlier readings in use, in their order. Raises StoreError.

        A reading of a later time than now left out periods in use now, as an unreadable one does: it is removed.
        """
        found: list[KeptFiles] = []
        after = source.wanted(clock.now()).after
        for key in self._current.names():
            if key.rpartition(" ")[0] != self._name:
                continue
            self._numbers = count(int(key.rpartition(" ")[2]) + 1)
            kept = None
            with suppress(UnreadableStore):
                kept = self._current.get(key)
            if kept is None or kept.after > after:
                self._current.remove(key)
                continue
            found.append(kept)
            self._stamps[key] = frozenset(one.stamp for one in kept.files)
        return found

    def add(self, reading: KeptFiles) -> None:
        """Keep the files of a reading. Raises StoreError."""
        key = f"{self._name} {next(self._numbers):010}"
        self._current.put(key, reading)
        self._stamps[key] = frozenset(one.stamp for one in reading.files)

    def keep_only(self, stamps: Collection[Stamp]) -> None:
        """Remove the readings with none of these files. Raises StoreError."""
        old = [key for key, own in self._stamps.items() if own.isdisjoint(stamps)]
        if old:
            self._current.remove(*old)
        for key in old:
            del self._stamps[key]


@dataclass
class _Folder:
    """Folder of a source in a watch."""

    source: CellSource
    files: FolderFiles
    kept: KeptReadings

    def read(self, clock: Clock) -> SourceRead:
        """Read the new files. Raises StoreError."""
        read: list[KeptFile] = []
        after, kept_at = self.source.wanted(clock.now()).after, time.monotonic()
        for file in self.files.read(clock):
            read.append(file)
            if time.monotonic() - kept_at >= _TOGETHER_S:
                self.kept.add(KeptFiles(after, tuple(read)))
                read, kept_at = [], time.monotonic()
        if read:
            self.kept.add(KeptFiles(after, tuple(read)))
        self.kept.keep_only(self.files.stamps)
        return SourceRead(self.source.settings, self.source.layout, self.files.found)


class CellFiles:
    """Observations of cells by the files of their sources, which a thread reads. Safe for several threads."""

    def __init__(
        self, sources: Sequence[CellSource], devices: Iterable[Device], store: Store, event: str, clock: Clock
    ) -> None:
        self._devices, self._clock = {one.name: one for one in devices}, clock
        current = store.current(FILES_READ)
        head = f"{event[:100]} rehearsal" if clock.rehearsal else event[:100]
        names = [f"{head} {_digest(source)}" for source in sources]
        others = (key for key in current.names() if key.rsplit(" ", 2)[0] == head)
        if old := [key for key in others if key.rpartition(" ")[0] not in names]:
            current.remove(*old)
        self._folders: list[_Folder] = []
        for name, source in zip(names, sources, strict=True):
            kept = KeptReadings(current, name)
            self._folders.append(_Folder(source, FolderFiles(source, kept.load(source, clock)), kept))
        self._lock = Lock()
        self._reading: Future[tuple[SourceRead, ...]] | None = None
        self._read: tuple[SourceRead, ...] = ()
        self._read_at = -inf
        self._latest: dict[str, Observation] = {}

    def observation(self, device: str) -> Observation:
        """Return the observation of a device, the same object while equal. Raises StoreError.

        No measurement while the files are read for the first time, and while their folder does not answer.
        """
        with suppress(TimeoutError):
            self._begun().result(_WAIT_S)
        with self._lock:
            if time.monotonic() - self._read_at > _ANSWER_S:
                found = Observation(device, FACT, Status.TIMEOUT, reason=_READING.render("en"), message=_READING)
            else:
                found = observation_of(self._devices[device], self._read, self._clock.now())
            if found != self._latest.get(device):
                self._latest[device] = found
            return self._latest[device]

    def close(self) -> None:
        """Wait for the end of a reading in progress, but for no folder without an answer."""
        with self._lock:
            reading = self._reading
        if reading is not None:
            with suppress(Exception):
                reading.result(_WAIT_S)

    def _begun(self) -> Future[tuple[SourceRead, ...]]:
        """Return the reading in progress or the last; where due, a new reading."""
        with self._lock:
            reading = self._reading
            if reading is None or (reading.done() and time.monotonic() - self._read_at >= _LOOK_S):
                self._reading = reading = Future()
                Thread(target=self._run, args=(reading,), daemon=True, name="performance files").start()
            return reading

    def _run(self, reading: Future[tuple[SourceRead, ...]]) -> None:
        try:
            found = tuple(one.read(self._clock) for one in self._folders)
        except BaseException as error:
            reading.set_exception(error)
            return
        with self._lock:
            self._read, self._read_at = found, time.monotonic()
        reading.set_result(found)


def _digest(source: CellSource) -> str:
    """Hash of the settings by which counters of the files are kept."""
    settings = {
        "version": __version__, "source": source.settings.model_dump(mode="json"), "names": dict(source.names),
        "layout": source.layout.model_dump(mode="json"), "cells": sorted(source.cells), "folder": str(source.folder),
    }  # fmt: skip
    return sha256(canonical(settings)).hexdigest()[:32]
