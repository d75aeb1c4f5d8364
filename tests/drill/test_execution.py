"""Drills end to end against a network that the test makes: refusals, results, and an end at any step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from eventready.core.clock import Clock
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import Message, in_english
from eventready.drill.execution import DrillExecutor, DrillOptions
from eventready.drill.probes import Measuring
from eventready.drill.record import DrillRecord, DrillRun, drill_run_named, drill_runs
from eventready.drill.spec import Drill, Failure, Probe
from eventready.drill.steps import STEPS, DrillStep, Prepared, ProbeResult
from eventready.drill.targets import DrillTarget
from eventready.drill.targets import Network as NetworkKind
from eventready.session.probes.stream import StreamTarget
from eventready.store.run_records import FindingStatus, RunFinding
from eventready.store.store import Store
from tests.conftest import Proved

pytestmark = pytest.mark.slow

DRILL = Drill.model_validate(
    {
        "title": {"en": "Loss of an uplink", "vi": "Mất đường lên"},
        "why": {"en": "A cut fibre", "vi": "Đứt cáp"},
        "requires": [{"check": "uplink", "devices": ["core-1"]}],
        "break": [{"device": "core-1", "fault": "link-down"}, {"device": "core-2", "fault": "link-down"}],
        "probes": [{"kind": "udp", "name": "flow", "target": "internet", "outage_ms": 300}],
        "predicted_by": ["backup_route"],
    }
).model_copy(update={"name": "uplink"})


def finding(check: str = "uplink", status: FindingStatus = "pass", device: str = "core-1") -> RunFinding:
    return RunFinding(check, device, status, "x", f"{check} is {status}")


class Network:
    """The network of a test: the failures that stand, and the calls in their order."""

    description, rehearsal = "test network", True
    network: NetworkKind = "embedded"

    def __init__(self) -> None:
        self.standing: set[str] = set()
        self.refuses = ""

    def fail(self, failure: Failure) -> None:
        if self.refuses == failure.device:
            raise UsageError(f"{failure.device} has no such port")
        self.standing.add(failure.device)

    def repair(self, failure: Failure) -> None:
        self.standing.discard(failure.device)

    def stands(self, failure: Failure) -> bool:
        return failure.device in self.standing

    def stream(self, probe: Probe) -> StreamTarget:
        raise NotImplementedError(probe)


class Measured(Measuring):
    """Probes whose result the test says."""

    def __init__(self, value: float | None, network: Network, *, answers: bool = True) -> None:
        super().__init__(DRILL, lambda probe: pytest.fail(probe.name))
        self.value, self.network, self._answers = value, network, answers
        self.seen_broken: set[str] = set()
        self.abandoned = False

    def start(self, target: DrillTarget) -> None:
        """Nothing is sent."""

    @property
    def answered(self) -> bool:
        return self._answers

    @property
    def unanswered(self) -> tuple[str, ...]:
        return ("flow",)

    @property
    def answered_now(self) -> bool:
        return True

    def observe(self) -> None:
        self.seen_broken = set(self.network.standing)

    def finish(self) -> tuple[ProbeResult, ...]:
        return (ProbeResult("flow", "udp", self.value, 300.0, "ms", 20.0, 100, 5, 0, ((0.1, 0.4),)),)

    def abandon(self) -> None:
        self.abandoned = True


class Silent:
    def step(self, name: str, detail: Message) -> None:
        raise RuntimeError("a follower that fails takes no drill with it")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "eventready.db") as opened:
        yield opened


@pytest.fixture
def network() -> Network:
    return Network()


def executor(
    store: Store,
    network: Network,
    value: float | None = 250.0,
    *,
    before: Sequence[RunFinding] = (finding(),),
    after: Sequence[RunFinding] = (finding(),),
    answers: bool = True,
) -> tuple[DrillExecutor, Measured]:
    measured = Measured(value, network, answers=answers)
    audits = iter([("run-1", before), ("run-2", after)])
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds
        assert clock[0] < 1000

    made = DrillExecutor(
        store=store, clock=Clock(), target=network, audit=lambda _names: next(audits),
        prepared=lambda _drill: Prepared(),
        measuring=lambda _drill: measured, options=DrillOptions(by="An", sleep=sleep), progress=Silent(),
    )  # fmt: skip
    return made, measured


def test_a_drill_breaks_measures_repairs_and_is_on_record(store: Store, network: Network) -> None:
    made, measured = executor(store, network)
    run = made.run(DRILL)
    assert (run.outcome, run.probes[0].value, run.failing) == ("passed", 250.0, False)
    assert measured.seen_broken == {"core-1", "core-2"}
    assert network.standing == set()
    assert [STEPS.name(entry.body) for entry in run.steps] == [
        "opened", "prechecked", "failing", "repairing", "repaired", "measured", "verified", "closed",
    ]  # fmt: skip
    assert drill_run_named(drill_runs(store), "latest") == run
    assert run.drill == DRILL


@pytest.mark.parametrize(
    ("value", "before", "outcome"),
    [
        (301.0, (finding(), finding("backup_route", "warn")), "failed"),
        (301.0, (finding(), finding("backup_route", "pass")), "unpredicted"),
        (None, (finding(), finding("backup_route", "fail")), "failed"),
        (None, (finding(),), "unpredicted"),
        (300.0, (finding(), finding("backup_route", "fail")), "passed"),
    ],
)
def test_a_missed_limit_is_a_failure_that_the_audit_announced_or_did_not(
    store: Store, network: Network, value: float | None, before: Sequence[RunFinding], outcome: str
) -> None:
    made, _ = executor(store, network, value, before=before)
    assert made.run(DRILL).outcome == outcome


def test_what_does_not_work_after_the_repair_fails_the_drill(store: Store, network: Network) -> None:
    made, _ = executor(store, network, after=(finding(status="fail"),))
    run = made.run(DRILL)
    assert (run.outcome, in_english(run.reason)) == ("failed", "After the repair: uplink on core-1: uplink is fail")


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        ((finding(status="fail"),), "uplink on core-1: uplink is fail"),
        ((finding(status="not_measured"),), "uplink on core-1: uplink is not_measured"),
        ((finding(device="core-2"),), "uplink on core-1 was not evaluated"),
    ],
)
def test_nothing_is_broken_where_a_requirement_does_not_hold(
    store: Store, network: Network, before: Sequence[RunFinding], sentence: str
) -> None:
    made, measured = executor(store, network, before=before)
    with pytest.raises(RefusedError, match=sentence):
        made.run(DRILL)
    assert measured.abandoned
    assert [run.outcome for run in drill_runs(store)] == ["refused"]


def test_nothing_is_broken_without_an_answer_or_where_a_fault_stands(store: Store, network: Network) -> None:
    with pytest.raises(RefusedError, match="no answer before anything is broken: flow"):
        executor(store, network, answers=False)[0].run(DRILL)
    network.standing.add("core-2")
    with pytest.raises(RefusedError, match="core-2 has the fault link-down already"):
        executor(store, network)[0].run(DRILL)
    assert network.standing == {"core-2"}


def test_a_failure_that_cannot_be_made_is_taken_back(store: Store, network: Network) -> None:
    network.refuses = "core-2"
    made, measured = executor(store, network)
    with pytest.raises(UsageError, match="core-2 has no such port"):
        made.run(DRILL)
    assert (network.standing, measured.abandoned) == (set(), True)
    assert drill_runs(store)[0].outcome == "interrupted"


class KilledError(BaseException):
    """The end of the process: nothing after it is executed in this test."""


def places(store: Store, network: Network, kill: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `kill` end the process at each write of the record and each call of the network, before and after it."""
    write, fail, repair = DrillRecord.write, network.fail, network.repair

    def around(name: str, call: Callable[..., None]) -> Callable[..., None]:
        def wrapped(*args: Any, **more: Any) -> None:
            kill(f"before {name}")
            call(*args, **more)
            kill(f"after {name}")

        return wrapped

    def recorded(record: DrillRecord, step: DrillStep) -> None:
        around(STEPS.name(step), lambda: write(record, step))()

    monkeypatch.setattr(DrillRecord, "write", recorded)
    monkeypatch.setattr(network, "fail", around("fail", fail))
    monkeypatch.setattr(network, "repair", around("repair", repair))


def test_killed_anywhere_the_network_is_repaired_by_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proved: Proved
) -> None:
    crossings: list[str] = []
    with Store(tmp_path / "count.db") as store, monkeypatch.context() as patched:
        network = Network()
        places(store, network, crossings.append, patched)
        executor(store, network)[0].run(DRILL)
    assert len(crossings) > 15
    for number, name in enumerate(crossings):
        _killed_at(tmp_path / f"{number}.db", number, name)
        proved("drill killed", name.partition(" ")[2])


def _killed_at(place: Path, number: int, name: str) -> None:
    network = Network()
    passed = [0]
    dead = [False]

    def kill(_name: str) -> None:
        if dead[0] or passed[0] == number:
            dead[0] = True  # what a finally block would do after a kill -9 is not done
            raise KilledError
        passed[0] += 1

    with pytest.MonkeyPatch.context() as patched, Store(place) as store:
        places(store, network, kill, patched)
        with pytest.raises(KilledError):
            executor(store, network)[0].run(DRILL)
    with Store(place) as store:
        (run,) = drill_runs(store)
        if not run.finished:
            with pytest.raises(RefusedError, match="is not finished"):
                executor(store, network)[0].run(DRILL)
            run = executor(store, network)[0].resume(run)
        assert network.standing == set(), name
        assert run.finished, name
        assert not run.failing, name
        executor(store, network)[0].run(DRILL)  # the next one may begin


def test_a_drill_is_resumed_once(store: Store, network: Network) -> None:
    run: DrillRun = executor(store, network)[0].run(DRILL)
    with pytest.raises(UsageError, match="is finished"):
        executor(store, network)[0].resume(run)


def test_drills_are_named_by_the_day_and_found_by_their_beginning(store: Store, network: Network) -> None:
    with pytest.raises(UsageError, match="no drill is on record"):
        drill_run_named(drill_runs(store), "latest")
    first, second = (executor(store, network)[0].run(DRILL) for _ in range(2))
    assert first.id.endswith("-01")
    assert second.id.endswith("-02")
    with pytest.raises(UsageError, match="several drills begin with 'DT-'"):
        drill_run_named(drill_runs(store), "DT-")
    assert drill_run_named(drill_runs(store), first.id) == first
