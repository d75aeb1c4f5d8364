"""Answers about the route back to this machine: `samples/way_in` of each platform whose `way_in` is its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventready.change.safety.way_in import RouteBack, parse_routes
from eventready.core.errors import RefusedError
from eventready.facts.parsing.routes import Hop
from eventready.facts.platform import load_platform
from eventready.platforms.loader import describe, platform_names
from eventready.platforms.model import WayInSpec
from eventready.workspace.files.yaml_document import load_yaml
from tests.platforms.samples import WAY_IN

ADDRESS = "198.51.100.7"


def folder_of(platform: str) -> Path:
    return describe(platform).folder / "samples" / WAY_IN


def spec_of(platform: str) -> WayInSpec:
    spec = describe(platform).spec.way_in
    assert spec is not None
    return spec


READING = [name for name in platform_names() if folder_of(name).is_dir()]
SAMPLES = [
    pytest.param(name, file, id=f"{name}-{file.stem}")
    for name in READING
    for file in sorted(folder_of(name).glob("*.txt"))
]


def expected(file: Path) -> tuple[RouteBack, ...]:
    rows: list[dict[str, Any]] = load_yaml(file.with_suffix(".yaml")).mapping()["routes"]
    return tuple(
        RouteBack(ADDRESS, row["protocol"], row.get("process", ""), tuple(Hop(**hop) for hop in row["hops"]))
        for row in rows
    )


def read(platform: str, text: str) -> tuple[RouteBack, ...]:
    try:
        return parse_routes(spec_of(platform), text, ADDRESS)
    except RefusedError:
        return ()


@pytest.mark.parametrize(("platform", "file"), SAMPLES)
def test_the_routes_in_use(platform: str, file: Path) -> None:
    assert read(platform, file.read_text(encoding="utf-8")) == expected(file)


@pytest.mark.parametrize(("platform", "file"), SAMPLES)
def test_a_truncated_answer_names_no_other_interface(platform: str, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    known = {hop.interface for route in expected(file) for hop in route.hops}
    for cut in range(0, len(text), max(1, len(text) // 40)):
        names = {hop.interface for route in read(platform, text[:cut]) for hop in route.hops}
        assert all(any(whole.startswith(name) for whole in known) for name in names)


@pytest.mark.parametrize("platform", READING)
def test_each_platform_has_samples_and_sends_what_it_may(platform: str) -> None:
    cases = {file.stem.partition("_")[0] for file in folder_of(platform).glob("*.txt")}
    assert cases == {"ok", "junk"}
    spec = spec_of(platform)
    station = spec.station.command if spec.station else ""
    commands = [spec.route, spec.default, spec.route_vrf, spec.default_vrf, station]
    for command in filter(None, commands):
        sent = command.replace("{address}", ADDRESS).replace("{vrf}", "MGMT")
        assert load_platform(platform).allows(sent), sent


def test_every_platform_that_can_be_changed_is_read_or_says_why() -> None:
    """A platform without `way_in` is told in every plan: the form of RouterOS for one address has no source."""
    changed = [name for name in platform_names() if describe(name).spec.change is not None]
    assert [name for name in changed if describe(name).spec.way_in is None] == ["mikrotik_routeros"]
    unrouted = [name for name in changed if (spec := describe(name).spec.way_in) and not spec.routed]
    assert unrouted == ["huawei_enb", "huawei_mml", "linux", "linux_hostapd", "osmocom_bsc"]
