"""Every seeded weakness of the four venues is found by name, and nothing else."""

from __future__ import annotations

from datetime import date

from eventready.checks.finding import Finding, Outcome
from eventready.workspace.settings.waivers import Waiver
from tests.network.four_venues import CAPACITY, CHECKS, SETTING, four_venues

#: check, device, subject, venues, services, status
SEEDED = {
    ("risk_group", "hall-1", "bridge", ("hall",), ("fixed", "internet", "wifi"), "warn"),
    ("cabling", "core-2", "core-2 stadium-up - stadium-1 ether2", (), (), "warn"),
    ("single_point", "core-1", "core-1", ("stadium",), ("internet",), "warn"),
    ("single_point", "core-1", "core-1 stadium-up - stadium-1 ether1", ("stadium",), ("internet",), "warn"),
    ("single_point", "stadium-1", "stadium-1", ("stadium",), ("internet",), "warn"),
    ("capacity_link", "stadium-1", "stadium-1 ether1 + stadium-1 ether2", ("stadium",), ("mobile",), "warn"),
    ("single_point", "wlc-market", "wlc-market", ("market",), ("wifi",), "warn"),
    ("single_point", "wlc-market", "10.9.9.1", ("market",), ("wifi",), "warn"),
    ("capacity_link", "harbour-1", "harbour-1 up1 + harbour-1 up2 + harbour-2 up", ("harbour",), ("fixed",), "warn"),
    ("capacity_cell", "bsc-2", "stadium_b SDCCH", ("stadium",), ("mobile",), "fail"),
    ("capacity_service", "wlc-hall-1", "pool", ("hall",), ("wifi",), "not_measured"),
    *(("capacity_access_point", "wlc-hall-1", f"hall_{n}", ("hall",), ("wifi",), "warn") for n in range(1, 5)),
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


def waiver(check: str, subject: str) -> Waiver:
    return Waiver(check=check, subject=subject, by="An", reason="static routes of the provider", until=date(2100, 1, 1))


def test_a_way_under_a_waiver_is_no_broken_one_and_is_marked() -> None:
    """The waiver of the second cable's missing route: by this the cable is a way, and its findings are gone."""
    cable = "core-2 stadium-up - stadium-1 ether2"
    found = four_venues().findings(SETTING, CAPACITY, waiver("cabling", cable))
    links = ("core-1 stadium-up - stadium-1 ether1", "stadium-1 ether1 + stadium-1 ether2", "core-1")
    gone = {one for one in SEEDED if one[2] in links}
    marked = ("cabling", "core-2", cable, (), (), "warn")
    shown = {identity(one) for one in found if one.status not in (Outcome.PASS, Outcome.WAIVED)}
    assert shown == SEEDED - gone - {marked}
    assert [one.subject for one in found if one.status is Outcome.WAIVED] == [cable]


def test_a_service_on_a_way_under_a_waiver_passes_with_a_mark() -> None:
    setting = SETTING.with_waived({"hall-2": frozenset({"up"})})
    (found,) = [one for one in four_venues().findings(setting, CAPACITY) if one.subject == "hall fixed"]
    assert found.status is Outcome.PASS
    assert "after the failure of core-1 only a way with a finding under a waiver is left" in found.message


def test_waivers_of_losses_leave_the_graph_alone() -> None:
    """A waived single point or risk group is accepted, not repaired: whatever rests on its links stays found."""
    found = four_venues().findings(SETTING, CAPACITY, waiver("single_point", "*"), waiver("risk_group", "*"))
    assert {identity(one) for one in found if one.status not in (Outcome.PASS, Outcome.WAIVED)} == {
        one for one in SEEDED if one[0] not in {"single_point", "risk_group"}
    }
