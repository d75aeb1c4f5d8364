"""Venues touched by a change: by the measured network, and every venue for a shared device without a measurement."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.change.plan.paths import paths_of
from eventready.change.plan.places import venues_of_device
from eventready.change.safety.freeze import CLOSED
from eventready.core.clock import parse_moment
from eventready.store.run import Run
from eventready.store.run_records import SCHEMA
from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.event import Event
from tests.change.plan.test_wave_limits import audits, inventories
from tests.proofs.size import examples

PLAIN = {
    "id": "fair",
    "name": "The fair",
    "recipient": {"name": "Department", "email": "desk@example.org"},
    "origins": [{"kind": "upstream", "device": "core", "port": "out"}, {"kind": "portal", "device": "portal"}],
    "venues": [
        {"id": "hall", "name": "Hall", "services": ["internet"]},
        {"id": "park", "name": "Park", "services": ["internet"]},
    ],
}
EVENT = Event.model_validate(PLAIN)
ALL = {"hall", "park"}


def router(name: str, *far: str, venues: tuple[str, ...] = (), role: Role = "router") -> Device:
    links = [{"device": one, "port": f"to-{one}", "to_port": f"to-{name}"} for one in far]
    return Device(name, role, "frr", "192.0.2.1", venues=venues, expect=Expect.model_validate({"links": links}))


#: The hall by two routers to the core, the park by three access devices; a router that carries nothing, and the portal.
DEVICES = (
    router("edge-hall", "agg-1", "agg-2", venues=("hall",)),
    router("agg-1", "core"),
    router("agg-2", "core"),
    router("edge-park", "core", venues=("park",)),
    router("gate", "agg-3", venues=("park",)),
    router("tent", "agg-4", venues=("park",)),
    router("agg-3", "core"),
    router("agg-4", "core"),
    router("core", "spare"),
    router("spare"),
    router("portal", role="service_host"),
    router("gateway", role="wifi_controller"),
)


def measured(*missing: str) -> Run:
    """An audit with the state of every cable but those named."""
    cables = [f"{one.name} {to.port} - {to.device} {to.to_port}" for one in DEVICES for to in one.expect.links]
    return Run.of(
        {
            "schema": SCHEMA,
            "devices": [{"name": one.name, "reachable": True} for one in DEVICES],
            "findings": [
                {"check": "link", "device": cable.split()[0], "subject": cable, "status": "pass"}
                for cable in cables
                if cable.split()[0] not in missing
            ],
        }
    )


NOTHING = Run.of({"schema": SCHEMA})


@pytest.mark.parametrize(
    ("name", "by_graph", "unmeasured"),
    [
        ("edge-hall", {"hall"}, {"hall"}),
        ("edge-park", {"park"}, {"park"}),
        ("agg-1", {"hall"}, ALL),
        ("agg-2", {"hall"}, ALL),  # takes over
        ("agg-3", {"park"}, ALL),  # of the second access device of a venue
        ("agg-4", {"park"}, ALL),  # of the third
        ("core", ALL, ALL),
        ("spare", set(), ALL),
        ("portal", ALL, ALL),
        ("gateway", ALL, ALL),  # of no venue, and on nobody's way: nothing tells
    ],
)
def test_venues_touched_by_a_device(name: str, by_graph: set[str], unmeasured: set[str]) -> None:
    device = next(one for one in DEVICES if one.name == name)
    assert venues_of_device(device, EVENT, paths_of(EVENT, DEVICES, measured())) == by_graph
    assert venues_of_device(device, EVENT, paths_of(EVENT, DEVICES, NOTHING)) == unmeasured


def test_a_venue_without_measured_ways_is_touched_by_every_shared_device() -> None:
    paths = paths_of(EVENT, DEVICES, measured("edge-park", "gate", "tent"))
    assert [venues_of_device(one, EVENT, paths) for one in DEVICES[1:3]] == [ALL, ALL]


def test_cells_and_access_points_are_at_their_venues() -> None:
    cells = Expect.model_validate({"cells": [{"name": "A", "venue": "park"}]})
    device = replace(router("bsc", venues=("hall",), role="bts_controller"), expect=cells)
    assert venues_of_device(device, EVENT, paths_of(EVENT, DEVICES, NOTHING)) == ALL


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_closed_windows_of_all_venues_hold_as_before(data: st.DataObject) -> None:
    devices = data.draw(inventories())
    span = {"kind": data.draw(st.sampled_from(CLOSED)), "from": "2022-04-26 00:00", "to": "2022-05-02 00:00"}
    plain, named, *placed = (
        Event.model_validate({**PLAIN, "windows": [{**span, **venues}]})
        for venues in ({}, {"venues": ["park", "hall"]}, {"venues": ["hall"]}, {"venues": ["park"]})
    )
    paths = paths_of(plain, devices, data.draw(audits(devices)))
    moment = parse_moment("2022-04-27 00:00")
    for device in devices:
        touched = venues_of_device(device, plain, paths)
        assert named.at(touched).windows_at(moment) == plain.at(touched).windows_at(moment) == plain.windows
        assert {"hall", "park"} - touched == {
            venue for venue, event in zip(("hall", "park"), placed, strict=True) if not event.at(touched).windows
        }
