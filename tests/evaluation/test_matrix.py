"""Devices x checks: what is asked, what cannot be told, and what is refused before the first connection."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eventready.checks.registry import all_checks
from eventready.core.errors import WorkspaceError
from eventready.evaluation.matrix import CellState, Matrix, MatrixCell, build_matrix
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.platform import load_platform
from eventready.network.setting import NetworkSetting
from eventready.platforms.loader import platform_names
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect, ExpectedLink
from tests.checks.casebook import SPEC, FakePlatform, english, matrix_of

ROUTER = Device("r1", "router", "any", "192.0.2.1", origin="inventory/hosts.yaml:7")
WIFI = Device("w1", "wifi_controller", "any", "192.0.2.2")


def shown(cell: MatrixCell) -> str:
    return cell.reason.render("en") if cell.reason else ""


def cell_of(matrix: Matrix, device: str, check: str) -> MatrixCell:
    return next(cell for cell in matrix.of(device) if cell.check == check)


def test_a_check_of_another_role_does_not_apply() -> None:
    cell = cell_of(matrix_of([WIFI]), "w1", "ospf")
    assert (cell.state, shown(cell)) == (CellState.NOT_APPLICABLE, "Not a check of the role wifi_controller.")


def test_the_checks_of_a_switch() -> None:
    expect = Expect.model_validate({
        "uplinks": ["e1"], "links": [{"port": "e1", "device": "r1", "to_port": "e2"}],
        "bundles": [{"name": "Po1", "min_links": 1}], "ospf": ["10.0.0.1"], "default_routes": 1,
    })  # fmt: skip
    switch = Device("s1", "switch", "any", "192.0.2.3", expect=expect)
    cells = matrix_of([switch, ROUTER]).of("s1")
    applicable = {cell.check for cell in cells if cell.state is CellState.APPLICABLE}
    assert applicable >= {
        "uplink",
        "port_flaps",
        "link",
        "link_neighbour",
        "optic",
        "bundle",
        "cpu",
        "ntp",
        "saved_config",
    }
    assert not applicable & {"ospf", "default_route", "site", "access_point"}


def test_a_check_whose_expectation_is_absent_does_not_apply() -> None:
    assert cell_of(matrix_of([ROUTER]), "r1", "ospf").state is CellState.NOT_APPLICABLE
    expecting = replace(ROUTER, expect=Expect(ospf=()))
    assert cell_of(matrix_of([expecting]), "r1", "ospf").state is CellState.APPLICABLE


def test_what_the_platform_unsupported_has_its_reason() -> None:
    matrix = matrix_of([ROUTER], FakePlatform(unsupported=english({"cpu": "it has no words for it"})))
    cell = cell_of(matrix, "r1", "cpu")
    assert (cell.state, shown(cell)) == (CellState.UNSUPPORTED, "it has no words for it")


def test_a_fact_that_the_platform_forgot_cannot_be_reported_either() -> None:
    class Forgetful(FakePlatform):
        @property
        def facts(self) -> dict[str, object]:
            return {}

    cell = cell_of(matrix_of([ROUTER], Forgetful(name="poor")), "r1", "cpu")
    assert (cell.state, shown(cell)) == (CellState.UNSUPPORTED, "The platform poor does not offer cpu.")


def test_facts_that_cannot_be_reported_are_wanted_but_not_needed() -> None:
    matrix = matrix_of([ROUTER], FakePlatform(unsupported=english({"cpu": "it has no words for it"})))
    assert "cpu" in matrix.facts_for("r1")
    assert "cpu" not in matrix.needed("r1")
    assert "memory" in matrix.needed("r1")


def test_facts_are_requested_in_the_catalogues_order_and_once() -> None:
    facts = matrix_of([replace(ROUTER, expect=Expect(uplinks=("e1",)))]).facts_for("r1")
    assert facts.count("interface") == 1
    assert facts[:2] == ("system", "cpu")


def test_a_wide_audit_requests_all_facts_of_a_platform_and_needs_no_more() -> None:
    platform = FakePlatform(unsupported=english({"cell": "it has no cells"}))
    narrow, wide = (build_matrix([ROUTER], {"any": platform}, wide=wide) for wide in (False, True))
    assert narrow.requested("r1") == narrow.facts_for("r1") == wide.facts_for("r1")
    assert wide.needed("r1") == narrow.needed("r1")
    assert "interface" in wide.inventory["r1"]
    assert "interface" not in narrow.requested("r1")
    on_question = (name for name, kind in CATALOGUE.items() if kind.per_question)
    known = {*platform.facts, *platform.unsupported}.difference(on_question)
    assert sorted(wide.requested("r1")) == sorted(known)


def test_the_far_end_of_a_link_is_requested_too() -> None:
    near = replace(ROUTER, expect=Expect(links=(ExpectedLink(port="e1", device="w1", to_port="e1"),)))
    assert matrix_of([near, WIFI]).devices_for("link") == ("r1", "w1")


def test_the_host_name_of_the_far_end_of_a_link_is_read_for_the_near_end() -> None:
    near = replace(ROUTER, expect=Expect.model_validate({"links": [{"port": "e1", "device": "r2", "to_port": "e1"}]}))
    matrix = matrix_of([near, replace(ROUTER, name="r2")])
    assert "system" in matrix.shared("r2")


def test_without_the_fleet_only_checks_of_one_device_are_requested() -> None:
    matrix = build_matrix([ROUTER], {"any": FakePlatform()}, fleet=False)
    assert {check.scope for check in matrix.checks.values()} == {"device"}


def test_a_platform_that_no_person_knows_is_refused_with_its_place() -> None:
    with pytest.raises(WorkspaceError, match=r"inventory/hosts.yaml:7: r1 has the platform 'any', which is not known"):
        build_matrix([ROUTER], {"other": FakePlatform()})


def test_a_role_that_the_platform_does_not_play_is_refused() -> None:
    platform = FakePlatform(spec=SPEC.model_copy(update={"roles": ("wifi_controller",)}))
    with pytest.raises(WorkspaceError, match="r1 is a router, and the platform any plays wifi_controller"):
        build_matrix([ROUTER], {"any": platform})


SETTING = NetworkSetting()
ROUTE_FACTS = ("default_route", "static_route", "origin_route")


def test_routers_give_the_routes_of_the_network_checks() -> None:
    """The facts come to the parent, and no platform without one has a finding for that."""
    towards = replace(ROUTER, origin_addresses=("192.0.2.90",))
    host = Device("svc", "service_host", "any", "192.0.2.90")
    plain = FakePlatform()
    poor = FakePlatform(unsupported=english({"origin_route": "it has no words for it"}))

    def facts(router: Device, platform: FakePlatform, network: NetworkSetting | None = SETTING) -> set[str]:
        matrix = build_matrix([router, host], {"any": platform}, network=network)
        assert {*ROUTE_FACTS}.isdisjoint(matrix.facts_for("svc"))
        assert not [cell for cell in matrix.cells["r1"] if cell.state is CellState.UNSUPPORTED]
        needed = {*ROUTE_FACTS}.intersection(matrix.needed("r1"))
        assert needed == {*ROUTE_FACTS}.intersection(matrix.facts_for("r1"))
        assert needed <= matrix.shared("r1")
        return needed

    assert facts(towards, plain) == {*ROUTE_FACTS}
    assert facts(ROUTER, plain) == facts(towards, poor) == {*ROUTE_FACTS} - {"origin_route"}
    assert facts(towards, plain, None) == set()


def test_devices_alike_share_their_cells() -> None:
    matrix = matrix_of([ROUTER, replace(ROUTER, name="r2"), replace(ROUTER, name="r3", expect=Expect(ospf=()))])
    assert matrix.cells["r1"] is matrix.cells["r2"] is not matrix.cells["r3"]
    assert all(cell.state is not CellState.NOT_APPLICABLE for cell in matrix.cells["r1"])


def test_no_devices_make_an_empty_matrix() -> None:
    assert matrix_of([]).cells == {}


@pytest.mark.parametrize("name", platform_names())
def test_a_platform_declares_every_fact_that_checks_of_its_roles_need(name: str) -> None:
    platform = load_platform(name)
    needs = {need for check in all_checks() if {*check.roles} & {*platform.spec.roles} for need in check.needs}
    needs -= {name for name, kind in CATALOGUE.items() if not kind.of_commands}  # no platform has them
    needs -= {name for name, kind in CATALOGUE.items() if kind.per_question}  # refused at load where it cannot be asked
    assert sorted(needs - {*platform.facts, *platform.unsupported}) == []


@pytest.mark.parametrize(
    "platform", [name for name in platform_names() if "bts_controller" in load_platform(name).spec.roles]
)
def test_the_load_of_an_expected_cell_is_read_or_named_as_a_blind_spot(platform: str) -> None:
    device = Device(
        "n1", "bts_controller", platform, "192.0.2.4", expect=Expect.model_validate({"cells": [{"name": "A"}]})
    )
    found = {cell.check: cell for cell in build_matrix([device], {platform: load_platform(platform)}).of("n1")}
    for check in ("channel_load", "channel_refusals", "cell_channels"):
        assert found[check].state is not CellState.NOT_APPLICABLE
        assert "does not offer" not in shown(found[check]), "a reason of the platform"
