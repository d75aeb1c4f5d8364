"""Folder of performance files arriving over time: each file is read once, its counters are kept while in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import isnan, nan
from pathlib import Path
from typing import TypeAlias

from eventready.core.clock import Clock
from eventready.core.files import stamp_of
from eventready.core.messages import Message
from eventready.core.records import Moment, Sentence, Stream
from eventready.facts.performance.cell_source import CellSource, Stamp
from eventready.facts.performance.counters import Counters, PerformanceError
from eventready.facts.performance.figures import CellFigures
from eventready.facts.performance.gathering import Gathered, Wanted, read_wanted, unreadable

#: A file changed within so many nanoseconds is left for the next reading: its time does not tell its versions apart.
_UNSETTLED_NS = 2_000_000_000
_NEVER = datetime.min.replace(tzinfo=UTC)

#: Begin and seconds of a period.
_Period: TypeAlias = tuple[datetime, int]


@dataclass(frozen=True)
class KeptCounters:
    """Counters of an object in a period, as kept in a store; None: given with different values."""

    name: str
    begin: Moment
    seconds: int
    suspect: bool
    values: Mapping[str, float | None]

    @property
    def counters(self) -> Counters:
        """Counters as read from the file."""
        values = {name: nan if value is None else value for name, value in self.values.items()}
        return Counters(self.name, self.begin, self.seconds, values, self.suspect)

    @classmethod
    def of(cls, one: Counters) -> KeptCounters:
        """Counters as kept in a store."""
        values = {name: None if isnan(value) else value for name, value in one.values.items()}
        return cls(one.name, one.begin, one.seconds, one.suspect, values)


@dataclass(frozen=True)
class KeptFile:
    """File as read and kept in a store; `refused`: reason of a file of which nothing is used."""

    name: str
    stamp: Stamp
    refused: Sentence | None
    objects: tuple[KeptCounters, ...]


@dataclass(frozen=True)
class KeptFiles:
    """Files of a reading, with the counters of periods ended after a time."""

    after: Moment
    files: tuple[KeptFile, ...]


#: Files read, by event, source and reading.
FILES_READ = Stream("performance files", KeptFiles)


@dataclass(frozen=True)
class _File:
    """File as read, with its counters in use."""

    name: str
    counters: tuple[Counters, ...] = ()
    refused: Message | None = None

    @cached_property
    def periods(self) -> frozenset[_Period]:
        """Periods of the file."""
        return frozenset((one.begin, one.seconds) for one in self.counters)

    @cached_property
    def ended(self) -> datetime:
        """End of the last period of the file."""
        return max((begin + timedelta(seconds=seconds) for begin, seconds in self.periods), default=_NEVER)

    def kept(self, stamp: Stamp) -> KeptFile:
        """File as kept in a store."""
        return KeptFile(self.name, stamp, self.refused, tuple(map(KeptCounters.of, self.counters)))


class FolderFiles:
    """Counters of the files of a source. `kept`: those of earlier readings, in their order.

    A later version of a file takes the place of the periods of a version that is gone. The periods of a file that is
    gone otherwise are kept: files are moved away and overwritten after their time.
    """

    def __init__(self, source: CellSource, kept: Iterable[KeptFiles] = ()) -> None:
        self._source = source
        self._figures = CellFigures(source.layout, source.names)
        self._files: dict[Stamp, _File] = {
            one.stamp: _File(one.name, tuple(each.counters for each in one.objects), one.refused)
            for reading in kept
            for one in reading.files
        }
        self._is_whole = not self._files
        self._after = _NEVER
        #: Figures as of the last reading; None without the folder.
        self.found: Gathered | None = None

    @property
    def stamps(self) -> frozenset[Stamp]:
        """Stamps of the files with counters in use, and of those to be read again."""
        return frozenset(self._files)

    def read(self, clock: Clock) -> Iterator[KeptFile]:
        """Read the new files of the folder, and yield each. After the last, the figures are those of all."""
        listed = self._source.files(clock)
        if listed is None:
            self.found = None
            return
        wanted = self._source.wanted(clock.now())
        self._after = max(self._after, wanted.after)
        self._forget(listed)
        refused = dict[Path, Message]()
        unsettled = round(clock.real().timestamp() * 1e9) - _UNSETTLED_NS
        known = {file.name for file in self._files.values()}
        for stamp in sorted(listed.keys() - self._files.keys()):
            path = listed[stamp]
            if unsettled < stamp[0] <= unsettled + _UNSETTLED_NS:
                continue
            try:
                file = self._opened(path, wanted)
            except OSError as error:
                refused[path] = unreadable(error)
                continue
            if stamp_of(path) != stamp:  # written, or moved away, while it was read
                continue
            self._is_whole &= path.name not in known
            self._add(stamp, file)
            yield file.kept(stamp)
        if not self._is_whole or self._figures.names.doubled:
            self._gather_again(listed)
        refused |= {path: why for stamp, path in listed.items() if (why := self._why_refused(stamp)) is not None}
        periods, names = tuple(self._figures.periods()), self._figures.names
        self.found = Gathered(self._source.layout, periods, names, (), refused)

    def _forget(self, listed: Mapping[Stamp, Path]) -> None:
        """Take the present names of files; drop the periods and files no longer in use."""
        self._figures.forget(self._after)
        for stamp, file in [*self._files.items()]:
            name = listed[stamp].name if stamp in listed else file.name
            if file.counters and file.ended <= self._after:
                self._files[stamp] = _File(name, (), file.refused)
            elif name != file.name:
                self._files[stamp] = replace(file, name=name)
            if stamp not in listed and not self._files[stamp].counters:
                del self._files[stamp]

    def _opened(self, path: Path, wanted: Wanted) -> _File:
        """Read a file. Raises OSError."""
        source = self._source
        try:
            found = read_wanted(path, source.layout, self._figures.names, source.zone, wanted=wanted)
            return _File(path.name, tuple(found))
        except PerformanceError as error:
            return _File(path.name, refused=error.why)

    def _add(self, stamp: Stamp, file: _File) -> None:
        self._files[stamp] = file
        for counters in file.counters:
            self._figures.add(counters)

    def _gather_again(self, listed: Mapping[Stamp, Path]) -> None:
        """Gather all counters; of a removed version, those of periods without a later version."""
        self._figures, self._is_whole = CellFigures(self._source.layout, self._source.names), True
        replaced: dict[str, set[_Period]] = {}
        for stamp, file in reversed(self._files.items()):
            gone = () if stamp in listed else replaced.get(file.name, ())
            for counters in file.counters:
                if (counters.begin, counters.seconds) not in gone:
                    self._figures.add(counters)
            replaced.setdefault(file.name, set()).update(file.periods)
        self._figures.forget(self._after)

    def _why_refused(self, stamp: Stamp) -> Message | None:
        return self._files[stamp].refused if stamp in self._files else None
