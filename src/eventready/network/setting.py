"""Setting of the whole network beside the facts: venues, origins and risk groups of the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from eventready.facts.ports import port_key
from eventready.network.planned_work import PlannedWork
from eventready.workspace.settings.event import ServiceOrigin, Venue, Window
from eventready.workspace.settings.risk import RiskGroup


@dataclass(frozen=True)
class NetworkSetting:
    """Venues, origins of the services, and groups of devices and links with a common cause of failure.

    `waived`: ports by device with a finding under a waiver; a way over these is marked, and one without an adjacency
    or a route of its own is no broken one. `windows`: of the event; `moment`: time of the readings (aware).
    `works`: planned ones.
    """

    venues: Sequence[Venue] = ()
    origins: Sequence[ServiceOrigin] = ()
    risks: Sequence[RiskGroup] = ()
    waived: Mapping[str, frozenset[str]] = field(default_factory=dict)
    windows: Sequence[Window] = ()
    moment: datetime | None = None
    works: Sequence[PlannedWork] = ()

    @property
    def hours_left(self) -> float | None:
        """Hours until the next window of the event, 0 within a window; None without any ahead."""
        moment = self.moment
        if moment is None:
            return None
        ahead = [one for one in self.windows if one.kind in {"event", "protected"} and one.end > moment]
        return min((max(0.0, (one.start - moment).total_seconds() / 3600) for one in ahead), default=None)

    def with_waived(self, more: Mapping[str, frozenset[str]]) -> NetworkSetting:
        """Copy with further ports under a waiver."""
        ports = {
            name: self.waived.get(name, frozenset()) | more.get(name, frozenset()) for name in {*self.waived, *more}
        }
        return replace(self, waived=ports)


#: Checks about losses and services, whose subjects are no faults of a way.
LOSSES = frozenset({"single_point", "risk_group", "capacity_link", "service_way", "works_conflict"})


def waived_ports(findings: Iterable[tuple[str, str, str]]) -> dict[str, frozenset[str]]:
    """Ports by device, of the checks, devices and subjects of waived findings; a subject may name both ends."""
    found: dict[str, set[str]] = {}
    for check, device, subject in findings:
        for end in subject.split(" - ") if check not in LOSSES else ():
            first, _, rest = end.partition(" ")
            found.setdefault(device, set()).add(port_key(end))
            if rest:
                found.setdefault(first, set()).add(port_key(rest))
    return {device: frozenset(ports) for device, ports in found.items()}
