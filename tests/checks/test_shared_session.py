"""A check that reads a fact beside its own says when that one, or a record of it, was not read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eventready.core.messages import Message
from eventready.facts.observation import Observation, Status, Unread
from tests.checks.casebook import Case

STATIC = [
    {"prefix": "0.0.0.0/0", "next_hop": "10.0.0.1", "distance": 10, "bfd": "bfd"},
    {"prefix": "0.0.0.0/0", "next_hop": "10.0.3.1", "distance": 200},
]
OSPF = {"protocol": "ospf", "peer": "10.255.0.1", "address": "10.0.0.1", "state": "Full", "up": True, "bfd": True}
ROUTES = {
    "expect": {"default_routes": 2, "ospf": ["10.255.0.1"]},
    "now": {"static_route": STATIC, "ospf_neighbour": [OSPF]},
    "findings": [],
}


@pytest.mark.parametrize(
    ("unread", "status"),
    [
        ((Unread("10.255.0.1", Message("facts:no_rows"), "10.255.0.1 ZORK/DR 10.0.0.1 eth1"),), "not_measured"),
        ((Unread("10.255.0.1", Message("facts:no_rows")),), "not_measured"),  # of a stored run
        ((Unread("10.255.0.9", Message("facts:no_rows"), "10.255.0.9 ZORK/DR 10.0.9.1 eth9"),), None),
        ((), "not_measured"),  # nothing was read
    ],
)
def test_a_session_that_ospf_may_share_is_not_measured(unread: tuple[Unread, ...], status: str | None) -> None:
    def strange(observation: Observation) -> Observation:
        if observation.fact != "ospf_neighbour":
            return observation
        return replace(observation, rows=(), unread=unread, status=observation.status if unread else Status.UNPARSED)

    case = Case("floating_route", "", ROUTES)
    assert {one.subject: str(one.status) for one in case.findings()}["BFD 10.0.0.1"] == "warn"
    found = {one.subject: str(one.status) for one in case.findings(strange)}
    assert found == {"10.0.0.1": "pass", **({"BFD 10.0.0.1": status} if status else {})}
