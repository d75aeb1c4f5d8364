"""Job of a watch: its devices, checks and limits, and the states in force before its begin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eventready.checks.ip.flaps import FLAP_WINDOW_S
from eventready.evaluation.bearing import Weight
from eventready.evaluation.limits import ResolvedLimits
from eventready.evaluation.matrix import Matrix
from eventready.evaluation.runner import History
from eventready.facts.ports import port_key
from eventready.store.watch_log import RecordedChange
from eventready.watch.record import key_of
from eventready.watch.snapshot_record import LastVerdicts
from eventready.watch.states import Key
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.waivers import Waiver

#: The check of drops, and its subject for access points of no venue.
_DROP, _NO_VENUE = "access_point_drop", "access points"
#: Facts of the checks of frequent changes.
_FLAPS = {
    "port_flaps": "interface", "ospf_flaps": "ospf_neighbour", "isis_flaps": "isis_neighbour",
    "bgp_flaps": "bgp_neighbour",
}  # fmt: skip
_BAD = frozenset({"fail", "warn"})


@dataclass
class Remembered:
    """Of a device: clients by venue before a drop; frequent changes by fact and key, with their number and time."""

    drops: dict[str, int] = field(default_factory=dict)
    flaps: dict[str, dict[str, tuple[float, int]]] = field(default_factory=dict)


def remembered(
    states: Mapping[Key, str], recorded: Iterable[tuple[datetime, RecordedChange]], moment: datetime, now: float,
    since: datetime | None,
) -> dict[str, Remembered]:  # fmt: skip
    """Return the memory in force by device. `recorded`: changes with their times, oldest first.

    `now`: a monotonic time, of the `moment`. `since`: begin of the open windows of the event; None without any.
    """
    found: dict[str, Remembered] = {}
    for at, one in recorded:
        key, value = key_of(one), one.params
        if not {states.get(key), one.new} <= _BAD:
            continue
        ago_s = max(0.0, (moment - at).total_seconds())
        venue = "" if key.subject == _NO_VENUE else key.subject
        if key.check == _DROP and since is not None and at >= since and isinstance(before := value.get("before"), int):
            found.setdefault(key.device, Remembered()).drops[venue] = before
        elif key.check in _FLAPS and ago_s < FLAP_WINDOW_S and isinstance(count := value.get("value"), int):
            name = port_key(key.subject) if key.check == "port_flaps" else key.subject
            flaps = found.setdefault(key.device, Remembered()).flaps.setdefault(_FLAPS[key.check], {})
            flaps[name] = (now - ago_s, count)
    return found


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
