"""Devices behind each device: without a way from the origins of the services during its failure."""

from __future__ import annotations

from collections.abc import Mapping

from eventready.network.graph.graph import Reach
from eventready.network.graph.topology import Topology


def behind(topology: Topology) -> Mapping[str, frozenset[str]]:
    """Return the devices cut off by the failure of each device; devices with none behind are left out.

    Ways that carry no traffic now do not count; devices with an unknown way (afloat) are behind none.
    """
    sources = {topology.nodes[one.device] for one in topology.setting.origins if one.device in topology.nodes}
    reach = Reach(topology.graph, sources, topology.dead)
    names = {node: name for name, node in topology.nodes.items()}
    found = {}
    for name, node in topology.nodes.items():
        lost = reach.lost(topology.elements[name].failure) - {node}
        if cut := frozenset(names[one] for one in lost if one in names):
            found[name] = cut
    return found
