"""What the inventory leaves unsaid: asked about, once for each gap, and never about what is said."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.workspace.devices.device import Device, Role, Service
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.event import Event
from eventready.workspace.unsaid import unsaid, unsaid_lines

AT_PARK = {"name": "x", "venue": "park"}
UPSTREAM = {"kind": "upstream", "device": "core"}


def event(*services: Service, origins: tuple[dict[str, str], ...] = (UPSTREAM,)) -> Event:
    recipient = {"name": "Office", "email": "a@b.vn"}
    venues = [{"id": "hall", "name": "Hall", "services": services}]
    return Event.model_validate({"id": "e", "name": "E", "recipient": recipient, "venues": venues, "origins": origins})


def device(name: str, role: Role, *venues: str, services: tuple[Service, ...] = (), **expect: Any) -> Device:
    made = Expect.model_validate(expect)
    return Device(name, role, "any", name, venues=venues or ("hall",), services=services, expect=made)


@pytest.mark.parametrize(
    ("service", "devices", "found"),
    [
        ("fixed", [device("core", "router", "hall", "park")], ["users"]),
        ("fixed", [device("core", "router")], []),  # of one venue
        ("fixed", [device("core", "router", "hall", "park", services=("fixed",))], []),
        ("fixed", [device("edge", "router", "park")], ["users"]),
        ("fixed", [device("edge", "router")], []),
        ("internet", [device("sw", "switch", services=("fixed",))], ["users"]),
        ("internet", [device("sw", "switch", services=("internet",))], []),
        ("mobile", [device("edge", "router")], ["users"]),
        ("mobile", [device("bsc", "bts_controller")], []),  # no cell is expected yet
        ("mobile", [device("bsc", "bts_controller", "hall", "park", cells=[AT_PARK])], ["users"]),
        ("wifi", [device("wlc", "wifi_controller", access_points=[{"name": "x", "venue": "hall"}])], []),
        ("wifi", [], ["users"]),
        ("wifi", [device("wlc", "wifi_controller"), device("svc", "service_host")], ["carried"]),
    ],
)  # fmt: skip
def test_a_service_without_users_and_a_host_without_a_service_are_questions(
    service: Service, devices: list[Device], found: list[str]
) -> None:
    assert [one.kind for one in unsaid(event(service), devices)] == found


def test_an_event_without_origins_is_a_question() -> None:
    assert [one.about for one in unsaid(event("fixed", origins=()), [device("edge", "router")])] == ["event.yaml"]


def test_a_switch_at_the_end_of_the_cables_is_a_question() -> None:
    far = [{"port": str(number), "device": f"r{number}", "to_port": "1"} for number in range(3)]
    switches = [device("end", "switch", links=far[:2]), device("amid", "switch", links=far),
                device("said", "switch", services=("fixed",)), device("edge", "router")]  # fmt: skip
    assert [one.about for one in unsaid_lines(switches)] == ["end"]
