"""The score counts the findings of the scenario, and no finding from the inventory alone."""

from __future__ import annotations

from typing import Any

from eventready_lab.control.score import Finding, score

CELL: Finding = ("cell", "bsc-1", "S1", "fail")
LOGIN: Finding = ("cleartext", "bsc-1", "login", "warn")
LEGACY: Finding = ("legacy_ssh", "core-1", "login", "warn")
WAIVER: Finding = ("waiver", "", "cpu core-1 *", "warn")
ABSENT: Finding = ("cell", "odd-1", "", "not_measured")


def document(*findings: Finding, blind: bool = False) -> list[dict[str, Any]]:
    keys = ("check", "device", "subject", "status")
    return [{**dict(zip(keys, finding, strict=True)), "blind": blind} for finding in findings]


def test_a_finding_of_no_fault_is_unexpected() -> None:
    result = score(document(CELL), [])
    assert (result.found, result.missed, result.unexpected) == ((), (), (CELL,))
    assert score(document(CELL, blind=True), []).perfect


def test_a_finding_from_the_inventory_alone_is_not_unexpected() -> None:
    result = score(document(CELL, LOGIN, LEGACY, WAIVER), [CELL])
    assert result.perfect
    assert result.found == (CELL,)


def test_a_scenario_can_expect_it_nevertheless() -> None:
    assert score(document(LOGIN), [LOGIN]).found == (LOGIN,)
    assert score([], [LOGIN]).missed == (LOGIN,)


def test_a_device_outside_the_lab_is_not_unexpected() -> None:
    assert score(document(ABSENT), []).unexpected == (ABSENT,)
    assert score(document(ABSENT), [], ["odd-1"]).perfect
