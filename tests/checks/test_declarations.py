"""Unknown declarations: a finding of the file, for the venues and services that it concerns alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from eventready.checks.finding import Finding
from tests.checks.casebook import Case

WIFI = {
    "venue": "hall", "window": "opening", "service": "wifi", "people": {"value": 100, "source": "s"},
}  # fmt: skip
POOL = {"kind": "pool", "device": "core", "name": "GUESTS", "venues": ["hall"], "source": "s"}
PORT = {"interface": [{"name": "a", "admin": "up", "oper": "up"}]}
NETWORK = {
    "venues": {"hall": ["internet"], "park": ["internet"]},
    "origins": [{"kind": "upstream", "device": "core"}],
    "risks": [{"name": "typo", "kind": "duct", "members": ["edge", "edge:z"]}],
}
DEVICES = {"core": {"role": "router", "venues": ["hall", "park"], "now": PORT}}


@pytest.mark.parametrize(
    ("check", "text", "element", "services"),
    [
        ("capacity_supply", {"capacity": {"demand": [WIFI]}}, ("", "capacity.yaml pool hall"), ("wifi",)),
        ("capacity_pool", {"capacity": {"demand": [WIFI], "supply": [POOL]}}, ("core", "pool GUESTS"), ("wifi",)),
        (
            "risk_group",
            {
                "network": NETWORK,
                "devices": {**DEVICES, "edge": {"role": "bts_controller", "venues": ["hall"], "now": PORT}},
            },
            ("", "risk.yaml typo edge:z"),
            ("mobile",),
        ),
    ],
)
def test_a_finding_of_its_file_and_of_its_service(
    check: str, text: Mapping[str, Any], element: tuple[str, str], services: tuple[str, ...]
) -> None:
    devices = {"core": {"role": "router", "venues": ["hall", "park"], "now": {"dhcp_pool": []}}}
    (found,) = _bad(Case(check, "", {"devices": devices, **text}))
    assert (found.device, found.subject) == element
    assert (found.venues, found.services) == (("hall",), services)


def _bad(case: Case) -> list[Finding]:
    return [one for one in case.findings() if one.status in ("warn", "fail", "not_measured")]
