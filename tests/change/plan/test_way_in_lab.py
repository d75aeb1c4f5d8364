"""The route back to this machine, read from simulated devices over real sessions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eventready.change.safety.way_in import read_way_in
from eventready.core.messages import Message
from eventready.workspace.devices.access import Access
from eventready_lab.device.view import STATION
from tests.change.guard.test_guard_lab import Rig, rig

pytestmark = pytest.mark.slow
__all__ = ["rig"]


@pytest.mark.parametrize("rig", ["cisco_xe", "cisco_xr", "frr", "huawei_vrp", "juniper_junos"], indirect=True)
def test_the_route_leaves_by_a_port_of_the_configuration(rig: Rig) -> None:
    device = replace(rig.device, access=Access(seen_from=STATION))
    way = read_way_in(rig.platform.spec, device, rig.session, rig.read().tree)
    assert way.unread is None, way
    assert way.routes[0].address == STATION
    assert way.routes[0].protocol.lower() == "static"
    assert way.interfaces
    text = rig.read().text
    assert all(name.rpartition(".")[0] in text or name in text for name in way.interfaces), way


@pytest.mark.parametrize("rig", ["cisco_9800", "huawei_ac"], indirect=True)
def test_a_device_without_the_route_says_so(rig: Rig) -> None:
    device = replace(rig.device, access=Access(seen_from=STATION))
    way = read_way_in(rig.platform.spec, device, rig.session, rig.read().tree)
    assert isinstance(way.unread, Message)
    assert way.unread.id == "change:way_in.no_route"


@pytest.mark.parametrize("rig", ["cisco_xe"], indirect=True)
def test_the_device_shows_where_its_session_comes_from(rig: Rig) -> None:
    way = read_way_in(rig.platform.spec, rig.device, rig.session, rig.read().tree)
    assert way.station == STATION
