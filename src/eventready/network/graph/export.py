"""Topology as GraphML, DOT or JSON: devices, cables with their state, origins and risk groups."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

from eventready.network.graph.cables import Cable
from eventready.network.graph.topology import Topology

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"


def plain(topology: Topology) -> dict[str, Any]:
    """Topology as plain JSON types."""
    setting = topology.setting
    return {
        "nodes": [
            {"id": one.name, "role": one.role, "platform": one.platform, "venues": list(one.venues)}
            for one in (reading.device for reading in topology.readings.all)
        ],
        "links": [
            {
                "source": cable.one[0], "port": cable.one[1], "target": cable.other[0], "to_port": cable.other[1],
                "state": _state(cable), "seen": cable.seen,
            }
            for cable in topology.cables
        ],
        "origins": [origin.model_dump(mode="json") for origin in setting.origins],
        "groups": [group.model_dump(mode="json") for group in setting.risks],
        "afloat": list(topology.afloat),
    }  # fmt: skip


def _state(cable: Cable) -> str:
    if cable.unrouted:
        return "unrouted"
    if None in (cable.there, cable.back):
        return "unmeasured"
    return "up" if cable.there and cable.back else "one_way" if cable.there or cable.back else "down"


def _graphml(topology: Mapping[str, Any]) -> str:
    root = ElementTree.Element("graphml", xmlns=_NAMESPACE)
    kinds = [("node", ("role", "platform", "venues")), ("edge", ("port", "to_port", "state", "seen"))]
    for kind, names in kinds:
        for name in names:
            attributes = {"id": name, "for": kind, "attr.name": name, "attr.type": "string"}
            ElementTree.SubElement(root, "key", attributes)
    graph = ElementTree.SubElement(root, "graph", edgedefault="undirected")
    for node in topology["nodes"]:
        _data(ElementTree.SubElement(graph, "node", id=node["id"]), node, kinds[0][1])
    for number, link in enumerate(topology["links"]):
        ends = {"id": f"e{number}", "source": link["source"], "target": link["target"]}
        _data(ElementTree.SubElement(graph, "edge", ends), link, kinds[1][1])
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _data(element: ElementTree.Element, of: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        value = of[name]
        ElementTree.SubElement(element, "data", key=name).text = (
            " ".join(value) if isinstance(value, list) else str(value)
        )


def _dot(topology: Mapping[str, Any]) -> str:
    lines = ["graph network {"]
    lines += [f"  {_quoted(node['id'])} [comment={_quoted(node['role'])}];" for node in topology["nodes"]]
    for link in topology["links"]:
        style = {"up": "solid", "down": "dotted"}.get(link["state"], "dashed")
        labels = f"taillabel={_quoted(link['port'])}, headlabel={_quoted(link['to_port'])}, style={style}"
        lines.append(f"  {_quoted(link['source'])} -- {_quoted(link['target'])} [{labels}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


#: Texts of a topology by format.
FORMATS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "graphml": _graphml,
    "dot": _dot,
    "json": lambda topology: json.dumps(topology, ensure_ascii=False, indent=1) + "\n",
}
