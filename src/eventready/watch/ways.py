"""Ways of the users in a watch, walked anew after a change in the graph of the network.

A walk of a large network takes seconds: the next one waits for a multiple of them, and the watch says so.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import chain

from eventready.checks.finding import Finding
from eventready.checks.registry import audit_checks, network_checks
from eventready.core.timezone import local_time
from eventready.evaluation.causes import Element
from eventready.evaluation.limits import ResolvedLimits
from eventready.evaluation.matrix import Matrix
from eventready.evaluation.rests import rests
from eventready.evaluation.runner import evaluate_all
from eventready.facts.observation import Observation
from eventready.network.graph.outcome import WhatIf
from eventready.network.setting import LOSSES
from eventready.network.unchanged import unchanged
from eventready.watch.device_state import Evaluated
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.waivers import Waiver

#: Least time between two walks: seconds, and a multiple of the processor time that the last one took.
_PAUSE_S, _PAUSES = 15.0, 10


class Ways:
    """Ways of the users as last walked, with the findings about the services. Times are seconds of a monotonic clock.

    `network`: graph as of the walk, None before the first and without origins. `rests`: what rests on its lost
    elements. `changed`: what the graph reads, or a waiver, is not that of the walk. `read_again`: an answer that the
    graph reads came since the findings were compared.
    """

    def __init__(
        self, devices: Iterable[Device], matrix: Matrix, limits: ResolvedLimits, waivers: Sequence[Waiver]
    ) -> None:
        self._devices, self._matrix, self._limits, self._waivers = tuple(devices), matrix, limits, waivers
        self.facts = {
            one.name: matrix.shared(one.name, "network").intersection(matrix.needed(one.name)) for one in self._devices
        }
        self.network: WhatIf | None = None
        self.rests: Mapping[Element, Element] = {}
        self.findings: tuple[Finding, ...] = ()
        self.changed, self.read_again = matrix.network is not None, False
        self._walked, self._cost_s, self._compared_at = Evaluated(), 0.0, 0.0

    @property
    def is_whole(self) -> bool:
        """True for a watch of all devices: of others the ways are not walked to their ends."""
        return not self._matrix.left_out

    def note(self, before: Observation | None, now: Observation) -> None:
        """Take an answer for the graph."""
        self.read_again = True
        self.changed |= before is None or not unchanged(before, now)

    def waits_s(self, now: float) -> float | None:
        """Return the seconds since the walk while a change waits for the next walk; None otherwise."""
        return now - self._walked.at if self.changed and self.network is not None else None

    def is_due(self, now: float, moment: datetime) -> bool:
        """True where a change waited long enough, and in each hour: windows come nearer, waivers end."""
        if self._matrix.network is None or now - self._walked.at < max(_PAUSE_S, _PAUSES * self._cost_s):
            return False
        return self.changed or self._walked.hour != (moment.day, moment.hour)

    def is_second(self, now: float) -> bool:
        """True where an answer since the findings were compared shows the network unchanged."""
        return self.network is not None and self.read_again and now - self._compared_at >= _PAUSE_S

    def walk(self, readings: Iterable[Observation], waived: Iterable[Finding], now: float, moment: datetime) -> None:
        """Walk the ways by these readings, with the findings of devices under a waiver."""
        begun = time.thread_time()
        self._walked, self.changed = Evaluated.of(now, moment), False
        checks = network_checks() - audit_checks() | self._waived_checks(moment)
        evaluated = evaluate_all(
            self._devices, self._matrix.with_waived(waived), readings, moment=moment, limits=self._limits,
            waivers=self._waivers, scope="network", checks=checks,
        )  # fmt: skip
        self.network, self.rests = evaluated.network, rests(evaluated.network)
        self.findings = tuple(one for one in evaluated.findings if one.check not in audit_checks())
        self._cost_s = time.thread_time() - begun

    def compared(self, now: float) -> Sequence[Finding]:
        """Return the findings, to be compared with the states in force."""
        self._compared_at, self.read_again = now, False
        return self.findings

    def missing(self, finding: Finding) -> Iterator[str]:
        """Names of the elements without a witness on the ways of a service, in words: devices and ports."""
        if (network := self.network) is None:
            return
        for (venue, service), numbers in network.services.items():
            if venue in finding.venues and service in finding.services:
                names = (name for number in numbers for name in network.walks.missing(number))
                yield from chain.from_iterable(map(str.split, names))

    def _waived_checks(self, moment: datetime) -> set[str]:
        """Return the checks of audits with findings under a waiver: a waived way is not broken."""
        today = local_time(moment).date()
        standing = [one for one in self._waivers if not one.expired(today)]
        return {name for name in audit_checks() - LOSSES if any(fnmatchcase(name, one.check) for one in standing)}
