"""Devices with unknown users: service hosts without a service, switches without services and with lines in use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from eventready.facts.ports import port_key
from eventready.network.graph.topology import Topology
from eventready.network.learn.directory import Directory
from eventready.network.learn.gaps import access_point_ports, lines_in_use


def unknown_hosts(topology: Topology) -> Iterator[str]:
    """Yield the service hosts without a service: no failure of theirs harms any."""
    devices = (reading.device for reading in topology.readings.all)
    return (device.name for device in devices if device.role == "service_host" and not device.carried)


def unknown_lines(topology: Topology) -> Iterator[str]:
    """Yield the switches without services and with lines in use: no failure of theirs harms the users of these."""
    switches = [one for one in topology.readings.all if one.device.role == "switch" and not one.device.services]
    if not switches:
        return
    taken = defaultdict(set, access_point_ports(topology.readings, Directory(topology.readings)))
    for name, port in (end for cable in topology.cables for end in (cable.one, cable.other)):
        taken[name].add(port_key(port))
    yield from (one.name for one in switches if lines_in_use(one, taken[one.name]))
