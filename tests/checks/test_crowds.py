"""Declared crowds beside an unread record: a place fails by its own records, a venue by all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eventready.core.messages import Message
from eventready.facts.observation import Observation, Unread
from tests.checks.casebook import Case

NIGHT = [{"kind": "event", "name": "Opening", "from": "2022-04-25 06:00", "to": "2022-04-25 09:00"}]
POINTS = {
    "windows": NIGHT,
    "expect": {"access_points": [{"name": f"hall-{n}", "venue": "hoi-nghi", "clients": 30} for n in (1, 2, 3)]},
    "now": {
        "access_point": [{"name": f"hall-{n}", "state": "up"} for n in (1, 2, 3)],
        "radio_load": [{"ap": f"hall-{n}", "slot": "1", "band": "5", "clients": 0} for n in (1, 2, 3)],
        "radio_load_24": [],
    },
}
CELLS = {
    "windows": NIGHT,
    "expect": {"cells": [{"name": f"C{n}", "site": "S", "venue": "hoi-nghi", "users": 300} for n in (1, 2, 3)]},
    "before": {"channel_requests": [{"cell": f"C{n}", "total": 9, "refused": 0} for n in (1, 2, 3)]},
    "now": {
        "channel_load": [{"cell": f"C{n}", "kind": "tch_f", "used": 0, "total": 14} for n in (1, 2, 3)],
        "channel_requests": [{"cell": f"C{n}", "total": 9, "refused": 0} for n in (1, 2, 3)],
    },
}


@pytest.mark.parametrize(
    ("check", "text", "fact", "own"),
    [("access_point_crowd", POINTS, "radio_load", "hall-2"), ("cell_crowd", CELLS, "channel_load", "C2")],
)
def test_an_unread_record_costs_its_own_place_and_the_venue(
    check: str, text: dict[str, object], fact: str, own: str
) -> None:
    def strange(observation: Observation) -> Observation:
        if observation.fact != fact:
            return observation
        (lost,) = [row for row in observation.rows if own in row.subject]
        rows = tuple(row for row in observation.rows if row is not lost)
        return replace(observation, rows=rows, unread=(Unread(lost.subject, Message("facts:no_rows")),))

    case = Case(check, "", {**text, "findings": []})
    whole = {one.subject: str(one.status) for one in case.findings()}
    assert set(whole.values()) == {"fail"}
    found = {one.subject: str(one.status) for one in case.findings(strange)}
    assert {name for name, status in found.items() if status == "fail"} == whole.keys() - {own, "hoi-nghi"}
    assert found["hoi-nghi"] == "not_measured"
