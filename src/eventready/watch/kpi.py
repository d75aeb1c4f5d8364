"""Key figures of the night (KPI), from the answers of a watch to series in the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from eventready.facts.observation import Observation
from eventready.facts.ports import port_key
from eventready.facts.records import (
    AccessPoint,
    Answer,
    ChannelLoad,
    ChannelRequests,
    Cpu,
    Fact,
    Interface,
    Radio,
    RadioLoad,
)
from eventready.facts.rows import FactRows
from eventready.store.streams.series import SeriesKey, Value
from eventready.workspace.devices.device import Device

CPU, CHANNELS, REFUSED, CLIENTS, ANSWER = "cpu_percent", "channel_percent", "refused_percent", "clients", "answer_ms"
IN, OUT, UPLINK = "uplink_in_bps", "uplink_out_bps", "uplink_percent"
#: Unit by figure, in the order of a page.
UNITS = {REFUSED: "%", CHANNELS: "%", CLIENTS: "", UPLINK: "%", IN: "bit/s", OUT: "bit/s", ANSWER: "ms", CPU: "%"}

#: An unchanged value is stored again after so long; values wait so long for a common transaction; seconds.
_AGAIN_S, _TOGETHER_S = 60.0, 10.0
#: Counters of 32 and 64 bits begin anew after their greatest value.
_WRAPS = (2**32, 2**64)

_Figures = Iterator[tuple[str, str, float]]


class SeriesStore(Protocol):
    """Series in a store."""

    def add(self, values: Iterable[Value]) -> None:
        """Store values."""

    def condense(self, now: datetime) -> None:
        """Make old values coarse."""


@dataclass(slots=True)
class _Last:
    """Value of a series as stored last, and the time of its reading."""

    key: SeriesKey
    value: float | None = None
    at: float = 0.0


@dataclass
class KpiRecord:
    """Figures of the expected uplinks, cells, access points and answers of each device, and its processor load.

    Times of readings are seconds of a monotonic clock, those of the store are real.
    """

    devices: Mapping[str, Device]
    store: SeriesStore
    _expected: dict[str, frozenset[str]] = field(default_factory=dict)
    _before: dict[tuple[str, str], tuple[float, Mapping[str, Fact]]] = field(default_factory=dict)
    _clients: dict[str, dict[str, dict[tuple[str, str], int]]] = field(default_factory=dict)
    _last: dict[str, dict[tuple[str, str], _Last]] = field(default_factory=dict)
    _waiting: list[Value] = field(default_factory=list)
    _stored_at: float = 0.0

    def __post_init__(self) -> None:
        for name, device in self.devices.items():
            expect = device.expect
            names = [*(cell.name for cell in expect.cells), *(ap.name for ap in expect.access_points)]
            self._expected[name] = frozenset([*map(str.casefold, names), *map(port_key, expect.uplinks)])

    def take(self, device: str, observations: Iterable[Observation], now: float, real: datetime) -> None:
        """Take the answers of a reading. Raises StoreError."""
        series = self._last.setdefault(device, {})
        for observation in observations:
            figures = _FIGURES.get(observation.fact)
            if figures is None or not observation.status.measured:
                continue
            for name, subject, value in figures(self, observation, now):
                last = series.get((name, subject))
                if last is None:
                    last = series[name, subject] = _Last(SeriesKey(name, device, subject))
                if value != last.value or now - last.at >= _AGAIN_S:
                    last.value, last.at = value, now
                    self._waiting.append(Value(last.key, real, value))
        if self._waiting and now - self._stored_at >= _TOGETHER_S:
            self.flush(now, real)

    def flush(self, now: float, real: datetime) -> None:
        """Store the waiting values, and make old ones coarse. Raises StoreError."""
        self._stored_at = now
        self.store.add(self._waiting)
        self._waiting.clear()
        self.store.condense(real)

    def _is_expected(self, device: str, name: str) -> bool:
        return name in self._expected[device]

    def _earlier(
        self, observation: Observation, now: float, rows: Mapping[str, Fact]
    ) -> tuple[float, Mapping[str, Fact]]:
        """Keep the rows of a counter, and return the seconds since the reading before with its rows."""
        at, before = self._before.get((observation.device, observation.fact), (now, {}))
        self._before[observation.device, observation.fact] = now, rows
        return now - at, before

    def _cpu(self, observation: Observation, _now: float) -> _Figures:
        loads = FactRows.of(observation).of_kind(Cpu)
        if loads.whole and loads.all_rows():
            yield CPU, "", max(row.five_minutes for row in loads.all_rows())

    def _channels(self, observation: Observation, _now: float) -> _Figures:
        loads: dict[str, tuple[int, int]] = {}
        for row in FactRows.of(observation).of_kind(ChannelLoad).for_sums(lambda row: row.cell):
            if self._is_expected(observation.device, row.cell.casefold()):
                used, total = loads.get(subject := f"{row.cell} {row.kind}", (0, 0))
                loads[subject] = used + row.used, total + row.total
        for subject, (used, total) in loads.items():
            if total:
                yield CHANNELS, subject, 100 * used / total

    def _refused(self, observation: Observation, now: float) -> _Figures:
        rows = {row.cell: row for row in FactRows.of(observation).of_kind(ChannelRequests).each_row()}
        _seconds, before = self._earlier(observation, now, rows)
        for cell, row in rows.items():
            earlier = before.get(cell)
            if isinstance(earlier, ChannelRequests) and self._is_expected(observation.device, cell.casefold()):
                total, refused = row.total - earlier.total, row.refused - earlier.refused
                if 0 <= refused <= total:
                    yield REFUSED, cell, 100 * refused / total if total else 0.0

    def _access_points(self, observation: Observation, _now: float) -> _Figures:
        for row in FactRows.of(observation).of_kind(AccessPoint).each_row():
            if self._is_expected(observation.device, row.name.casefold()) and row.clients is not None:
                yield CLIENTS, row.name, row.clients

    def _radios(self, observation: Observation, _now: float) -> _Figures:
        """Sum of the clients of the radios of an access point, also where each band is a fact of its own."""
        known = self._clients.setdefault(observation.device, {})
        rows = FactRows.of(observation)
        radios: list[Radio | RadioLoad] = [*rows.of_kind(Radio).for_sums(_ap), *rows.of_kind(RadioLoad).for_sums(_ap)]
        known[observation.fact] = {(row.ap, row.slot): row.clients for row in radios if row.clients is not None}
        sums: Counter[str] = Counter()
        for (name, _slot), clients in {
            radio: one for radios in known.values() for radio, one in radios.items()
        }.items():
            sums[name] += clients
        for name, clients in sums.items():
            if self._is_expected(observation.device, name.casefold()):
                yield CLIENTS, name, clients

    def _answers(self, observation: Observation, _now: float) -> _Figures:
        for row in FactRows.of(observation).of_kind(Answer).each_row():
            if row.time_ms is not None:
                yield ANSWER, row.question, row.time_ms

    def _uplinks(self, observation: Observation, now: float) -> _Figures:
        expected = self._expected[observation.device]
        ports = FactRows.of(observation).of_kind(Interface).each_row()
        rows = {row.name: row for row in ports if port_key(row.name) in expected}
        seconds, before = self._earlier(observation, now, rows)
        for name, row in rows.items():
            earlier = before.get(name)
            inwards, outwards = rates(earlier if isinstance(earlier, Interface) else None, row, seconds)
            known = [(figure, rate) for figure, rate in ((IN, inwards), (OUT, outwards)) if rate is not None]
            for figure, rate in known:
                yield figure, name, round(rate)
            if known and row.bandwidth_bps:
                yield UPLINK, name, 100 * max(rate for _, rate in known) / row.bandwidth_bps


def _ap(row: Radio | RadioLoad) -> str:
    return row.ap


def rates(before: Interface | None, now: Interface, seconds: float) -> tuple[float | None, float | None]:
    """Bits per second into and out of a port: from its counters, else as the device prints them.

    None after a reset. A smaller counter was cleared, unless it alone is smaller and the port could carry what lies
    between: then it began anew after its greatest value.
    """
    if before is None or seconds <= 0:
        return now.in_bps, now.out_bps
    pairs = ((before.in_bytes, now.in_bytes, now.in_bps), (before.out_bytes, now.out_bytes, now.out_bps))
    fallen = [one is not None and other is not None and other < one for one, other, _ in pairs]
    if all(fallen):
        return None, None
    inwards, outwards = (_rate(one, other, printed, seconds, now.bandwidth_bps) for one, other, printed in pairs)
    return inwards, outwards


def _rate(
    before: int | None, now: int | None, printed: int | None, seconds: float, bandwidth: int | None
) -> float | None:
    if before is None or now is None:
        return printed
    grown = now - before
    if grown < 0:
        grown += next((size for size in _WRAPS if before < size), 0)
        if grown < 0 or not bandwidth or grown * 8 > bandwidth * seconds:
            return None
    return 8 * grown / seconds


_FIGURES: Mapping[str, Callable[[KpiRecord, Observation, float], _Figures]] = {
    "cpu": KpiRecord._cpu,
    "channel_load": KpiRecord._channels,
    "channel_requests": KpiRecord._refused,
    "access_point": KpiRecord._access_points,
    **dict.fromkeys(("radio", "radio_24", "radio_load", "radio_load_24"), KpiRecord._radios),
    **dict.fromkeys(
        ("answer_tcp", "answer_dns", "answer_http", "answer_ping", "answer_ntp", "answer_smtp", "answer_dhcp"),
        KpiRecord._answers,
    ),
    "interface": KpiRecord._uplinks,
}
