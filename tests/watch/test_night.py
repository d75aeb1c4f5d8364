"""A night on an injected clock: 35 devices, random faults, hanging devices, a watcher killed ten times.

It has 24 hours under `make proofs`, 6 otherwise.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from eventready.core.clock import Clock
from eventready.evaluation.matrix import build_matrix
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.records import RoutingPeer
from eventready.store.store import Store
from eventready.store.watch_log import DEVICE, STREAM
from eventready.watch.job import WatchJob
from eventready.watch.record import WatchRecord
from eventready.watch.schedule import Schedule
from eventready.watch.silence import STALE_AFTER
from eventready.watch.states import HOLD_DOWN, Key, StateChange, States
from eventready.watch.watcher import Watcher
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.event import Event
from tests.proofs.size import WHOLE
from tests.zones import TZ

pytestmark = pytest.mark.slow

DEVICES, KILLS, WORKERS = 35, 10, 16
HOURS = 24 if WHOLE else 6
FACT, INTERVAL = "isis_neighbour", 15.0
#: Seconds of a reading, and of one that a device never answers.
READS, HANGS = (0.2, 2.0), 40.0
START = datetime(2031, 4, 29, 12, tzinfo=TZ)
EVENT = Event.model_validate(
    {
        "id": "night",
        "name": "Night",
        "recipient": {"name": "R", "email": "r@example.vn"},
        "venues": [{"id": "hall", "name": "Hall", "services": ["internet"]}],
    }
)


@dataclass(frozen=True)
class Fault:
    """A neighbour lost, or a device that hangs, between two times."""

    device: str
    start: float
    end: float
    hangs: bool


def devices() -> dict[str, Device]:
    expect = Expect.model_validate({"isis": ["peer"]})
    names = (f"r{number:02}" for number in range(DEVICES))
    return {name: Device(name, "router", "huawei_vrp", "192.0.2.1", venues=("hall",), expect=expect) for name in names}


def faults(seed: int) -> list[Fault]:
    """Faults of each device, apart from each other, long enough to be seen."""
    drawn, found = random.Random(seed), []
    for number in range(DEVICES):
        at = drawn.uniform(300, 7200)
        while at < HOURS * 3600 - 3600:
            hangs = drawn.random() < 0.3
            end = at + drawn.uniform(240, 2400)
            found.append(Fault(f"r{number:02}", at, end, hangs))
            at = end + drawn.uniform(900, 9000)
    return found


def _interval(_fact: str) -> float:
    return INTERVAL


class Night:
    """Virtual time over the schedule and the watcher; answers follow the faults."""

    def __init__(self, store: Store, found: list[Fault], seed: int) -> None:
        self.store, self.drawn = store, random.Random(seed)
        self.of = {name: [fault for fault in found if fault.device == name] for name in devices()}
        self.changes: list[StateChange] = []
        self.record = WatchRecord(store, EVENT.id, Clock())
        up = RoutingPeer.model_validate({"protocol": "isis", "peer": "peer", "state": "Up", "up": True})
        down = up.model_copy(update={"up": False, "state": "Down"})
        self.answers = {
            name: {fine: Observation(name, FACT, Status.PARSED, rows=(up if fine else down,)) for fine in (True, False)}
            for name in devices()
        }
        self.none = {name: Observation(name, FACT, Status.TIMEOUT, reason="no answer") for name in devices()}
        self.begin(0.0)

    def begin(self, now: float) -> None:
        """Start a watcher, the first or after a kill."""
        known = devices()
        matrix = build_matrix(tuple(known.values()), {"huawei_vrp": load_platform("huawei_vrp")})
        states = States()
        states.begin(self.record.states(), START.timestamp() + now)
        self.watcher = Watcher(WatchJob(EVENT, known, matrix), states, _interval)
        self.schedule = Schedule(dict.fromkeys(known, (FACT,)), _interval)
        self.schedule.start(now)
        self.running: list[tuple[float, str, Observation]] = []

    def run(self, start: float, end: float) -> None:
        now, tick = start, start
        while now < end:
            while len(self.running) < WORKERS and (reading := self.schedule.take(now)) is not None:
                heapq.heappush(self.running, self._answer(reading.device, now))
            due = self.schedule.next_at() if len(self.running) < WORKERS else None
            waits = [tick, *([due] if due is not None else []), *([self.running[0][0]] if self.running else [])]
            now = max(now, min(waits))
            moment = START + timedelta(seconds=now)
            changes: list[StateChange] = []
            while self.running and self.running[0][0] <= now:
                _end, device, answer = heapq.heappop(self.running)
                changes += self.watcher.read(device, [answer], now, moment)
                self.schedule.done(device)
            if now >= tick:
                tick = now + 1.0
                changes += self.watcher.tick(now, moment)
            if changes:
                self.record.changes(changes)
                self.changes += changes
            self.after_round(now, changes)

    def after_round(self, now: float, changes: list[StateChange]) -> None:
        """Take a round; the calls of the night are tested with it."""

    def _answer(self, device: str, now: float) -> tuple[float, str, Observation]:
        """End of a reading that begins now, and its answer."""
        fault = next((one for one in self.of[device] if one.start <= now < one.end), None)
        if fault and fault.hangs:
            return now + HANGS, device, self.none[device]
        return now + self.drawn.uniform(*READS), device, self.answers[device][fault is None]


def test_every_fault_is_named_once_and_in_time(tmp_path: Path) -> None:
    found = faults(30)
    assert len(found) > 8 * HOURS
    with Store(tmp_path / "night.db") as store:
        night = Night(store, found, 4)
        kills = [HOURS * 3600 * number / (KILLS + 1) for number in range(KILLS + 1)]
        for start, end in zip(kills, [*kills[1:], HOURS * 3600.0], strict=True):
            if start:
                night.begin(start)
            night.run(start, end)
        own = (change for change in night.changes if not change.cause)
        named = [(change.key, change.old, change.new, change.at - START.timestamp()) for change in own]
        recorded = len(store.journal(STREAM).entries())
    expected = sorted(
        (Key(fault.device, *((DEVICE, "") if fault.hangs else ("isis", "peer"))), at, state)
        for fault in found
        for at, state in ((fault.start, "not_measured" if fault.hangs else "fail"), (fault.end, "pass"))
    )
    assert sorted((key, new) for key, _old, new, _at in named) == sorted((key, new) for key, _at, new in expected)
    late = INTERVAL * max(HOLD_DOWN, STALE_AFTER) + HANGS + READS[1] + INTERVAL
    for key, at, state in expected:
        times = [named_at for one, _old, new, named_at in named if (one, new) == (key, state)]
        restart = any(at - late < kill < at + late for kill in kills)
        assert any(at <= one <= at + late * (2 if restart else 1) for one in times), (key, at, state, times)
    assert recorded == len(night.changes)
    assert len(night.watcher.findings()) < 100 * DEVICES
