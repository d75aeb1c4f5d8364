"""Lines of access switches: ports in use without a device of the inventory and without an access point."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from eventready.facts.ports import is_physical, port_key
from eventready.facts.records import AccessPointUplink
from eventready.network.learn.directory import Directory
from eventready.network.network_facts import DeviceFacts, NetworkFacts


def lines_in_use(reading: DeviceFacts, taken: Collection[str]) -> tuple[str, ...]:
    """Return the lines of a switch in use. `taken`: canonical names of ports with a cable or an access point."""
    known = {*taken, *map(port_key, reading.device.expect.uplinks)}
    known |= {port_key(port) for port, _address, _vrf in reading.addresses()}
    return tuple(
        row.name for key, row in reading.ports.items()
        if row.oper == "up" and key not in known and is_physical(row.name)
    )  # fmt: skip


def access_point_ports(readings: NetworkFacts, directory: Directory) -> Mapping[str, set[str]]:
    """Return the ports with an access point by canonical name, by switch."""
    found: dict[str, set[str]] = defaultdict(set)
    for reading in readings.all:
        for row in reading.fact("access_point_uplink", AccessPointUplink).each_row():
            if (owner := directory.owner(row.device)) and row.port:
                found[owner].add(port_key(row.port))
    return found
