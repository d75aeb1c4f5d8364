"""Topology as GraphML, DOT or JSON: devices, cables with their state, origins and risk groups."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from xml.etree import ElementTree

from eventready.network.graph.cables import Cable
from eventready.network.graph.topology import Topology
from eventready.workspace.settings.event import ServiceOrigin
from eventready.workspace.settings.risk import RiskGroup

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"


@dataclass(frozen=True)
class NetworkNode:
    """Device of the network."""

    id: str
    role: str
    platform: str
    venues: tuple[str, ...] = ()


@dataclass(frozen=True)
class NetworkLink:
    """Cable between two ports; `state`: up, down, one_way, unrouted or unmeasured. `seen`: by a device."""

    source: str
    port: str
    target: str
    to_port: str
    state: str
    seen: bool = True


@dataclass(frozen=True)
class NetworkGraph:
    """Devices and cables, origins of services, groups of a common risk, and devices without a cable."""

    nodes: tuple[NetworkNode, ...]
    links: tuple[NetworkLink, ...]
    origins: tuple[ServiceOrigin, ...] = ()
    groups: tuple[RiskGroup, ...] = ()
    afloat: tuple[str, ...] = ()

    @classmethod
    def of(cls, topology: Topology) -> NetworkGraph:
        """Graph of a topology."""
        devices = (reading.device for reading in topology.readings.all)
        return cls(
            tuple(NetworkNode(one.name, one.role, one.platform, tuple(one.venues)) for one in devices),
            tuple(NetworkLink(*cable.one, *cable.other, _state(cable), cable.seen) for cable in topology.cables),
            tuple(topology.setting.origins),
            tuple(topology.setting.risks),
            tuple(topology.afloat),
        )


def _state(cable: Cable) -> str:
    if cable.unrouted:
        return "unrouted"
    if None in (cable.there, cable.back):
        return "unmeasured"
    return "up" if cable.there and cable.back else "one_way" if cable.there or cable.back else "down"


def _graphml(network: NetworkGraph) -> str:
    root = ElementTree.Element("graphml", xmlns=_NAMESPACE)
    kinds = [("node", ("role", "platform", "venues")), ("edge", ("port", "to_port", "state", "seen"))]
    for kind, names in kinds:
        for name in names:
            attributes = {"id": name, "for": kind, "attr.name": name, "attr.type": "string"}
            ElementTree.SubElement(root, "key", attributes)
    graph = ElementTree.SubElement(root, "graph", edgedefault="undirected")
    for node in network.nodes:
        _data(ElementTree.SubElement(graph, "node", id=node.id), node, kinds[0][1])
    for number, link in enumerate(network.links):
        ends = {"id": f"e{number}", "source": link.source, "target": link.target}
        _data(ElementTree.SubElement(graph, "edge", ends), link, kinds[1][1])
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _data(element: ElementTree.Element, of: NetworkNode | NetworkLink, names: tuple[str, ...]) -> None:
    for name in names:
        value = getattr(of, name)
        ElementTree.SubElement(element, "data", key=name).text = (
            " ".join(value) if isinstance(value, tuple) else str(value)
        )


def _dot(network: NetworkGraph) -> str:
    lines = ["graph network {"]
    lines += [f"  {_quoted(node.id)} [comment={_quoted(node.role)}];" for node in network.nodes]
    for link in network.links:
        style = {"up": "solid", "down": "dotted"}.get(link.state, "dashed")
        labels = f"taillabel={_quoted(link.port)}, headlabel={_quoted(link.to_port)}, style={style}"
        lines.append(f"  {_quoted(link.source)} -- {_quoted(link.target)} [{labels}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _json(network: NetworkGraph) -> str:
    models = {
        "origins": [origin.model_dump(mode="json") for origin in network.origins],
        "groups": [group.model_dump(mode="json") for group in network.groups],
    }
    return json.dumps({**asdict(network), **models}, ensure_ascii=False, indent=1) + "\n"


#: Texts of a network by format.
FORMATS: Mapping[str, Callable[[NetworkGraph], str]] = {
    "graphml": _graphml,
    "dot": _dot,
    "json": _json,
}
