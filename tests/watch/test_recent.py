"""A watch holds readings of minutes against each other: replies to pings, and the clients of a venue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from eventready.core.messages import message
from eventready.evaluation.matrix import build_matrix
from eventready.facts.observation import Observation, Status, Unread
from eventready.facts.platform import load_platform
from eventready.facts.records import AccessPoint, EchoAnswer, Fact, Interface, RadioLoad
from eventready.watch.job import WatchJob, remembered
from eventready.watch.record import recorded_change
from eventready.watch.states import StateChange, States
from eventready.watch.watcher import Watcher
from eventready.workspace.devices.capacity import CapacityFile
from eventready.workspace.devices.device import Device, EventWindow
from eventready.workspace.devices.expect import Expect
from eventready.workspace.loads import with_loads, with_windows
from eventready.workspace.settings.event import Window
from tests.checks.casebook import Case
from tests.watch.test_night import EVENT
from tests.zones import TZ

OPENING = datetime(2031, 4, 29, 19, tzinfo=TZ)
NIGHT = (EventWindow(OPENING, OPENING + timedelta(hours=4)),)
INTERVAL = 15.0


def wifi(windows: tuple[EventWindow, ...] = NIGHT) -> Device:
    points = [{"name": "gate", "venue": "hall"}, {"name": "stage", "venue": "hall"}]
    expect = Expect.model_validate({"access_points": points})
    return Device(
        "w1", "wifi_controller", "linux_hostapd", "192.0.2.1", venues=("hall",), expect=expect, event_windows=windows
    )


def loads(gate: int, stage: int) -> Mapping[str, tuple[Fact, ...]]:
    rows = [{"ap": "gate", "clients": gate}, {"ap": "stage", "clients": stage}]
    return {
        "radio_load": tuple(RadioLoad.model_validate({"slot": "1", "band": "5", **row}) for row in rows),
        "radio_load_24": (),
    }


def watched(
    device: Device,
    readings: Iterable[Mapping[str, tuple[Fact, ...]]],
    *,
    unread: tuple[Unread, ...] = (),
    before: Iterable[StateChange] = (),
) -> list[StateChange]:
    """Changes of state while a device is read again and again, by a watch that begins after others."""
    matrix = build_matrix((device,), {device.platform: load_platform(device.platform)}, fleet=False)
    known, states = {one.key: one.new for one in before}, States()
    states.begin(known, OPENING.timestamp())
    recorded = [(datetime.fromtimestamp(one.at, TZ), recorded_change(one)) for one in before]
    moment = OPENING + timedelta(hours=1)
    job = WatchJob(EVENT, {device.name: device}, matrix, remembered=remembered(known, recorded, moment, 0.0, OPENING))
    watcher = Watcher(job, states, lambda _fact: INTERVAL)
    found: list[StateChange] = []
    for number, rows in enumerate(readings, 1):
        now = number * INTERVAL
        taken = [Observation(device.name, f, Status.PARSED, rows=own, unread=unread) for f, own in rows.items()]
        found += watcher.read(device.name, taken, now, OPENING + timedelta(hours=1, seconds=now))
    return found


def outline(changes: Iterable[StateChange], check: str) -> list[tuple[str, str, str]]:
    return [(one.key.subject, one.old, one.new) for one in changes if one.key.check == check]


FULL, EMPTY, BACK = loads(30, 12), loads(0, 1), loads(14, 9)
#: Access points that have left their controller are in no table.
GONE: Mapping[str, tuple[Fact, ...]] = {"radio_load": (), "radio_load_24": ()}


@pytest.mark.parametrize("left", [EMPTY, GONE])
def test_a_venue_without_its_clients_at_once_fails_until_they_are_back(left: Mapping[str, tuple[Fact, ...]]) -> None:
    changes = outline(watched(wifi(), [FULL, FULL, *[left] * 60, BACK, BACK]), "access_point_drop")
    assert changes == [("hall", "pass", "fail"), ("hall", "fail", "pass")]


def ports(transitions: int) -> Mapping[str, tuple[Fact, ...]]:
    port = {"name": "Te0/1", "admin": "up", "oper": "up", "transitions": transitions}
    return {"interface": (Interface.model_validate(port),)}


ROUTER = Device("r1", "router", "cisco_xe", "192.0.2.1", expect=Expect.model_validate({"uplinks": ["Te0/1"]}))


@pytest.mark.parametrize(
    ("device", "readings", "later", "check", "end"),
    [
        (wifi(), [FULL, FULL, EMPTY, EMPTY], [*[EMPTY] * 30, BACK, BACK], "access_point_drop", ("hall", "fail", 32)),
        (ROUTER, [ports(0), ports(2), ports(4), ports(4)], [ports(4)] * 50, "port_flaps", ("Te0/1", "warn", 41)),
    ],
    ids=["drop", "flaps"],
)
def test_what_is_in_force_does_not_end_with_the_watch(
    device: Device, readings: list[Mapping[str, tuple[Fact, ...]]], later: list[Mapping[str, tuple[Fact, ...]]],
    check: str, end: tuple[str, str, int],
) -> None:  # fmt: skip
    """A new watch has no reading to compare with, which is no pass."""
    before = watched(device, readings)
    (subject, was, number) = end
    assert outline(before, check) == [(subject, "pass", was)]
    changes = watched(device, later, before=before)
    assert outline(changes, check) == [(subject, was, "pass")]
    (ended,) = (one.at for one in changes if one.key.check == check)
    assert (ended - OPENING.timestamp() - 3600) / INTERVAL == number


def test_the_first_reading_ends_with_the_second_of_the_counters() -> None:
    """Before that the checks of the counters have no finding to tell."""
    matrix = build_matrix((ROUTER,), {ROUTER.platform: load_platform(ROUTER.platform)}, fleet=False)
    watcher = Watcher(WatchJob(EVENT, {ROUTER.name: ROUTER}, matrix), States(), lambda _fact: INTERVAL)
    first = [Observation("r1", fact, Status.EMPTY) for fact in matrix.needed("r1") if fact != "interface"]
    port = Observation("r1", "interface", Status.PARSED, rows=ports(0)["interface"])
    watcher.read("r1", [*first, port], INTERVAL, OPENING)
    assert watcher.first_reading() is not None
    watcher.read("r1", [port], 2 * INTERVAL, OPENING)
    assert watcher.first_reading() is None


@pytest.mark.parametrize(
    ("device", "readings"),
    [
        (wifi(()), [FULL, FULL, *[EMPTY] * 3]),
        (wifi(), [loads(30 - number // 2, 0) for number in range(60)]),
        (wifi(), [FULL, loads(0, 30), loads(0, 30), loads(30, 0)]),
        (wifi(), [loads(9, 9), *[EMPTY] * 3]),
    ],
    ids=["no window", "people leave", "people move", "few"],
)
def test_what_is_no_drop(device: Device, readings: list[Mapping[str, tuple[Fact, ...]]]) -> None:
    assert not outline(watched(device, readings), "access_point_drop")


def test_an_unread_radio_drops_nothing() -> None:
    strange = (Unread("stage", message("facts:silent")),)
    changes = outline(watched(wifi(), [FULL, *[EMPTY] * 3], unread=strange), "access_point_drop")
    assert {new for _subject, _old, new in changes} <= {"not_measured"}


def test_a_radio_that_is_never_read_leaves_a_drop_unmeasured() -> None:
    strange = (Unread("stage", message("facts:silent")),)
    drop = Case("access_point_drop", "", {
        "windows": [{"kind": "event", "name": "Opening", "from": "2022-04-25 06:00", "to": "2022-04-25 09:00"}],
        "expect": {"access_points": [{"name": "gate", "venue": "hoi-nghi"}, {"name": "stage", "venue": "hoi-nghi"}]},
        "now": {"radio_load": [{"ap": "gate", "slot": "1", "band": "5", "clients": 0}], "radio_load_24": []},
        "findings": [],
    })  # fmt: skip
    found = {one.subject: str(one.status) for one in drop.findings(lambda one: replace(one, unread=strange))}
    assert found["hoi-nghi"] == "not_measured"


def ping(received: int, sent: int = 5) -> Mapping[str, tuple[Fact, ...]]:
    return {"answer_ping": (EchoAnswer(question="ping 10.0.0.1", sent=sent, received=received, time_ms=2),)}


ASKER = Device(
    "svc", "service_host", "linux", "192.0.2.9", venues=("hall",),
    expect=Expect.model_validate({"answers": [{"ping": "10.0.0.1"}]}),
)  # fmt: skip


def test_losses_that_come_and_go_are_a_finding_until_the_minutes_are_over() -> None:
    changes = outline(watched(ASKER, [*[ping(5), ping(4), ping(5), ping(5)] * 10, *[ping(5)] * 40]), "answer_ping")
    loss = "ping 10.0.0.1 loss"
    assert changes == [(loss, "pass", "fail"), (loss, "fail", "warn"), (loss, "warn", "pass")]


def test_an_outage_is_no_loss_after_its_end() -> None:
    changes = outline(watched(ASKER, [ping(5), ping(5), *[ping(0)] * 4, *[ping(5)] * 4]), "answer_ping")
    assert changes == [("ping 10.0.0.1", "pass", "fail"), ("ping 10.0.0.1", "fail", "pass")]


def test_equal_answers_are_judged_anew_when_the_window_opens_and_closes() -> None:
    opens, closes = OPENING + timedelta(minutes=31), OPENING + timedelta(minutes=36)
    window = Window.model_validate(
        {"kind": "event", "name": "Opening", "from": f"{opens:%F %R}", "to": f"{closes:%F %R}"}
    )
    demand = {"venue": "hall", "window": "Opening", "service": "wifi", "people": {"value": 200, "source": "seats"}}
    (device,) = with_windows(with_loads(CapacityFile.model_validate({"demand": [demand]}), [wifi(())]), [window])
    matrix = build_matrix((device,), {device.platform: load_platform(device.platform)}, fleet=False)
    event = EVENT.model_copy(update={"windows": (window,)})
    watcher = Watcher(WatchJob(event, {"w1": device}, matrix), States(), lambda _fact: INTERVAL)
    points = tuple(AccessPoint(name=name, state="up") for name in ("gate", "stage"))
    rows = {"access_point": points, **loads(0, 0)}
    answers = [Observation("w1", fact, Status.PARSED, rows=own) for fact, own in rows.items()]
    found: list[StateChange] = []
    for number in range(28):
        now, moment = number * INTERVAL, opens - timedelta(seconds=30 - number * INTERVAL)
        found += [*watcher.tick(now, moment), *watcher.read("w1", answers, now, moment)]
    changes = [(one.new, one.at) for one in found if one.key.check == "access_point_crowd"]
    assert changes == [("fail", opens.timestamp() + INTERVAL), ("pass", closes.timestamp() + INTERVAL)]
