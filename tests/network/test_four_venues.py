"""Every seeded weakness of the four venues is found by name, and nothing else."""

from __future__ import annotations

from eventready.checks.finding import Finding, Outcome
from tests.network.four_venues import CAPACITY, CHECKS, SETTING, four_venues

#: check, device, subject, venues, services, status
SEEDED = {
    ("risk_group", "hall-1", "bridge", ("hall",), ("fixed", "internet", "wifi"), "warn"),
    ("cabling", "core-2", "core-2 stadium-up - stadium-1 ether2", (), (), "warn"),
    ("single_point", "core-1", "core-1", ("stadium",), ("internet",), "warn"),
    ("single_point", "core-1", "core-1 stadium-up - stadium-1 ether1", ("stadium",), ("internet",), "warn"),
    ("single_point", "stadium-1", "stadium-1", ("stadium",), ("internet",), "warn"),
    ("capacity_link", "stadium-1", "stadium-1 ether1 + stadium-1 ether2", ("stadium",), (), "fail"),
    ("single_point", "wlc-market", "wlc-market", ("market",), ("wifi",), "warn"),
    ("single_point", "wlc-market", "10.9.9.1", ("market",), ("wifi",), "warn"),
    ("capacity_link", "harbour-1", "harbour-1 up1 + harbour-1 up2 + harbour-2 up", ("harbour",), (), "warn"),
    ("capacity_cell", "bsc-2", "stadium_b SDCCH", ("stadium",), (), "fail"),
    *(("capacity_access_point", "wlc-hall-1", f"hall_{n}", ("hall",), (), "warn") for n in range(1, 5)),
}


def identity(one: Finding) -> tuple[str, str, str, tuple[str, ...], tuple[str, ...], str]:
    return one.check, one.device, one.subject, one.venues, one.services, str(one.status)


def test_every_weakness_is_found_and_nothing_else() -> None:
    found = four_venues().findings(SETTING, CAPACITY)
    assert {identity(one) for one in found if one.status is not Outcome.PASS} == SEEDED
    assert {one.check for one in found} == CHECKS


def test_services_without_a_weakness_pass_by_name() -> None:
    found = four_venues().findings(SETTING, CAPACITY)
    passed = {one.subject for one in found if one.check in {"single_point", "capacity_link"}} - {
        subject for _check, _device, subject, *_rest in SEEDED
    }
    assert passed == {
        "hall fixed", "hall internet", "hall wifi", "stadium mobile", "market internet", "harbour fixed",
        "harbour internet", "harbour mobile", "core-1 out + core-2 out", "hall-1 up + hall-2 up",
        "market-1 up + market-2 up",
    }  # fmt: skip
