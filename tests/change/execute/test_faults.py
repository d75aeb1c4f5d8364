"""A fault at every step of a change, on every guard, over real sessions with a process that can be killed.

Afterwards the device is in its old or its new state to the letter, and the record says in which. `make test` has the
faults of the wire, `make proofs` all; `test_device_machine.py` has the others on a model of the device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from eventready.store.change_steps import Done
from eventready.store.store import Store
from eventready_lab.device.device import SimulatedDevice
from tests.change.engineer_process import SECONDS, Engineer
from tests.change.lab_trial import LINES, STEPS, Case, Ground, Guarded, Trial, ground_of
from tests.conftest import Proved
from tests.proofs.size import WHOLE

pytestmark = pytest.mark.slow

_HOST = {"arm": "setsid", "confirm": "confirmed", "revert": "reverting"}
_CISCO = {"arm": "revert timer", "confirm": "configure confirm", "revert": "revert now", "save": "write"}
_HUAWEI = {"confirm": "^commit(?: persist|$)", "revert": "abort trial", "save": "save"}
_NOTHING_ARMED = {"arm": "nothing is armed on it", "confirm": "nothing waits to be confirmed on it"}
_NO_WORDS = {"activate": "each line acts at once, there is no mode to leave", "save": "it keeps what is written"}


def _without_archive(machine: SimulatedDevice) -> None:
    running = {line: beneath for line, beneath in machine.config.running.items() if line != "archive"}
    machine.config.rewrite(running, running)


def _without_named_trials(machine: SimulatedDevice) -> None:
    """A trial ends with its session then."""
    machine.state.version = "V800R010C10SPC500"
    assert machine.dialect.variant is not None
    machine.dialect = machine.dialect.variant(machine.state)


GUARDED = {
    one.name: one
    for one in (
        Guarded("dead_man frr", "edge-dt-2", "dead_man", ("neighbour-lost", {}), counts={**_HOST, "save": "write"}),
        Guarded("dead_man hostapd", "ap-host-1", "dead_man", ("ap-lost", {}), counts=_HOST,
                silent={"save": "its files are what a restart brings"}),
        Guarded("revert_timer cisco_xe", "edge-vh-2", "revert_timer", ("neighbour-lost", {}), counts=_CISCO),
        Guarded("revert_timer cisco_9800", "wlc-1", "revert_timer", ("radio-down", {}), counts=_CISCO),
        Guarded("commit_trial huawei_vrp", "agg-2", "commit_trial", ("neighbour-lost", {}), counts=_HUAWEI,
                silent={"arm": "the commit arms it"}),
        Guarded("commit_trial huawei_vrp 8.180", "agg-2", "commit_trial", ("neighbour-lost", {}),
                counts={**_HUAWEI, "revert": "."}, silent={"arm": "the commit arms it"}, prepare=_without_named_trials),
        Guarded("inverse cisco_xe", "edge-vh-2", "inverse", ("neighbour-lost", {}), counts={"save": "write"},
                silent=_NOTHING_ARMED, prepare=_without_archive),
        Guarded("inverse huawei_vrp", "edge-hn-2", "inverse", ("neighbour-lost", {}), counts={"save": "save"},
                silent=_NOTHING_ARMED),
        Guarded("inverse huawei_ac", "ac-1", "inverse", ("radio-down", {}), counts={"save": "save"},
                silent=_NOTHING_ARMED),
        Guarded("inverse osmocom", "bsc-2", "inverse", ("cell-down", {}), counts={"save": "write"},
                silent=_NOTHING_ARMED),
        Guarded("inverse mml", "bsc-6900", "inverse", ("cell-down", {}), intents=("backup",),
                silent={**_NOTHING_ARMED, **_NO_WORDS}),
        Guarded("inverse mml manager", "enb-hn-1", "inverse", ("cell-down", {}), intents=("backup",),
                silent={**_NOTHING_ARMED, **_NO_WORDS}),
    )
}  # fmt: skip


#: Faults as a step begins, also where the device hears nothing in it.
AT_ONCE = ("kill", "hangup", "full", "full a while", "restart", "expire")

HEARD = ("precheck", "read", "arm", *LINES, "compare", "verify", "confirm", "verify_state", "save", "revert")


def cases_of(guarded: Guarded) -> Iterator[Case]:
    """Every fault at every step."""
    for case in (*_as_a_step_begins(guarded), *_at_a_line(guarded.name)):
        if case.place not in guarded.silent or case.kind in (
            "kill",
            "hangup",
            "full",
            "full a while",
            "restart",
            "expire",
        ):
            yield case


def _as_a_step_begins(guarded: Guarded) -> Iterator[Case]:
    name = guarded.name
    for step in (*STEPS, "revert"):
        yield Case(name, step, "kill")
        yield Case(name, step, "full")
        yield Case(name, step, "hangup")
        if step != "done":
            yield Case(name, step, "restart")
    yield Case(name, "begin", "full")
    yield Case(name, "save", "save fails")
    for step in ("arm", "apply", "compare", "verify", "confirm", "verify_state", "save"):
        yield Case(name, step, "kill", later=True)
        if guarded.device_side:
            yield Case(name, step, "expire")
    for step in ("apply", "compare", "verify"):
        yield Case(name, step, "worse")
    for step in ("apply", "compare", "verify", "confirm", "verify_state", "save", "revert"):
        yield Case(name, step, "full a while")
    for step in ("precheck", "read", "arm", "compare", "verify", "confirm", "verify_state", "save", "revert"):
        yield Case(name, step, "truncated")
    for step in ("precheck", "compare", "verify", "verify_state"):
        yield Case(name, step, "garbage")


def _at_a_line(name: str) -> Iterator[Case]:
    for place in HEARD:
        for kind in ("drop", "hang"):
            yield Case(name, place, kind)
            if place not in ("precheck", "read", "compare", "verify", "verify_state"):
                yield Case(name, place, kind, taken=True)
        yield Case(name, place, "refuse")
        yield Case(name, place, "kill heard", taken=True)
        yield Case(name, place, "kill heard", taken=True, later=True)
        yield Case(name, place, "restart heard")
        yield Case(name, place, "lost")


ALL = [case for guarded in GUARDED.values() for case in cases_of(guarded)]


#: Those that have found something.
FOUND = {
    Case("commit_trial huawei_vrp 8.180", "verify_state", "lost"),
    Case("inverse mml", "precheck", "hang"),
    Case("inverse cisco_xe", "precheck", "truncated"),
    Case("dead_man hostapd", "compare", "truncated"),
    Case("inverse osmocom", "apply", "hangup"),
}


#: What goes wrong between the device and us: nothing but a session shows how it is heard of.
WIRE = ("drop", "hang", "refuse", "truncated", "garbage", "lost")


def few(cases: Sequence[Case]) -> list[Case]:
    """Each fault of the wire at each step once, on the guard with the fewest so far, and those that found something."""
    alike: dict[Case, list[Case]] = {}
    for case in cases:
        if case.kind in WIRE:
            alike.setdefault(replace(case, guard=""), []).append(case)
    had: Counter[str] = Counter()
    found = []
    for those in alike.values():
        case = min(those, key=lambda one: had[one.guard])
        had[case.guard] += 1
        found.append(case)
    assert set(cases) >= FOUND
    return sorted({*found, *FOUND}, key=cases.index)


CASES = ALL if WHOLE else few(ALL)


class Grounds:
    """The ground of each guard, made when it is first needed, and anew when a case has left it as it should not be."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home, self._stack = home, stack
        self._made: dict[str, Ground] = {}
        self._count = 0

    def get(self, name: str, engineer: Engineer) -> Ground:
        """With a first change carried out and taken back: then it is known what is new."""
        ground = self._made.get(name)
        if ground is None or ground.picture() != ground.old:
            self._count += 1
            folder = self._home / f"{self._count}"
            ground = self._made[name] = self._stack.enter_context(ground_of(GUARDED[name], folder))
            trial = Trial(ground, GUARDED[name], engineer, Case(name, "", ""), folder / "first.db")
            result = trial.apply()
            assert ground.plan.devices[0].guard.kind == GUARDED[name].kind
            assert result.steps == STEPS, result
            assert result.ended["outcome"] == "new", result
            ground.new = ground.picture()
            assert trial.rollback().ended["outcome"] == "new"
            assert ground.picture() == ground.old != ground.new
        return ground


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    with ExitStack() as stack:
        yield Grounds(tmp_path_factory.mktemp("faults"), stack)


@pytest.fixture(scope="module")
def engineer() -> Iterator[Engineer]:
    with Engineer() as one:
        yield one


def on_one_worker(guard: str) -> pytest.MarkDecorator:
    """A guard's cases stay on one worker, beside one ground."""
    return pytest.mark.xdist_group(f"faults {guard}")


@pytest.mark.parametrize("case", [pytest.param(case, marks=on_one_worker(case.guard), id=str(case)) for case in CASES])
def test_old_or_new_and_never_between(
    grounds: Grounds, engineer: Engineer, tmp_path: Path, proved: Proved, case: Case
) -> None:
    ground = grounds.get(case.guard, engineer)
    trial = Trial(ground, GUARDED[case.guard], engineer, case, tmp_path / "e.db")
    result = trial.apply()
    assert trial.happened, "the fault did not come to pass"
    assert (result.status == -9) == case.kind.startswith("kill"), result
    if case.later:
        ground.advance_clock(2 * SECONDS)
        trial.skew += 2 * SECONDS
    outcome = ended(trial, ground)
    assert outcome in allowed(case, GUARDED[case.guard]), result
    is_so(ground, outcome)
    ground.advance_clock(10 * SECONDS)
    is_so(ground, outcome)
    ground.restart()
    is_so(ground, outcome)
    if outcome == "new":
        assert ground.make_plan().empty
        back = trial.rollback()
        assert back.ended.get("outcome") == "new", back
        is_so(ground, "old")
    assert parts(ground) == [device.model_dump() for device in ground.plan.devices]
    proved("fault", GUARDED[case.guard].kind, str(case), outcome)


@on_one_worker("inverse cisco_xe")
def test_a_device_that_cannot_be_looked_at_is_left_as_it_is(
    grounds: Grounds, engineer: Engineer, tmp_path: Path
) -> None:
    case = Case("inverse cisco_xe", "precheck", "garbage")
    ground = grounds.get(case.guard, engineer)
    result = Trial(ground, GUARDED[case.guard], engineer, case, tmp_path / "e.db").apply()
    assert (result.ended["outcome"], result.steps) == ("untouched", ("precheck", "done"))
    assert "the precheck of edge-vh-2 measured nothing" in result.ended["why"]


def allowed(case: Case, guarded: Guarded) -> set[str]:
    """The outcomes that a case may have: before anything was armed, until it is confirmed, from then on."""
    if case.kind == "hangup":  # the end of the operator's terminal is no fault of the change
        return {"old"} if case.step == "revert" else {"new"}
    killed, full, kept = case.kind.startswith("kill"), case.kind.startswith("full"), {"old", "new"}
    if case.step in ("begin", "precheck", "read") or (case.step == "backup" and case.kind != "restart"):
        hindered = case.kind in ("refuse", "truncated", "garbage", "drop", "hang")  # in looking only
        # a reading that fails is tried again, and then the change goes on
        again = {"new"} if case.step in ("precheck", "read") else set()
        again |= {"old"} if again and case.kind == "restart" else set()  # verification finds the restart
        found = {"untouched", *again, *(kept if hindered else ())}
    elif case.step == "compare" and case.kind in ("refuse", "truncated", "garbage", "drop", "hang"):
        found = kept  # the second reading may succeed
    elif case.step in ("backup", "arm", "apply", "compare", "revert"):
        # the guard is armed only then, the lines are sent only then; and an answer of nothing cannot be cut
        missed = case.kind in ("expire", "truncated") and case.step in ("arm", "apply")
        found = {"untouched"} if (case.step, case.kind) == ("arm", "full") else kept if missed else {"old"}
    elif case.step == "verify":  # what only hinders looking is overcome
        found = {"old"} if killed or full or case.kind in ("worse", "lost", "expire") else kept
    elif case.step == "confirm":
        unheard = case.kind in ("full", "expire") or (case.kind == "kill" and case.later and guarded.device_side)
        found = {"old"} if unheard else kept  # the disk that is full for a while has room again after the soak
    else:
        found = {"new"} if killed or full or case.kind in ("drop", "hang", "expire") else kept
    return found


def ended(trial: Trial, ground: Ground) -> str:
    """What the record says of the device, once all that was left open is resumed."""
    with Store(trial.store) as store:
        entries = store.changes.entries()
        if not entries:
            return "untouched"  # not even the change is on record
        for _ in range(2):
            if store.changes.entries()[0].ended is None:
                assert [hold.device for hold in store.changes.locks()] in ([ground.device.name], [])
                trial.resume()
        record = store.changes.get("latest")
        assert record.entry.ended is not None, record.steps[-1]
        last = record.of(ground.device.name)[-1]
        assert isinstance(last.body, Done)
        assert record.entry.outcomes == {ground.device.name: last.body.outcome}
        assert store.changes.locks() == ()
        assert store.verify().problems == ()
        return str(last.body.outcome)


def is_so(ground: Ground, outcome: str) -> None:
    assert ground.picture() == {"new": ground.new, "old": ground.old, "untouched": ground.old}[outcome], outcome


def parts(ground: Ground) -> list[dict[str, object]]:
    return [device.model_dump() for device in ground.make_plan().devices]
