"""The map of a run: tiers from the origins, states of devices and cables, single points, what-if, and folding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import pytest

from eventready.core.language import Language
from eventready.core.messages import LANGS, Lang
from eventready.drawing.svg import Figure
from eventready.network.graph.export import NetworkGraph, NetworkLink, NetworkNode
from eventready.network.map.drawing import LANDSCAPE, PORTRAIT
from eventready.network.map.figure import DeviceStates, map_figure
from eventready.papers.kinds.readiness import Background, readiness
from eventready.papers.kinds.weekly import weekly
from eventready.store.run import Run
from eventready.store.run_records import SCHEMA
from eventready.workspace.settings.event import ServiceOrigin
from tests.papers.documents import healthy
from tests.papers.papers import material, profile


def link(one: str, other: str, state: str = "up") -> NetworkLink:
    return NetworkLink(one, "a", other, "b", state)


def topology(links: Iterable[NetworkLink], *names: str) -> NetworkGraph:
    nodes = tuple(NetworkNode(name, "router", "frr", ("hall",)) for name in names)
    return NetworkGraph(
        nodes,
        tuple(links),
        (ServiceOrigin(kind="core", device="core"),),
    )


def run_of(*findings: tuple[str, str, str, str]) -> Run:
    rows = [
        {"device": device, "check": check, "subject": subject, "status": status, "blind": False}
        for device, check, subject, status in findings
    ]
    return Run.of({"schema": SCHEMA, "findings": rows})


def drawn(network: NetworkGraph, run: Run, down: Iterable[str] = ()) -> tuple[str, dict[str, float], str]:
    """Text of the map, height of each device, and its drawing."""
    figure = map_figure(network, DeviceStates.of(run.findings()), Language("en"), frozenset(down))
    assert figure is not None
    (chart,) = figure.charts
    names = re.findall(r'<text x="[\d.]+" y="([\d.]+)"[^>]*font-weight="bold"[^>]*>([^<]+)', chart.svg)
    return chart.alt, {name: float(y) for y, name in names}, chart.svg


def test_tiers_follow_the_distance_from_the_origins() -> None:
    network = topology([link("core", "agg"), link("edge", "agg"), link("agg", "edge")], "edge", "core", "agg", "lone")
    _alt, heights, _svg = drawn(network, run_of())
    assert sorted(heights, key=heights.__getitem__) == ["core", "agg", "edge", "lone"]


@pytest.mark.parametrize(
    ("states", "shown"),
    [(["up", "up"], ""), (["up", "unmeasured"], "Not measured"), (["unmeasured", "one_way"], "carries none"),
     (["up", "down"], "carries none"), (["unrouted"], "carries none")],
)  # fmt: skip
def test_a_line_has_the_worst_state_of_its_cables(states: list[str], shown: str) -> None:
    alt, _heights, _svg = drawn(topology([link("core", "agg", state) for state in states], "core", "agg"), run_of())
    assert ("agg - core: " in alt) == bool(shown)
    assert shown in alt


def test_a_device_has_its_worst_state_and_single_points_are_marked() -> None:
    run = run_of(
        ("agg", "uplink", "a", "warn"), ("agg", "uplink", "b", "fail"), ("agg", "cpu", "", "pass"),
        ("core", "cpu", "", "pass"), ("core", "single_point", "agg", "fail"), ("core", "single_point", "hall", "pass"),
    )  # fmt: skip
    alt, _heights, _svg = drawn(topology([link("core", "agg")], "core", "agg", "new"), run)
    assert alt.split("; ")[:3] == ["core, Passed", "agg, Failed 1, single point of failure", "new, -"]


def test_a_failed_device_has_no_line_left() -> None:
    network = topology([link("core", "agg"), link("agg", "edge")], "core", "agg", "edge")
    alt, _heights, svg = drawn(network, run_of(), ["agg"])
    assert alt.count("carries none") == 2
    assert svg.count('stroke-dasharray="2 4"') == 3  # two lines and the legend


def test_a_large_network_is_folded() -> None:
    names = [f"edge-{number}" for number in range(500)]
    network = topology([link("core", name) for name in names], "core", *names)
    alt, heights, _svg = drawn(network, run_of((names[7], "cpu", "", "fail")))
    assert len(heights) == 2
    assert "500 devices: edge-0, ..., Failed 1" in alt
    linked = map_figure(network, DeviceStates.of([]), Language("en"), href=lambda names: f"/{len(names)}")
    assert linked
    assert {*re.findall('href="(.*?)"', linked.charts[0].svg)} == {"/1", "/500"}


@pytest.mark.parametrize("room", [PORTRAIT, LANDSCAPE])
@pytest.mark.parametrize("shape", ["star", "chain", "loose", "tree", "alone"])
def test_on_paper_a_map_is_whole_and_legible(shape: str, room: tuple[float, float]) -> None:
    names = ["core", *(f"access-{number}" for number in range(0 if shape == "alone" else 300))]
    ends: Mapping[str, Callable[[int], int]] = {
        "star": lambda _: 0,
        "chain": lambda at: at - 1,
        "tree": lambda at: (at - 1) // 6,
    }
    links = [link(names[ends[shape](at)], names[at]) for at in range(1, len(names))] if shape in ends else []
    figure = map_figure(topology(links, *names), DeviceStates.of([]), Language("vi"), paper=room)
    assert figure
    wide, high = (float(size) for size in re.findall(r'(?:width|height)="([\d.]+)"', figure.charts[0].svg)[:2])
    assert figure.width <= room[0]
    assert figure.width * high / wide <= room[1] + 0.01
    assert 5 / 72 * 25.4 / 11 <= figure.width / wide <= 25.4 / 72  # letters of 11 units in 5 to 11 points


def test_a_row_without_lines_is_under_the_middle_of_the_others() -> None:
    names = ["core", *(f"agg-{number}" for number in range(6)), *(f"lone-{number}" for number in range(3))]
    _alt, _heights, svg = drawn(topology([link("core", name) for name in names[1:7]], *names), run_of())
    edges = {name: float(x) for x, name in re.findall(r'<text x="([\d.]+)"[^>]*font-weight="bold"[^>]*>([^<]+)', svg)}
    assert edges["core"] == pytest.approx(edges["lone-1"], abs=10)


@pytest.mark.parametrize("lang", LANGS)
def test_the_readiness_page_and_the_weekly_report_have_the_map(lang: Lang) -> None:
    run = healthy().run
    network = topology([link("core", "agg")], "core", "agg")
    with_map = readiness(run, lang, Background(topology=network))
    without = readiness(run, lang)
    figures = [block for block in with_map.blocks if isinstance(block, Figure)]
    assert len(figures) == 1 + sum(isinstance(block, Figure) for block in without.blocks)
    assert "core" in figures[0].charts[0].alt
    assert map_figure(topology([]), DeviceStates.of(run.findings()), Language(lang)) is None
    papered = weekly(replace(material(), topology=network), profile(lang), lang)
    assert [isinstance(block, Figure) for block in papered.annexes[-1].blocks] == [True]
