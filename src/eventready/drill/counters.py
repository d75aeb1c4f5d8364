"""Counter probes of a controller: refused channel requests of a BSC, distribution of stations over access points."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eventready.core.errors import UsageError
from eventready.core.messages import message, rendered
from eventready.drill.probes import CounterProbe
from eventready.drill.spec import Probe
from eventready.drill.steps import ProbeResult
from eventready.facts.observation import Observation
from eventready.facts.records import AccessPoint, ChannelRequests, Fact, Radio, RadioLoad
from eventready.facts.rows import FactRows, PartialFact

#: Reads facts of one device now.
ReadFacts = Callable[[str, Sequence[str]], Sequence[Observation]]

_REQUESTS = ("channel_requests",)
_STATIONS = ("access_point", "radio", "radio_24", "radio_load", "radio_load_24")


def counter_probe(probe: Probe, read: ReadFacts) -> CounterProbe:
    """The counter probe of a kind."""
    return CallProbe(probe, read) if probe.kind == "calls" else StationProbe(probe, read)


class CallProbe:
    """Channel requests refused by a BSC during the failure, all cells together, in percent."""

    def __init__(self, probe: Probe, read: ReadFacts) -> None:
        self._probe, self._read = probe, read
        self._before: dict[str, ChannelRequests] = {}

    def begin(self) -> None:
        """Read the counters."""
        self._before = self._requests()

    def end(self) -> ProbeResult:
        """Read the counters again; cells with cleared counters are left out."""
        total = refused = 0
        for cell, row in self._requests().items():
            before = self._before.get(cell)
            if before and row.total >= before.total and row.refused >= before.refused:
                total += row.total - before.total
                refused += row.refused - before.refused
        value = 100.0 * refused / total if total else None
        return ProbeResult(
            probe=self._probe.name, kind="calls", value=value, limit=float(self._probe.refused_percent or 0), unit="%",
            sent=total, lost=refused,
        )  # fmt: skip

    def _requests(self) -> dict[str, ChannelRequests]:
        rows = _rows(self._read(self._probe.target, _REQUESTS), self._probe.target)
        return {row.cell: row for row in rows if isinstance(row, ChannelRequests)}


class StationProbe:
    """The fullest access point against the mean of all, by stations associated."""

    def __init__(self, probe: Probe, read: ReadFacts) -> None:
        self._probe, self._read = probe, read

    def begin(self) -> None:
        """Read the stations once, for an early refusal of an unsuitable controller."""
        self._stations()

    def end(self) -> ProbeResult:
        """Count the stations of each access point."""
        stations = self._stations()
        mean = sum(stations.values()) / len(stations)
        fullest = max(stations, key=lambda name: stations[name])
        figures = {"stations": stations[fullest], "mean": mean, "n": len(stations)}
        detail = rendered("drill:counter.fullest", name=fullest, **figures)
        return ProbeResult(
            probe=self._probe.name, kind="stations", value=stations[fullest] / mean if mean else None,
            limit=float(self._probe.most_per_mean or 0), unit="x", sent=sum(stations.values()),
            detail=detail,
        )  # fmt: skip

    def _stations(self) -> dict[str, int]:
        rows = _rows(self._read(self._probe.target, _STATIONS), self._probe.target)
        counts: dict[str, int] = {}
        for row in rows:
            if isinstance(row, AccessPoint) and row.clients is not None:
                counts[row.name] = row.clients
        if not counts:
            radios = {
                (row.ap, row.slot): row
                for row in rows
                if isinstance(row, Radio | RadioLoad) and row.clients is not None
            }
            for row in radios.values():
                counts[row.ap] = counts.get(row.ap, 0) + (row.clients or 0)
        if not counts:
            raise UsageError(message("drill:counter.no_stations", device=self._probe.target))
        return counts


def _rows(observations: Sequence[Observation], device: str) -> list[Fact]:
    """Rows of the measured observations. Raises UsageError without any, and for unread records: a part is no count."""
    measured = [FactRows.of(observation) for observation in observations if observation.status.measured]
    if not measured:
        reasons = (one.message or one.reason for one in observations if one.reason)
        reason = next(reasons, message("drill:no_reason"))
        raise UsageError(message("drill:counter.unread", device=device, reason=reason))
    try:
        return [row for rows in measured for row in rows.all_rows()]
    except PartialFact as partial:
        raise UsageError(message("drill:counter.unread", device=device, reason=partial.cause)) from partial
