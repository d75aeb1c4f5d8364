"""Services of the hosts that name none: what event.yaml and the other devices have their users reach there."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.workspace.devices.device import Device, Role, Service
from eventready.workspace.devices.expect import Expect
from eventready.workspace.event_devices import with_users
from eventready.workspace.settings.event import Event, ServiceOrigin


def event(answers: dict[str, Any], *origins: ServiceOrigin) -> Event:
    venue = {"id": "hall", "name": "Hall", "services": ["fixed", "internet", "mobile", "wifi"], "answers": answers}
    recipient = {"name": "Office", "email": "a@b.vn"}
    return Event.model_validate({"id": "e", "name": "E", "recipient": recipient, "venues": [venue], "origins": origins})


def host(role: Role = "service_host", *services: Service, **expect: Any) -> Device:
    made = Expect.model_validate(expect)
    return Device("svc", role, "linux", "192.0.2.53", venues=("hall",), services=services, expect=made)


@pytest.mark.parametrize(
    ("answers", "carried"),
    [
        ({}, ()),
        ({"mobile": [{"ping": "192.0.2.54", "from": "r1"}]}, ()),  # of another
        ({"internet": [{"dns": "portal.example", "from": "r1"}]}, ()),  # of the asker's own resolver
        ({"fixed": [{"ping": "192.0.2.53", "from": "r1"}]}, ("fixed",)),
        ({"wifi": [{"http": "http://192.0.2.90/", "from": "r1"}]}, ("wifi",)),  # its floating address
        ({"wifi": [{"tcp": "[2001:db8::90]:443", "from": "r1"}]}, ("wifi",)),
        ({"mobile": [{"ntp": "192.0.2.53", "from": "r1"}],
          "internet": [{"dns": "x", "server": "192.0.2.90", "from": "r1"}]}, ("internet", "mobile")),
        ({"wifi": [{"dhcp": "eth0", "servers": ["192.0.2.53"], "from": "r1"}]}, ("wifi",)),
        ({"internet": [{"dns": "Portal.example", "server": "192.0.2.9", "addresses": ["192.0.2.90"], "from": "r1"}],
          "wifi": [{"http": "http://portal.example/", "from": "r1"}]}, ("wifi",)),  # the name of its page
    ],
)  # fmt: skip
def test_questions_at_the_address_of_a_host_name_its_services(
    answers: dict[str, Any], carried: tuple[Service, ...]
) -> None:
    gateways = [
        {"protocol": "vrrp", "group": number, "interface": "eth0", "virtual_ip": address}
        for number, address in enumerate(("192.0.2.90", "2001:db8::90"), 1)
    ]
    (found,) = with_users(event(answers), [host(gateways=gateways)])
    assert found.carried == found.concerned == carried


@pytest.mark.parametrize(
    ("origin", "carried"),
    [
        ({"kind": "portal", "services": ["internet"]}, ("internet",)),
        ({"kind": "dns"}, ("internet", "wifi")),
        ({"kind": "core", "services": ["mobile"]}, ("mobile",)),
        ({"kind": "dns", "device": "other"}, ()),
    ],
)
def test_an_origin_names_the_services_of_its_host(origin: dict[str, Any], carried: tuple[Service, ...]) -> None:
    named = ServiceOrigin.model_validate({"device": "svc", **origin})
    (found,) = with_users(event({}, named), [host()])
    assert found.carried == carried


def test_a_radius_server_carries_the_wifi_of_its_controllers() -> None:
    wlc = Device("wlc", "wifi_controller", "any", "192.0.2.7", expect=Expect(radius=("192.0.2.53",)))
    assert with_users(event({}), [host(), wlc])[0].carried == ("wifi",)


def test_services_as_given_win_and_a_router_keeps_those_of_its_role() -> None:
    answers = {"fixed": [{"ping": "192.0.2.53", "from": "r1"}]}
    assert with_users(event(answers), [host("service_host", "mobile")])[0].carried == ("mobile",)
    assert len(with_users(event(answers), [host("router")])[0].carried) == 4
