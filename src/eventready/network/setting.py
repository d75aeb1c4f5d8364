"""Setting of the whole network beside the facts: venues, origins and risk groups of the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from eventready.facts.ports import port_key
from eventready.workspace.settings.event import Venue
from eventready.workspace.settings.origins import ServiceOrigin
from eventready.workspace.settings.risk import RiskGroup


@dataclass(frozen=True)
class NetworkSetting:
    """Venues, origins of the services, and groups of devices and links with a common cause of failure.

    `waived`: ports by device with a finding that somebody answers for; a way over these is marked.
    """

    venues: Sequence[Venue] = ()
    origins: Sequence[ServiceOrigin] = ()
    risks: Sequence[RiskGroup] = ()
    waived: Mapping[str, frozenset[str]] = field(default_factory=dict)


def waived_ports(findings: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Ports by device, of the devices and subjects of waived findings; a subject may name both ends of a link."""
    found: dict[str, set[str]] = {}
    for device, subject in findings:
        for end in subject.split(" - "):
            first, _, rest = end.partition(" ")
            found.setdefault(device, set()).add(port_key(end))
            if rest:
                found.setdefault(first, set()).add(port_key(rest))
    return {device: frozenset(ports) for device, ports in found.items()}
