"""A radio whose state was not read hides no failure of its clients, and passes nothing about another access point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from eventready.core.messages import Message
from eventready.facts.observation import Observation, Unread
from tests.checks.casebook import Case

Strange = Callable[[Observation], Observation]
POINTS = ("hall-1", "hall-2", "hall-3")


def case(check: str, clients: Mapping[str, int]) -> Case:
    """Access points with a radio each, and its clients; hall-1 has a second radio without any."""
    radios = [{"ap": ap, "slot": "1", "band": "5", "oper": "up"} for ap in POINTS]
    loads = [{"ap": ap, "slot": "1", "band": "5", "clients": clients[ap], "utilisation_percent": 10} for ap in POINTS]
    second = {"ap": "hall-1", "slot": "0", "band": "2.4"}
    text = {
        "expect": {"access_points": [{"name": ap, "venue": "hoi-nghi"} for ap in POINTS]},
        "now": {
            "access_point": [{"name": ap, "state": "up"} for ap in POINTS],
            "radio": radios,
            "radio_24": [{**second, "oper": "up"}],
            "radio_load": loads,
            "radio_load_24": [{**second, "clients": 0, "utilisation_percent": 1}],
        },
        "findings": [],
    }
    return Case(check, "", text)


def without_state(ap: str, fact: str = "radio") -> Strange:
    def strange(observation: Observation) -> Observation:
        if observation.fact != fact:
            return observation
        rows = tuple(row for row in observation.rows if getattr(row, "ap", "") != ap)
        return replace(observation, rows=rows, unread=(Unread(ap, Message("facts:no_rows")),))

    return strange


def statuses(of: Case, strange: Strange | None = None) -> dict[str, str]:
    found = of.findings(strange) if strange else of.findings()
    return {one.subject: str(one.status) for one in found}


@pytest.mark.parametrize(
    "check", ["radio_clients", "radio_balance", "access_point_balance", "access_point_empty", "radio_utilisation"]
)
def test_a_radio_with_clients_is_in_service_whatever_its_state(check: str) -> None:
    full = case(check, {"hall-1": 90, "hall-2": 0, "hall-3": 0})
    assert statuses(full, without_state("hall-1")) == statuses(full)


@pytest.mark.parametrize(
    ("check", "own"),
    [
        ("radio_clients", "hall-2 1 (5 GHz)"),
        ("radio_utilisation", "hall-2 1 (5 GHz)"),
        ("radio_balance", "hall-2"),
        ("access_point_empty", "hall-2"),
    ],
)
def test_a_radio_without_clients_and_state_is_not_measured(check: str, own: str) -> None:
    full = case(check, {"hall-1": 90, "hall-2": 0, "hall-3": 0})
    whole, found = statuses(full), statuses(full, without_state("hall-2"))
    assert found == {**whole, own: "not_measured"}


def test_clients_beside_an_empty_radio_without_a_state_are_not_called_balanced() -> None:
    full = case("radio_balance", {"hall-1": 90, "hall-2": 0, "hall-3": 0})
    assert statuses(full)["hall-1"] == "warn"
    assert statuses(full, without_state("hall-1", "radio_24"))["hall-1"] == "not_measured"


def test_a_share_out_of_service_says_what_was_not_read() -> None:
    names = [f"ap-{n}" for n in range(20)]
    text = {
        "expect": {"access_points": [{"name": one, "venue": "hoi-nghi"} for one in names]},
        "now": {"access_point": [{"name": one, "state": "down" if one < "ap-12" else "up"} for one in names]},
        "findings": [],
    }

    def strange(observation: Observation) -> Observation:
        lost = [row.subject for row in observation.rows[-2:]]
        unread = tuple(Unread(one, Message("facts:no_rows")) for one in lost)
        return replace(observation, rows=observation.rows[:-2], unread=unread)

    (share,) = (one for one in Case("access_point", "", text).findings(strange) if one.subject == "access points")
    assert share.message == "At least 4 of 20 access points are out of service: 20% (limit 5%); not read: 2"


def test_a_record_unread_in_two_facts_is_named_once() -> None:
    full = case("access_point_balance", {"hall-1": 90, "hall-2": 0, "hall-3": 0})

    def strange(observation: Observation) -> Observation:
        return without_state("hall-2", observation.fact)(observation) if "load" in observation.fact else observation

    (found,) = (one for one in full.findings(strange) if one.subject == "hoi-nghi")
    assert "understood (hall-2);" in found.message
