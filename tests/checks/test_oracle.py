"""READY over invented fleets and answers, held against an oracle that knows neither the verdict nor the runner."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from eventready.checks.check import CHECKS
from eventready.checks.finding import Finding, Outcome
from eventready.core.errors import WorkspaceError
from eventready.evaluation.runner import evaluate
from eventready.evaluation.verdicts import Readiness, telling, verdicts_of, weights
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status
from eventready.workspace.devices.device import Device, Role, Service
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.checking.waivers import Waiver
from tests.checks.casebook import MOMENT, FakePlatform, english, matrix_of

VENUES = ("a", "b")
SERVICES: tuple[Service, ...] = ("fixed", "internet", "mobile", "wifi")
#: Examples in the suite; ORACLE_EXAMPLES for a hard run.
EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "60"))

#: What each role may expect, and the checks that prove access by it, by venue ("": everywhere).
EXPECTED: Mapping[Role, Mapping[str, tuple[Any, Mapping[str, str]]]] = {
    "router": {
        "uplinks": (["e1"], {"uplink": ""}),
        "ospf": (["10.0.0.1"], {"ospf": ""}),
        "bgp": (["10.0.0.2"], {"bgp": ""}),
        "bundles": ([{"name": "b1"}], {"bundle": ""}),
        "links": ([{"port": "e2", "device": "d0", "to_port": "e2"}], {"link": ""}),
        "default_routes": (1, {"default_route": ""}),
    },
    "bts_controller": {
        "sites": ([{"name": "S-a", "venue": "a"}], {"site": "a"}),
        "cells": ([{"name": "C-b", "site": "S-b", "venue": "b"}], {"cell": "b"}),
        "core_links": (["m1"], {}),
    },
    "wifi_controller": {
        "access_points": ([{"name": "AP-a", "venue": "a"}], {"access_point": "a"}),
        "radius": (["10.0.0.3"], {}),
        "uplinks": (["e1"], {}),
    },
    "service_host": {
        "services": (["nginx"], {"service": ""}),
        "listeners": (["tcp/443"], {"listener": ""}),
        "dns": (["vnpt.vn"], {"dns_answer": ""}),
        "dhcp": (True, {"dhcp_pool": ""}),
    },
}
OFFERS: Mapping[Role, tuple[Service, ...]] = {"bts_controller": ("mobile",), "wifi_controller": ("wifi",)}
ACCESS: Mapping[Service, Role] = {
    "fixed": "router",
    "internet": "router",
    "mobile": "bts_controller",
    "wifi": "wifi_controller",
}

_PORT = {"admin": "up", "oper": "up", "bandwidth_bps": 10**9, "in_bps": 1, "out_bps": 1, "in_errors": 0,
         "out_errors": 0, "in_drops": 0, "out_drops": 0}  # fmt: skip
_PEER = {"state": "up", "up": True, "prefixes": 5}
HEALTHY: Mapping[str, list[dict[str, Any]]] = {
    "system": [{"version": "1", "uptime_s": 4_000_000}],
    "cpu": [{"five_minutes": 10}],
    "memory": [{"used_percent": 40}],
    **{kind: [{"name": kind, "kind": kind, "state": "ok"}] for kind in ("temperature", "power", "fan", "board")},
    "interface": [{"name": name, **_PORT} for name in ("e1", "e2", "b1")],
    "optic": [{"interface": name, "rx_dbm": -6} for name in ("e1", "e2")],
    "ospf_neighbour": [{"protocol": "ospf", "peer": "10.0.0.1", **_PEER}],
    "bgp_neighbour": [{"protocol": "bgp", "peer": "10.0.0.2", **_PEER}],
    "link_bundle": [{"name": "b1", "oper": "up", "members": ["x", "y"], "bundled": ["x", "y"]}],
    "default_route": [{"prefix": "0.0.0.0/0", "protocol": "bgp", "next_hop": "10.0.0.2"}],
    "static_route": [],
    "neighbour": [{"interface": "e2", "device": "d0", "port": "e2"}],
    "time_sync": [{"synchronised": True, "stratum": 2, "offset_ms": 1}],
    "log_target": [{"host": "10.0.0.8"}],
    "saved_config": [{"saved": True}],
    "site": [{"name": "S-a", "link": "up"}],
    "cell": [{"name": "C-b", "state": "up", "barred": False}],
    "channel_load": [{"cell": "C-b", "kind": kind, "used": 1, "total": 8} for kind in ("tch_f", "sdcch")],
    "channel_requests": [{"cell": "C-b", "total": 9, "refused": 0}],
    "core_link": [{"name": "m1", "state": "up"}],
    "alarm": [],
    "access_point": [{"name": "AP-a", "state": "up"}],
    "radio": [{"ap": "AP-a", "slot": "1", "band": "5", "oper": "up"}],
    "radio_24": [],
    "radio_load": [
        {"ap": "AP-a", "slot": "1", "band": "5", "clients": 3, "utilisation_percent": 3, "noise_dbm": -95}
    ],
    "radio_load_24": [],
    "radius_server": [{"host": "10.0.0.3", "state": "up"}],
    "disk": [{"mount": "/", "total_bytes": 100, "used_bytes": 10}],
    "service": [{"name": "nginx", "state": "up"}],
    "listener": [{"protocol": "tcp", "address": "0.0.0.0", "port": 443}],
    "dns_answer": [{"name": "vnpt.vn", "address": "10.0.0.4"}],
    "dhcp_pool": [{"pool": "p", "used": 1, "total": 100}],
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    id: str
    services: tuple[Service, ...] = SERVICES


@dataclass(frozen=True)
class Fleet:
    """Devices with their answers."""

    devices: tuple[Device, ...]
    left_out: tuple[Device, ...]
    reported: tuple[Observation, ...]
    waivers: tuple[Waiver, ...]
    unsupported: frozenset[str]


#: Most of what is drawn is in order, so that READY comes up at all.
_mostly = st.integers(0, 11).map(lambda number: number > 0)


@st.composite
def devices_of(draw: st.DrawFn, number: int) -> Device:
    role = draw(st.sampled_from(["router", *EXPECTED]))
    wanted = [name for name in EXPECTED[role] if draw(st.booleans())]
    keep = draw(st.booleans())
    expect = {"ntp": keep, "syslog": keep, "saved_config": keep and role != "service_host"}
    venues = draw(st.sampled_from([("a",), ("b",), ("a", "b"), ()]))
    several: list[tuple[Service, ...]] = [(), (), (), ("internet",), ("mobile", "wifi")]
    services = draw(st.sampled_from(several))
    return Device(
        f"d{number}", role, "any", "192.0.2.1", venues=venues, services=services,
        expect=Expect.model_validate(expect | {name: EXPECTED[role][name][0] for name in wanted}),
    )  # fmt: skip


@st.composite
def answers(draw: st.DrawFn, device: str, fact: str) -> list[Observation]:
    """One or two readings of a fact, in order or damaged."""
    kind = CATALOGUE[fact]
    found = []
    for reading in (1, 2) if kind.counter else (1,):
        rows = [dict(row) for row in HEALTHY[fact]]
        status = Status.PARSED if rows else Status.EMPTY
        if not draw(_mostly):
            status = draw(st.sampled_from([*Status, None]))
            rows = [row for row in rows if draw(st.booleans())] if status is Status.PARSED else []
        if status is not None:
            records = tuple(kind.record.model_validate(row) for row in rows)
            found.append(Observation(device, fact, status, rows=records, evidence=f"{device}-{fact}", reading=reading))
    return found


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    devices = [draw(devices_of(number)) for number in range(draw(st.integers(1, 4)))]
    hurt = draw(st.booleans())
    reported = [
        observation
        for device in devices
        for fact in HEALTHY
        for observation in (draw(answers(device.name, fact)) if hurt else _in_order(device.name, fact))
    ]
    left_out = tuple(device for device in devices[1:] if draw(st.integers(0, 9)) == 0)
    globs = st.sampled_from(["*", "c*", "uplink", "cell", "access_point", "site", "alarm", "memory"])
    waiver = st.builds(
        Waiver, check=globs, device=st.sampled_from(["*", "d0", "d1"]), by=st.just("A"), reason=st.just("known"),
        until=st.sampled_from([date(2022, 4, 1), date(2022, 5, 1)]),
    )  # fmt: skip
    unsupported = draw(st.sets(st.sampled_from(sorted(HEALTHY)), max_size=2)) if draw(st.booleans()) else set()
    return Fleet(
        tuple(device for device in devices if device not in left_out), left_out, tuple(reported),
        tuple(draw(st.lists(waiver, max_size=2))), frozenset(unsupported),
    )  # fmt: skip


def _in_order(device: str, fact: str) -> list[Observation]:
    kind = CATALOGUE[fact]
    records = tuple(kind.record.model_validate(row) for row in HEALTHY[fact])
    status = Status.PARSED if records else Status.EMPTY
    return [
        Observation(device, fact, status, rows=records, evidence=f"{device}-{fact}", reading=reading)
        for reading in ((1, 2) if kind.counter else (1,))
    ]


# The oracle


def serves(device: Device, venue: str, service: Service) -> bool:
    return venue in device.venues and service in (device.services or OFFERS.get(device.role, SERVICES))


def access(device: Device, venue: str) -> set[str]:
    """Checks that prove access by what a device expects at a venue."""
    return {
        check
        for name, (value, checks) in EXPECTED[device.role].items()
        if getattr(device.expect, name) and value
        for check, where in checks.items()
        if where in ("", venue)
    }


def measured(fleet: Fleet, device: str, fact: str) -> bool:
    """True where every reading of the fact was taken."""
    readings = [one for one in fleet.reported if (one.device, one.fact) == (device, fact)]
    return bool(readings) and all(one.status in (Status.PARSED, Status.EMPTY) for one in readings)


def faults(fleet: Fleet, findings: Sequence[Finding], venue: str, service: Service, *, risk: bool) -> Iterator[str]:
    """What forbids READY (or READY_WITH_RISK) of a service at a venue."""
    serving = [device for device in fleet.devices if serves(device, venue, service)]
    if any(serves(device, venue, service) for device in fleet.left_out):
        yield "a device was not asked"
    roles: tuple[Role, ...] = (ACCESS[service], "service_host")
    for role in roles:
        own = [device for device in serving if device.role == role]
        if (own or role != "service_host") and not any(
            (device.name, check) in proven(fleet, findings, risk=risk)
            for device in own
            for check in access(device, venue)
        ):
            yield f"no access of any {role} is proven"
    for device in serving:
        about = [f for f in findings if device.name in (f.device, *f.witnesses) and (not f.venues or venue in f.venues)]
        for check in {f.check for f in about if f.check in CHECKS}:
            yield from unproven(fleet, device, check, [f for f in about if f.check == check], risk=risk)
    for finding in findings:
        owner = next((device for device in fleet.devices if device.name == finding.device), None)
        here = owner is not None and venue in (finding.venues or owner.venues)
        if here and owner and service in (finding.services or owner.services or OFFERS.get(owner.role, SERVICES)):
            yield from against(finding, risk=risk)


def proven(fleet: Fleet, findings: Sequence[Finding], *, risk: bool) -> set[tuple[str, str]]:
    """Devices and checks with a finding that rests on rows; for a risk it need not be good."""
    good = {Outcome.PASS, Outcome.WARN, Outcome.FAIL} if risk else {Outcome.PASS, Outcome.WARN}
    return {
        (name, finding.check)
        for finding in findings
        if finding.check in CHECKS and (finding.was or finding.status) in good
        for name in finding.witnesses or (finding.device,)
        if all(any(one.rows for one in fleet.reported if (one.device, one.fact) == (name, need))
               for need in CHECKS[finding.check].needs) or risk
    }  # fmt: skip


def unproven(fleet: Fleet, device: Device, check: str, about: Sequence[Finding], *, risk: bool) -> Iterator[str]:
    """A check of a device that serves, without a measurement of this run behind each of its needs."""
    for need in CHECKS[check].needs:
        if need in fleet.unsupported:
            if not risk:
                yield f"{device.name} cannot tell {need}"
        elif not measured(fleet, device.name, need) and not (risk and any(f.status is Outcome.WAIVED for f in about)):
            yield f"{need} of {device.name} was not measured"


def against(finding: Finding, *, risk: bool) -> Iterator[str]:
    """What a finding has against READY: a waiver covers a warning, and leaves a risk of anything else."""
    waived = finding.status is Outcome.WAIVED
    status = finding.was if waived else finding.status
    if status is Outcome.PASS or (status is Outcome.WARN and (waived or risk)):
        return
    if risk and (waived or finding.blind):
        return
    yield f"{finding.device} {finding.check} {finding.subject}: {status}"


@settings(max_examples=EXAMPLES, deadline=None)
@given(fleets())
def test_ready_rests_on_measurements(fleet: Fleet) -> None:
    platform = FakePlatform(unsupported=english(dict.fromkeys(fleet.unsupported, "it cannot")))
    try:
        matrix = matrix_of(list(fleet.devices), platform)
    except WorkspaceError:
        return
    queries = {name: set(matrix.facts_for(name)) for name in matrix.devices}
    reported = [one for one in fleet.reported if one.fact in queries.get(one.device, ())]
    findings = evaluate(
        fleet.devices, matrix, reported, moment=MOMENT, waivers=fleet.waivers,
        intervals=dict.fromkeys(("d0", "d1", "d2", "d3"), 10.0),
    )  # fmt: skip
    places = [Place(venue) for venue in VENUES]
    output = {
        (v.venue, v.service): v
        for v in verdicts_of(places, fleet.devices, weights(fleet.devices, telling(findings)), left_out=fleet.left_out)
    }
    for venue, service in product(VENUES, SERVICES):
        verdict = output[venue, service].verdict
        if verdict in (Readiness.READY, Readiness.READY_WITH_RISK):
            event(str(verdict))
            risk = verdict is Readiness.READY_WITH_RISK
            assert not list(faults(fleet, findings, venue, service, risk=risk)), (output[venue, service], fleet)
