"""Map of the network with the states of now: the drawing of the last full audit, lines and boxes by the watch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from eventready.audit.run_builder import recorded_network, recorded_setting
from eventready.core.language import Language
from eventready.network.graph.export import NetworkGraph, NetworkLink
from eventready.network.graph.topology import Topology
from eventready.network.map.figure import DeviceStates, map_figure
from eventready.store.run import Run
from eventready.watch.web.page import html, model_of, segment, viewer_of
from eventready.watch.web.pages.details import present
from eventready.watch.web.pages.wall import Wall
from eventready.workspace.workspace import Workspace

#: Checks about a port whose failure is the loss of its cable.
_PORTS = frozenset({"uplink", "link", "bundle"})


def network(request: Request) -> Response:
    """Page of the map."""
    now, model = present(request), model_of(request)
    audit = model.last_audit()
    drawing = draw(now, audit, model.workspace, Language(viewer_of(request).lang)) if audit else ""
    return html(request, "map.html", wall=now, audit=audit, drawing=drawing)


def draw(now: Wall, audit: Run, workspace: Workspace, language: Language) -> str:
    """Return the map as SVG; empty without devices. Lines of a device without a measurement have none."""
    drawn = NetworkGraph.of(Topology(recorded_network(workspace.devices, audit), recorded_setting(workspace, audit)))
    failed = {(one.device, one.subject) for one in now.open if one.check in _PORTS and one.status == "fail"}
    silent = {name for name, age in now.ages.items() if age is None}
    links = tuple(_link(link, failed, silent) for link in drawn.links)
    states = _states(now, audit)
    figure = map_figure(replace(drawn, links=links), states, language, href=lambda names: _page(names, now))
    return figure.charts[0].svg if figure else ""


def _page(names: Collection[str], now: Wall) -> str:
    """Page of a device; of several ones their venue, or the list of all devices."""
    if len(names) == 1:
        return f"/device/{segment(*names)}"
    venues = set.intersection(*({*now.devices[name].venues} if name in now.devices else set() for name in names))
    return f"/venue/{segment(min(venues))}" if venues else "#ages"


def _link(link: NetworkLink, failed: set[tuple[str, str]], silent: set[str]) -> NetworkLink:
    """Return a cable in its state of now."""
    if {(link.source, link.port), (link.target, link.to_port)} & failed:
        return replace(link, state="down")
    return replace(link, state="unmeasured") if {link.source, link.target} & silent else link


def _states(now: Wall, audit: Run) -> DeviceStates:
    """States of now, with the single points of failure of the last audit."""
    states = DeviceStates.of(one for one in audit.open_findings(b'"single_point"') if one.check == "single_point")
    for one in now.open:
        states.count(one.status, one.device, one.check, 1, blind=False)
    for name, age in now.ages.items():
        states.count("not_measured" if age is None else "pass", name, "device", 1, blind=False)
    return states
