"""Findings, verdicts and open findings of a watch as shown, computed once after each change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from eventready.checks.finding import Finding, Outcome
from eventready.checks.ip.ways import SERVICE_WAY
from eventready.evaluation.bearing import Weight
from eventready.evaluation.verdicts import Verdict, verdicts_of
from eventready.network.graph.outcome import WhatIf
from eventready.watch.device_watch import DeviceWatch, FleetState
from eventready.watch.fleet_watch import FleetWatch
from eventready.watch.open_finding import RANK, OpenFinding
from eventready.watch.shown import Shown, same
from eventready.watch.states import DEVICE, Key


class ShownWatch:
    """What a watch shows. `own`: findings about the watching machine."""

    def __init__(self, devices: Mapping[str, DeviceWatch], across: FleetWatch, fleet: FleetState) -> None:
        self._devices, self._across, self._fleet = devices, across, fleet
        self.own: tuple[Finding, ...] = ()
        self._verdicts: tuple[Sequence[tuple[Weight, ...]], WhatIf | None, tuple[Verdict, ...]] = (), None, ()
        self._open: tuple[Sequence[Sequence[OpenFinding]], Sequence[OpenFinding]] = (), ()

    def findings(self) -> tuple[Finding, ...]:
        """All findings as last read, with those about the watching machine."""
        of_devices = (found for one in self._devices.values() for found in one.state.findings.values())
        ways = self._fleet.ways.findings
        return (*chain.from_iterable(of_devices), *self._across.findings, *ways, *self.own)

    def open_findings(self) -> Sequence[OpenFinding]:
        """Return the open findings without blind spots, the same object while equal.

        Those with a cause of their own first, of these the services, the worst and the latest first.
        """
        fleet = self._fleet
        own = (*self.own, fleet.silences.finding(), *self._silent())
        parts = [one.open for one in (*self._parts(), fleet.own_shown.of(own, fleet.states, ()))]
        if not same(parts, self._open[0]):
            self._open = parts, sorted(chain(*parts), key=_order)
        return self._open[1]

    def verdicts(self) -> tuple[Verdict, ...]:
        """Verdicts per venue and service as last read."""
        job, network, weighed = self._fleet.job, self._fleet.ways.network, [one.weights for one in self._parts()]
        if network is not self._verdicts[1] or weighed != self._verdicts[0]:
            known, left_out = chain(job.network, *weighed), job.matrix.left_out
            devices = tuple(job.devices.values())
            found = verdicts_of(job.event.venues, devices, known, network=network, left_out=left_out)
            self._verdicts = weighed, network, found
        return self._verdicts[2]

    def _parts(self) -> Iterator[Shown]:
        states, devices = self._fleet.states, self._fleet.job.devices
        for name, one in self._devices.items():
            yield one.state.shown.of(chain.from_iterable(one.state.findings.values()), states, (devices[name],))
        yield self._across.shown.of(self._across.findings, states, devices.values())
        yield self._across.ways_shown.of(self._fleet.ways.findings, states, devices.values())

    def _silent(self) -> Iterator[Finding]:
        """Findings about devices as a whole: lost now, or often."""
        for name, one in self._devices.items():
            if one.hearing.lost or self._fleet.states.often(Key(name, DEVICE, "")):
                status, word = (Outcome.NOT_MEASURED, "lost") if one.hearing.lost else (Outcome.PASS, "back")
                venues = self._fleet.job.devices[name].venues
                yield Finding(status, "", f"watch:device.{word}", check=DEVICE, device=name, venues=venues)


def _order(one: OpenFinding) -> tuple[float, ...]:
    return bool(one.cause), one.finding.check != SERVICE_WAY, RANK[one.status], -one.since
