"""The example is what the letter asks for, and agrees with itself."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from eventready.checks.registry import all_checks
from eventready.facts.platform import load_platform
from eventready.workspace.workspace import Workspace, load_workspace
from tests.zones import TZ

ROOT = Path(__file__).parents[2]

CLAUSES = (
    "1.1a 1.1b 1.1c 1.1d 1.2a 1.2b 1.2c 1.2d 1.2e 1.2f 1.2g 1.3a 1.3b 1.3c 1.4 2.1a 2.1b 2.1c 2.1d 2.1e 2.2a 2.2b "
    "3.a 3.b 3.c 3.d 3.e 3.f 3.g 3.h 3.i 3.k 4.a 4.b 4.c 4.d 5"
)


@pytest.fixture(scope="module")
def example() -> Workspace:
    return load_workspace(ROOT)


def test_every_clause_is_a_duty(example: Workspace) -> None:
    assert " ".join(duty.id for duty in example.duties) == CLAUSES
    for duty in example.duties:
        expected = {"1": "telecom", "2": "postal"}.get(duty.id[0], "department" if duty.id == "4.d" else "all")
        assert duty.applies_to == expected, duty.id


def test_the_letters_dates(example: Workspace) -> None:
    duties = {duty.id: duty for duty in example.duties}
    assert example.event.duty_list_before == datetime(2022, 4, 28, tzinfo=TZ)
    assert duties["4.b"].due is not None
    assert duties["4.b"].due < example.event.duty_list_before
    assert all(duty.due is None or duty.due < datetime(2022, 4, 30, tzinfo=TZ) for duty in example.duties)
    assert example.event.recipient.email == "bchieu@travinh.gov.vn"
    assert example.event.recipient.phone == "02943.850852"


def test_size(example: Workspace) -> None:
    assert len({device.endpoint for device in example.devices}) >= 16
    assert sum(len(device.expect.access_points) for device in example.devices) >= 60
    assert sum(len(device.expect.cells) for device in example.devices) >= 30
    sites = [site for device in example.devices for site in device.expect.sites]
    assert sum(site.mobile for site in sites) == 2


def test_every_service_of_every_venue_is_carried(example: Workspace) -> None:
    for venue in example.event.venues:
        for service in venue.services:
            assert any(device.serves(venue.id, service) for device in example.devices), f"{venue.id} {service}"


def test_every_name_is_expected_once(example: Workspace) -> None:
    for kind in ("access_points", "cells"):
        names = [item.name for device in example.devices for item in getattr(device.expect, kind)]
        assert len(names) == len(set(names))


def test_gateways_have_one_master(example: Workspace) -> None:
    groups: dict[tuple[str, int, str | None], list[str | None]] = {}
    for device in example.devices:
        for gateway in device.expect.gateways:
            groups.setdefault((gateway.protocol, gateway.group, gateway.virtual_ip), []).append(gateway.role)
    assert groups
    assert all(sorted(map(str, roles)) == ["backup", "master"] for roles in groups.values())


def test_bundles_have_their_cables(example: Workspace) -> None:
    core, other = example.device("core-1"), example.device("core-2")
    between = [link for link in core.expect.links if link.device == "core-2"]
    assert len(between) == core.expect.bundles[0].members == other.expect.bundles[0].members


def test_neighbours_agree(example: Workspace) -> None:
    """Whom a router expects by OSPF expects it too: both ends of each adjacency are written down."""
    router_id = {device.name: _router_id(device.name) for device in example.devices if device.role == "router"}
    by_id = {value: name for name, value in router_id.items()}
    for device in example.devices:
        for peer in device.expect.ospf or ():
            assert router_id[device.name] in (example.device(by_id[peer]).expect.ospf or ()), (device.name, peer)
        for peer in device.expect.isis or ():
            assert device.name in (example.device(peer).expect.isis or ())


def _router_id(name: str) -> str:
    """core-1 is 10.255.0.1, edge-dt-2 is 10.255.0.42."""
    place, _, number = name.rpartition("-")
    tens = ("core", "agg", "edge-hn", "edge-vh", "edge-dt").index(place)
    return f"10.255.0.{10 * tens + int(number)}"


def test_platforms_fit_the_roles(example: Workspace) -> None:
    for device in example.devices:
        spec = load_platform(device.platform).spec
        assert device.role in spec.roles, device.name
        assert device.allow_cleartext == spec.session.cleartext, device.name


def test_duties_name_checks_that_exist(example: Workspace) -> None:
    names = [check.name for check in all_checks()]
    for duty in example.duties:
        for pattern in duty.proof.checks:
            assert any(fnmatchcase(name, pattern) for name in names), f"{duty.id}: {pattern}"


def test_vietnamese_is_composed() -> None:
    for path in sorted((ROOT / "inventory").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert unicodedata.is_normalized("NFC", text), path
        assert "\t" not in text
        assert max(map(len, text.splitlines())) <= 120, path


def test_limits_are_written_out_as_the_checks_have_them(example: Workspace) -> None:
    """The example changes no limit: it shows every figure, so that an engineer can change it."""
    written = {(o.check, o.limit): o.value for o in example.limits.overrides}
    own = {
        (check.name, limit): value
        for check in all_checks()
        for limit, value in check.limits.model_dump().items()
        if not isinstance(value, tuple | bool) and value is not None
    }
    assert written == own
    assert all(override.source for override in example.limits.overrides)
