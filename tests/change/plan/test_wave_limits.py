"""Limits of a wave on random inventories: canaries, paths, radio, devices without a guard of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventready.change.plan.order import (
    MOST_INVERSE,
    Member,
    OrderedWave,
    WaveLimits,
    members_of,
    ordered_waves,
    radio_of,
)
from eventready.change.plan.paths import Need, Paths, last_audit, paths_of
from eventready.core.clock import Clock
from eventready.store.run import Run
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.workspace.devices.device import ROLE_SERVICES, Device, Role
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.event import Event
from eventready.workspace.workspace import Workspace, load_workspace
from tests.change.fake_fleet import write_workspace
from tests.change.plans import plan, planned
from tests.conftest import Proved
from tests.proofs.size import examples

ROLES: tuple[Role, ...] = ("router", "bts_controller", "wifi_controller", "switch")
EXAMPLE = Path(__file__).parents[3]
VENUES = ("hall", "park")
EVENT = Event.model_validate(
    {
        "id": "fair",
        "name": "The fair",
        "recipient": {"name": "Department", "email": "desk@example.org"},
        "venues": [
            {"id": "hall", "name": "Hall", "services": ["fixed", "mobile", "wifi"]},
            {"id": "park", "name": "Park", "services": ["internet", "mobile"]},
        ],
    }
)


@st.composite
def inventories(draw: st.DrawFn) -> tuple[Device, ...]:
    """Devices in a random network, with cells, access points, sites and pairs."""
    names = [f"d{number}" for number in range(draw(st.integers(1, 14)))]
    devices = []
    for name in names:
        far = draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
        links = [{"device": one, "port": f"to-{one}", "to_port": f"to-{name}"} for one in far if one != name]
        cells = draw(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([None, "s1", "s2"])), max_size=3))
        expect = {
            "links": links,
            "uplinks": draw(st.sampled_from([[], ["out"]])),
            "cells": [
                {"name": f"c{number}", "site": site, "venue": draw(st.sampled_from([None, *VENUES]))}
                for number, site in cells
            ],
            "access_points": [{"name": f"a{number}", "venue": "hall"} for number in draw(st.sets(st.integers(0, 9)))],
        }
        devices.append(
            Device(
                name,
                draw(st.sampled_from(ROLES)),
                draw(st.sampled_from(["frr", "cisco_xe", "osmocom_bsc"])),
                "192.0.2.1",
                venues=tuple(draw(st.sets(st.sampled_from(VENUES)))),
                expect=Expect.model_validate(expect),
                pair=draw(st.sampled_from(["", "", "p"])),
            )
        )
    return tuple(devices)


@st.composite
def audits(draw: st.DrawFn, devices: Iterable[Device]) -> Run:
    """An audit that measured a part of the network."""
    devices = tuple(devices)
    good = st.sampled_from(["pass", "pass", "pass", "fail", "not_measured"])
    found = []
    for device in devices:
        found += [("uplink", device.name, port, draw(good)) for port in device.expect.uplinks]
        found += [("core_link", device.name, "0", draw(good))] if device.role == "bts_controller" else []
        found += [
            ("link", "", f"{device.name} {link.port} - {link.device} {link.to_port}", draw(good))
            for link in device.expect.links
        ]
    reached = draw(st.sets(st.sampled_from([device.name for device in devices])))
    findings = [dict(zip(("check", "device", "subject", "status"), one, strict=True)) for one in found]
    return Run.of(
        {
            "schema": SCHEMA,
            "devices": [{"name": d.name, "reachable": d.name in reached} for d in devices],
            "findings": findings,
        }
    )


def has_path(paths: Paths, need: Need, without: Collection[str]) -> bool:
    """Return True for a path, by growing the set of devices in reach of the users."""
    starts, origins = paths.ends[need]
    reach = starts - set(without)
    for _ in paths.links:
        reach |= {far for name in reach for far in paths.links.get(name, ()) if far not in without}
    return not reach.isdisjoint(origins)


def keeps_path(paths: Paths, need: Need, wave: Collection[str], serving: Collection[str]) -> bool:
    """Return True for a wave that keeps a path, or that has a single device of a need on all of its paths."""
    if not has_path(paths, need, ()):
        return len(set(wave) & set(serving)) <= 1
    if has_path(paths, need, wave):
        return True
    return any(
        not has_path(paths, need, [one])
        and has_path(paths, need, rest := set(wave) - {one})
        and rest.isdisjoint(serving)
        for one in wave
    )


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data(), batch=st.integers(1, 6), share=st.sampled_from([0.1, 0.3, 0.7]), seed=st.randoms())
def test_no_wave_violates_a_limit(data: st.DataObject, batch: int, share: float, seed: Random, proved: Proved) -> None:
    devices = data.draw(inventories())
    paths = paths_of(EVENT, devices, data.draw(audits(devices)))
    inverse = data.draw(st.sets(st.sampled_from([device.name for device in devices])))
    soaks = data.draw(st.lists(st.sampled_from([0.0, 15, 40, 180]), min_size=len(devices), max_size=len(devices)))
    members = [
        replace(member, inverse=member.name in inverse, soak_s=soak_s)
        for member, soak_s in zip(members_of(devices, {}), soaks, strict=True)
    ]
    radio = radio_of(devices)
    limits = WaveLimits(batch, share, radio, paths)
    order = ordered_waves(members, limits)
    assert sorted(name for wave in order for name in wave.names) == sorted(device.name for device in devices)
    shuffled = list(members)
    seed.shuffle(shuffled)
    assert ordered_waves(shuffled, limits) == order
    serving = {
        need: {d.name for d in devices if need[0] in d.venues and need[1] in ROLE_SERVICES[d.role]}
        for need in paths.ends
    }
    named = {device.name: device for device in devices}
    ended: set[str] = set()
    begun: set[str] = set()
    first: dict[str, str] = {}
    for number, wave in enumerate(order):
        assert 1 <= len(wave.names) <= (batch if number else 1)
        ended = begun - set(wave.beside)
        assert set(wave.beside) <= begun
        assert number == 0 or order[0].names[0] in ended, "the first wave ends before any other begins"
        for name in wave.names:
            assert first.setdefault(named[name].platform, name) in {name, *ended}
        begun |= set(wave.names)
    for away in (*({*wave.names, *wave.beside} for wave in order), *away_at_once(order, data.draw(st.randoms()))):
        assert len(inverse.intersection(away)) <= MOST_INVERSE
        assert all(keeps_path(paths, need, away, serving[need]) for need in paths.ends)
        sites = Counter(site for name in away for site in {cell.site for cell in named[name].expect.cells} - {None})
        pairs = Counter(named[name].pair for name in away if named[name].pair)
        assert all(count == 1 for count in (*sites.values(), *pairs.values()))
        assert not any(link.device in away for name in away for link in named[name].expect.links)
        for key, names in radio.items():
            own = [radio_of([named[name]]).get(key, frozenset()) for name in away]
            assert sum(map(bool, own)) <= 1 or len(frozenset().union(*own)) <= share * len(names)
    proved("waves of a random inventory")


def away_at_once(order: Sequence[OrderedWave], random: Random) -> Iterator[set[str]]:
    """Yield the devices between begin and end at the begin of each wave, with random times of the devices."""
    soaks, ends, now = dict[str, float](), dict[str, float](), 0.0
    for wave in order:
        others = [end for name, end in ends.items() if name not in wave.beside]
        now = max([now, *soaks.values(), *others])
        for name in wave.names:
            soaks[name] = now + random.choice([0, 1, 20, 300])
            ends[name] = soaks[name] + random.choice([0, 1, 30, 200])
        yield {name for name, end in ends.items() if end >= now and (end > now or name in wave.names)}


def router(name: str, *far: str, **expect: object) -> Device:
    links = [{"device": one, "port": f"to-{one}", "to_port": f"to-{name}"} for one in far]
    expected = Expect.model_validate({"links": links, **expect})
    return Device(name, "router", name, "192.0.2.1", venues=("park",), expect=expected)


def passed(*found: tuple[str, str, str]) -> Run:
    """An audit that reached every device, and passed these checks only."""
    findings = [{"check": check, "device": name, "subject": what, "status": "pass"} for check, name, what in found]
    names = {name for _check, name, _what in found} | {"a", "b", "edge"}
    return Run.of(
        {"schema": SCHEMA, "devices": [{"name": name, "reachable": True} for name in names], "findings": findings}
    )


#: Two ways out of the park: through `a` and through `b`.
TWO_WAYS = (router("a", "edge", uplinks=["out"]), router("b", "edge", uplinks=["out"]), router("edge"))
OUT_A, OUT_B = ("uplink", "a", "out"), ("uplink", "b", "out")
TO_A, TO_B = ("link", "a", "a to-edge - edge to-a"), ("link", "a", "edge to-b - b to-edge")
INTERNET: Need = ("park", "internet")


def order_of(devices: Sequence[Device], run: Run, **limits: float) -> tuple[tuple[str, ...], ...]:
    paths = paths_of(EVENT, devices, run)
    within = WaveLimits(20, 0.3, radio_of(devices), paths)
    return tuple(wave.names for wave in ordered_waves(members_of(devices, {}), within))


@pytest.mark.parametrize(
    ("found", "path"),
    [
        ([OUT_A, TO_A, TO_B], {"a"}),
        ([OUT_B, TO_A, TO_B], {"b"}),
        ([OUT_B, TO_A], {"b"}),
        ([TO_A, TO_B], None),
        ([], None),
    ],
)
def test_only_what_the_audit_found_up_is_a_path(found: list[tuple[str, str, str]], path: set[str] | None) -> None:
    assert paths_of(EVENT, TWO_WAYS, passed(*found)).path(INTERNET) == path


def test_an_unmeasured_cable_and_an_unreached_device_are_no_path() -> None:
    edge_only = (*TWO_WAYS[:2], replace(TWO_WAYS[2], name="edge"), replace(router("c", "edge"), venues=()))
    devices = tuple(replace(one, venues=("park",) if one.name == "edge" else ()) for one in edge_only)
    assert paths_of(EVENT, devices, passed(OUT_A, OUT_B, TO_A)).path(INTERNET, {"a"}) is None
    assert paths_of(EVENT, devices, passed(OUT_A, OUT_B, TO_A, TO_B)).path(INTERNET, {"a"}) == frozenset({"b", "edge"})
    lost = Run.of({**passed(OUT_A, OUT_B, TO_A, TO_B).document, "devices": [{"name": "edge", "reachable": True}]})
    assert paths_of(EVENT, devices, lost).path(INTERNET) is None


def test_a_wave_leaves_a_measured_path_of_each_service() -> None:
    far = tuple(replace(router(f"x{number}", uplinks=["out"]), services=("internet",)) for number in (1, 2, 3))
    every = [("uplink", one.name, "out") for one in far]
    assert order_of(far, passed(*every)) == (("x1",), ("x2", "x3"))
    assert order_of(far, passed(*every[1:])) == (("x1",), ("x2",), ("x3",))
    assert order_of(far, passed()) == (("x1",), ("x2",), ("x3",))


def in_the_example(members: Callable[[Workspace], Iterable[Member]]) -> tuple[tuple[OrderedWave, ...], Paths]:
    """Return the waves of members of the example by an audit that found everything up, and the measured paths."""
    workspace = load_workspace(EXAMPLE)
    up = [
        *(("uplink", device.name, port) for device in workspace.devices for port in device.expect.uplinks),
        *(("core_link", one.name, name) for one in workspace.devices for name in one.expect.core_links or ()),
        *(
            ("link", device.name, f"{device.name} {link.port} - {link.device} {link.to_port}")
            for device in workspace.devices
            for link in device.expect.links
        ),
    ]
    run = passed(*up, *(("system", device.name, "name") for device in workspace.devices))
    paths = paths_of(workspace.event, workspace.devices, run)
    return ordered_waves(members(workspace), WaveLimits(20, 0.3, radio_of(workspace.devices), paths)), paths


def members_of_intent(workspace: Workspace) -> tuple[Member, ...]:
    devices = [device for device in workspace.devices if device.intents.get("backup")]
    return members_of(devices, workspace.files.groups_of)


def test_the_example_is_not_dark_in_any_wave() -> None:
    """Once its second wave had all base station controllers, and a router of the aggregation with an edge router."""
    order, paths = in_the_example(members_of_intent)
    assert set(paths.ends) == set(paths.whole)
    place = {name: number for number, wave in enumerate(order) for name in wave.names}
    assert place["agg-1"] != place["edge-hn-2"]
    assert all(not {"bsc-1", "bsc-2", "bsc-6900"} <= {*wave.names, *wave.beside} for wave in order)


#: Devices of the example without a guard of their own.
INVERSE = ("bsc", "enb", "ac-1", "edge-hn")


def with_soaks(soaks: Mapping[str, float]) -> Callable[[Workspace], Iterator[Member]]:
    """Return the members of the example, with soaks by the begin of their names (others: 30 s)."""

    def members(workspace: Workspace) -> Iterator[Member]:
        for one in members_of_intent(workspace):
            soak_s = next((soak for name, soak in soaks.items() if one.name.startswith(name)), 30.0)
            yield replace(one, inverse=one.name.startswith(INVERSE), soak_s=soak_s)

    return members


def test_radio_of_the_example_is_changed_in_the_soak_of_a_router() -> None:
    order, _paths = in_the_example(with_soaks({"agg": 180.0, "core": 180.0}))
    beside = {name: set(wave.beside) for wave in order for name in wave.names}
    assert beside["enb-hn-1"] & {"agg-1", "agg-2"}
    routers = {"agg-1", "agg-2", "core-1", "core-2"}  # no two of them may be away
    assert all(len(routers.intersection({*wave.names, *wave.beside})) <= 1 for wave in order)


def test_the_load_balancing_of_the_example_takes_11_minutes_at_most() -> None:
    """The soaks are those of its plan in the lab; in sequence the same waves take more than 12 minutes."""
    soaks = {"core": 40.0, "edge-vh": 40.0, "edge-dt": 40.0, "wlc": 45.0, "ac": 150.0}
    order, _paths = in_the_example(with_soaks(soaks))
    devices = [
        planned(name, soak_s=next((soak for begin, soak in soaks.items() if name.startswith(begin)), 30.0))
        for wave in order
        for name in wave.names
    ]
    whole = plan(devices=devices, waves=[wave.names for wave in order], together=[wave.beside for wave in order])
    assert len(whole.devices) == 18
    assert whole.duration <= 11 * 60
    assert whole.timetable(overlap=False)[-1][1] > 12 * 60


def test_waves_of_a_large_fleet_soak_together() -> None:
    fleet = tuple(
        Device(f"r{number:02}", "router", "frr", "192.0.2.1", venues=("park",), services=("internet",),
               expect=Expect.model_validate({"uplinks": ["out"]})) for number in range(40)
    )  # fmt: skip
    run = passed(*(("uplink", one.name, "out") for one in fleet))
    limits = WaveLimits(10, 0.3, {}, paths_of(EVENT, fleet, run))
    order = ordered_waves([replace(member, soak_s=90.0) for member in members_of(fleet, {})], limits)
    assert [len(wave.names) for wave in order] == [1, 10, 10, 10, 9]
    assert [len(wave.beside) for wave in order] == [0, 0, 10, 20, 30], "the first router is back in service"


def test_the_paths_are_those_of_the_last_audit_of_all_devices(tmp_path: Path) -> None:
    """Another event, a later audit of some devices, and a pruned run show no path."""
    write_workspace(tmp_path)
    need: Need = ("hall", "internet")
    clock = Clock.starting("2022-04-25 07:00")
    groups = (tmp_path / "inventory" / "groups.yaml").read_text()
    groups = groups.replace("venues: [hall],", "venues: [hall], expect: {uplinks: [out]},")
    (tmp_path / "inventory" / "groups.yaml").write_text(groups)
    workspace = load_workspace(tmp_path)

    def stored(event: str, *names: str, up: bool) -> None:
        findings = [{"check": "uplink", "device": name, "subject": "out", "status": "pass"} for name in names if up]
        devices = [{"name": name, "reachable": True} for name in names]
        run = {"schema": SCHEMA, "id": store.begin(event, clock), "event": event, "finished": "9"}
        run["started"] = str(len(store.runs()))
        store.finish({**run, "devices": devices, "findings": findings})

    def measured() -> Paths:
        return paths_of(workspace.event, workspace.devices, last_audit(workspace, clock))

    every = [device.name for device in workspace.devices]
    with Store.of_workspace(tmp_path) as store:
        assert measured().path(need) is None
        stored("fair", *every, up=True)
        stored("fair", every[0], up=False)
        stored("other", *every, up=False)
        assert measured().path(need) == frozenset({"box-1"})
        store.prune(clock, keep=1)
        assert measured().path(need) is None
