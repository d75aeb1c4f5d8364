"""Silent devices: one alert per cause, whatever the order of deadlines, and none of the checks when they are back.

Random nights on an injected clock: the calls are looked at every second, without a wait of their group.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from eventready.checks.answer import failed, passed, unknown
from eventready.checks.check import Check, DeviceView, NoLimits
from eventready.checks.finding import Finding
from eventready.core.messages import message
from eventready.evaluation.matrix import CellState, MatrixCell, build_matrix
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.records import Cpu, RoutingPeer
from eventready.store.watch_log import DEVICE
from eventready.watch.alerts.alert import Alerts
from eventready.watch.job import WatchJob
from eventready.watch.schedule import Schedule
from eventready.watch.silence import REACH
from eventready.watch.states import Key, States
from eventready.watch.watcher import Watcher
from tests.watch.test_night import EVENT, START, devices

pytestmark = pytest.mark.slow

FAST = "isis_neighbour"
INTERVALS = {FAST: 15.0, "cpu": 60.0, "system": 300.0}
UP = RoutingPeer.model_validate({"protocol": "isis", "peer": "peer", "state": "Up", "up": True})
DOWN = UP.model_copy(update={"up": False, "state": "Down"})
ROWS = {FAST: (UP,), "cpu": (Cpu(five_minutes=10),), "system": ()}
#: Seconds until a silent device is found at the latest, and until all of its facts were read again.
LATE, READ_AGAIN = 120.0, 60.0


def _both(view: DeviceView, _limits: object) -> Iterator[Finding]:
    """A check that blames the device for a fact that it only also reads."""
    yield passed("both", "watch:reach.answers") if view.each_row("cpu", Cpu) else failed("both", "watch:clock.unknown")


BOTH = Check("both", "quality", ("router",), ("isis_neighbour",), NoLimits(), _both, also_reads=("cpu",))
SLOW = replace(BOTH, name="slow", needs=("system",), also_reads=("isis_neighbour", "cpu"))


def _mixed(view: DeviceView, _limits: object) -> Iterator[Finding]:
    """A check with a figure that is 0 while the neighbour is down, and a missing one beside a neighbour that is up."""
    if not all(row.up for row in view.each_row(FAST, RoutingPeer)):
        yield failed("mixed", "watch:reach.nothing", devices=1)
    elif all(row.five_minutes for row in view.each_row("cpu", Cpu)):
        yield passed("mixed", "watch:reach.answers")
    else:
        yield unknown("mixed", "checks:subject.no_figure")


MIXED = Check("mixed", "quality", ("router",), (FAST, "cpu"), NoLimits(), _mixed)


class Net:
    """Routers, `silent` without an answer or `down` without their neighbour, and the calls about them."""

    def __init__(self, count: int, seed: int, behind: Mapping[str, frozenset[str]] | None = None) -> None:
        self.devices, self.behind = dict(list(devices().items())[:count]), behind or {}
        whole = build_matrix(tuple(self.devices.values()), {"huawei_vrp": load_platform("huawei_vrp")}, fleet=False)
        checks = {"isis": whole.checks["isis"], "cpu": whole.checks["cpu"], "both": BOTH, "slow": SLOW, "mixed": MIXED}
        cells = {name: tuple(MatrixCell(one, CellState.APPLICABLE) for one in checks) for name in self.devices}
        self.matrix = replace(whole, checks=checks, cells=cells)
        self.drawn, self.now = random.Random(seed), 0.0
        self.silent, self.down, self.read_down = set[str](), set[str](), set[str]()
        self.known, self.causes, self.named = dict[Key, str](), dict[Key, str](), list[Key]()
        self.alerts = Alerts(self.devices)
        self.begin()

    def begin(self) -> None:
        """Start a watch, the first or after a kill."""
        states = States()
        states.begin(self.known, START.timestamp(), self.causes)
        job = WatchJob(EVENT, self.devices, self.matrix, behind=self.behind)
        self.watcher = Watcher(job, states, lambda fact: INTERVALS.get(fact, 300.0))
        self.alerts.settle(self.known)
        self.schedule = Schedule(dict.fromkeys(self.devices, tuple(INTERVALS)), INTERVALS.__getitem__)
        self.schedule.start(self.now)
        self.running: list[tuple[float, str, tuple[str, ...], bool]] = []

    def run(self, seconds: float, resting: Iterable[str] = ()) -> set[Key]:
        """Go on for some seconds, and return the findings that somebody was called about."""
        called, end, rest = set[Key](), self.now + seconds, {*resting}
        while self.now < end:
            self.now += 1.0
            moment = START + timedelta(seconds=self.now)
            while (due := self.schedule.take(self.now)) is not None:
                silent = due.device in self.silent
                took = self.drawn.choice([1.0, 12.0, 40.0]) if silent else self.drawn.uniform(0.2, 6.0)
                heapq.heappush(self.running, (self.now + took, due.device, due.facts, silent))
            changes = []
            while self.running and self.running[0][0] <= self.now:
                _at, device, facts, silent = heapq.heappop(self.running)
                self.schedule.done(device)
                if device not in rest:
                    found = self._answers(device, facts, silent=silent or device in self.silent)
                    changes += self.watcher.read(device, found, self.now, moment)
            changes += self.watcher.tick(self.now, moment, rest)
            for device, again in self.watcher.returned().items():
                self.schedule.again(device, again, self.now)
            self.known |= {one.key: one.new for one in changes}
            self.causes |= {one.key: one.cause for one in changes}
            self.named += [one.key for one in changes if not one.cause]
            self.alerts.take(changes, moment)
            called |= self._called(rest)
        return called

    def _answers(self, device: str, facts: Iterable[str], *, silent: bool) -> list[Observation]:
        if silent:
            return [Observation(device, fact, Status.TIMEOUT, reason="no answer") for fact in facts]
        if FAST in facts:
            (self.read_down.add if device in self.down else self.read_down.discard)(device)
        rows = {**ROWS, FAST: (DOWN if device in self.down else UP,)}
        rows["cpu"] = (Cpu(five_minutes=0),) if device in self.down else ROWS["cpu"]
        return [
            Observation(device, fact, Status.PARSED if rows[fact] else Status.EMPTY, rows=rows[fact]) for fact in facts
        ]

    def _called(self, resting: set[str]) -> set[Key]:
        """Alerts of now, each as the wall shows it; a neighbour is called down where it was read as down last."""
        opened = self.watcher.open_findings()
        self.alerts.show(opened)
        found, muted = self.alerts.active(START + timedelta(seconds=self.now), resting)
        calling, wall = [one for one in found if one.fingerprint not in muted], {one.key: one for one in opened}
        for one in calling:
            assert (one.status, one.sentence) == (wall[one.key].status, wall[one.key].sentence)
            assert one.key.check != "isis" or one.status != "fail" or one.key.device in self.read_down
            assert not (one.passes and one.status == "fail")
        return {one.key for one in calling}


def _lost(*names: str) -> set[Key]:
    return {Key(name, DEVICE, "") for name in names}


@pytest.mark.parametrize("seed", range(6))
def test_silent_devices_are_an_alert_each_and_their_checks_none(seed: int) -> None:
    """Also after a kill of the watch within the silence, and when they are back."""
    drawn = random.Random(seed)
    net = Net(12, seed)
    assert net.run(drawn.uniform(320, 420)) == set()
    net.silent = {*drawn.sample([*net.devices], drawn.choice([1, 2, 5]))}
    silent = {*net.silent}
    called = net.run(drawn.uniform(5, 200))
    if seed % 2:
        net.begin()
    called |= net.run(LATE)
    assert called == _lost(*silent)
    net.silent = set()
    assert net.run(READ_AGAIN) <= _lost(*silent)
    assert net.run(700) == set()


@pytest.mark.parametrize("seed", range(6))
def test_a_watch_that_nothing_answers_is_one_alert(seed: int) -> None:
    """Of 3 to 21 devices, also with one or two beside the watch, which go on answering; and one when it is over."""
    drawn = random.Random(seed)
    count = (3, 4, 21)[seed % 3]
    net = Net(count, seed)
    assert net.run(drawn.uniform(320, 420)) == set()
    beside = drawn.sample([*net.devices], drawn.choice([0, {3: 0, 4: 1, 21: 2}[count]]))
    net.silent = net.devices.keys() - {*beside}
    called = net.run(drawn.uniform(5, 200))
    if seed % 2:
        net.begin()
    assert called | net.run(LATE) == {Key("", REACH, "")}
    net.silent = set()
    assert net.run(READ_AGAIN) <= {Key("", REACH, "")}
    assert net.run(700) == set()
    assert net.named == [Key("", REACH, "")] * 2


@pytest.mark.parametrize("seed", range(4))
def test_devices_behind_a_silent_one_are_under_it_in_any_order(seed: int) -> None:
    drawn = random.Random(seed)
    names = [*devices()][:12]
    front, *cut = drawn.sample(names, 5)
    net = Net(12, seed, {front: frozenset(cut)})
    assert net.run(drawn.uniform(320, 420)) == set()
    net.silent = {front, *cut}
    assert net.run(LATE + 60) == _lost(front)
    net.silent = {cut[0]}
    assert net.run(READ_AGAIN) <= _lost(front)
    assert net.run(900) == _lost(cut[0])


@pytest.mark.parametrize("seed", range(4))
def test_a_watch_that_begins_without_an_answer_calls_once(seed: int) -> None:
    net = Net(6, seed)
    net.silent = {*net.devices}
    assert net.run(LATE) == {Key("", REACH, "")}
    net.silent = set()
    net.run(READ_AGAIN)
    assert net.run(700) == set()


@pytest.mark.parametrize("seed", range(3))
def test_after_a_silence_a_check_waits_for_each_of_its_facts(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Also where these are read one after the other, each at its interval."""
    monkeypatch.setattr(Schedule, "again", lambda *_args: None)
    monkeypatch.setitem(INTERVALS, "cpu", 300.0)
    net = Net(4, seed)
    assert net.run(400) == set()
    net.silent = {"r01"}
    assert net.run(700) == _lost("r01")
    net.silent = set()
    assert net.run(READ_AGAIN) <= _lost("r01")
    assert net.run(900) == set()


@pytest.mark.parametrize("rest_s", [5.0, 50.0, 800.0])
def test_after_a_rest_a_check_waits_for_each_of_its_facts(rest_s: float) -> None:
    net = Net(4, 1)
    assert net.run(400) == set()
    assert net.run(rest_s, ["r01"]) == set()
    assert net.run(400) == set()


@pytest.mark.parametrize("seed", range(4))
def test_what_changes_often_is_called_as_it_was_read_last(seed: int) -> None:
    """Neighbours and devices come and go: each second the calls are those of the wall, and an end is an end."""
    drawn = random.Random(seed)
    net, called = Net(8, seed), set[Key]()
    net.run(400)
    for _turn in range(60):
        net.down ^= {*drawn.sample([*net.devices], 2)}
        net.silent ^= {*drawn.sample([*net.devices][:2], drawn.choice([0, 0, 1]))}
        called |= net.run(drawn.uniform(16, 90))
        if drawn.random() < 0.05:
            net.begin()
    assert any(one.check == "isis" for one in called)
    net.down, net.silent = set(), set()
    net.run(1300)
    assert net.run(60) == set()


def test_a_fact_that_fails_alone_is_an_alert_of_its_own() -> None:
    net = Net(4, 1)
    assert net.run(400) == set()
    answers = net._answers

    def without(device: str, facts: Iterable[str], *, silent: bool) -> list[Observation]:
        found = answers(device, facts, silent=silent)
        return [*found, *answers(device, ["cpu"], silent=True)] if device == "r01" and "cpu" in facts else found

    net.__dict__["_answers"] = without
    assert Key("r01", "cpu", "") in net.run(400)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_mended_in_one_fact_is_judged_when_the_others_were_read_again(seed: int) -> None:
    net = Net(4, seed)
    net.run(400)
    net.down = {"r01"}
    net.run(150)
    assert net.known[Key("r01", "mixed", "mixed")] == "fail"
    net.down = set()
    for _second in range(120):
        net.run(1)
        assert net.known[Key("r01", "mixed", "mixed")] in {"fail", "pass"}
    assert net.known[Key("r01", "mixed", "mixed")] == "pass"


def test_a_session_that_hangs_beside_answered_questions_is_one_alert() -> None:
    net, called = Net(4, 1), set[Key]()
    for second in range(0, 200, 5):
        moment, changes = START + timedelta(seconds=second), []
        for name in net.devices:
            facts = ["answer_ping"] if name == "r01" and second > 20 else [*INTERVALS]
            taken = [Observation(name, fact, Status.EMPTY) for fact in facts]
            changes += net.watcher.read(name, taken, second, moment)
        changes += net.watcher.tick(second, moment)
        called |= {one.key for one in changes if one.key.device == "r01" and not one.cause and second > 20}
    assert called == _lost("r01")


def test_an_answer_that_is_not_understood_is_not_called_a_silence() -> None:
    net = Net(4, 1)
    net.run(400)
    answers = net._answers

    def strange(device: str, facts: Iterable[str], *, silent: bool) -> list[Observation]:
        found = answers(device, facts, silent=silent)
        refused = [Observation(device, FAST, Status.UNPARSED, reason="line 3", message=message("facts:silent"))]
        return [*(one for one in found if one.fact != FAST), *refused] if device == "r01" and FAST in facts else found

    net.__dict__["_answers"] = strange
    shown = set[str]()
    for _second in range(90):
        net.run(1)
        shown |= {one.finding.message_id for one in net.watcher.open_findings() if one.key.check == "isis"}
    assert shown == {"checks:run.unparsed"}


def test_after_a_time_without_a_round_no_old_answer_calls() -> None:
    net = Net(4, 1)
    assert net.run(400) == set()
    net.down, net.silent = {"r01"}, {"r02"}
    assert net.run(LATE) == {Key("r01", "isis", "peer"), Key("r01", "mixed", "mixed"), *_lost("r02")}
    net.down, net.silent, net.now = set(), set(), net.now + 90.0
    net.watcher.stood_still(net.now, START + timedelta(seconds=net.now))
    assert net._called(set()) == _lost("r02")
    assert net.run(READ_AGAIN) <= _lost("r02")
    assert net.run(900) == set()
