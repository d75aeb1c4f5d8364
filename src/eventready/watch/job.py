"""Job of a watch: its devices, checks and limits, with the state of before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eventready.evaluation.bearing import Weight
from eventready.evaluation.limits import ResolvedLimits
from eventready.evaluation.matrix import Matrix
from eventready.evaluation.runner import History
from eventready.watch.first_reading import LastVerdicts
from eventready.watch.remembered import Remembered
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.waivers import Waiver


@dataclass(frozen=True)
class WatchJob:
    """Input of a watch: devices by name, checks, limits, waivers, event.

    `behind`: devices cut off by the failure of each device, as the network was in the last full audit. `network`: what
    that audit found about the whole network. `usual`: readings in earlier audits of the weekday and hour of a moment.
    `last`: verdicts of before the watch. `remembered`: what is in force at its begin, by device.
    """

    event: Event
    devices: Mapping[str, Device]
    matrix: Matrix
    limits: ResolvedLimits = field(default_factory=ResolvedLimits)
    waivers: Sequence[Waiver] = ()
    behind: Mapping[str, frozenset[str]] = field(default_factory=dict)
    network: Sequence[Weight] = ()
    usual: Callable[[datetime], History] = lambda _moment: {}
    last: LastVerdicts | None = None
    remembered: Mapping[str, Remembered] = field(default_factory=dict)
