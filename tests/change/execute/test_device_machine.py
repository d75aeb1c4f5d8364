"""Whatever goes wrong, wherever: the device ends in its old or its new state, and the outcome says which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.execute.device.assignment import StopSignals
from eventready.change.execute.device.machine import DeviceMachine
from eventready.change.execute.result import AssignmentResult
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree, copy_tree
from eventready.change.safety.way_in import RouteBack, WayIn
from eventready.change.times import Soak
from eventready.core.errors import RefusedError
from eventready.core.messages import in_english
from eventready.facts.parsing.routes import Hop
from eventready.session.reply import LoginRefused
from eventready.store.change_steps import (
    Apply,
    Arm,
    ChangeStep,
    Confirm,
    DeviceOutcome,
    Done,
    GoBack,
    Rollback,
    Verify,
    WayInRisks,
)
from eventready.store.changes import last_of
from eventready_lab.device.configuration.tree import parse_tree
from tests.change.fake_device import (
    BEFORE,
    KINDS,
    NEW_TREE,
    OLD,
    SECONDS,
    SPEC,
    FakeDevice,
    FakeDriver,
    Fault,
    Killed,
    Record,
    assignment,
)
from tests.conftest import Proved

pytestmark = pytest.mark.slow

_Step = TypeVar("_Step", bound=ChangeStep)


def recorded(record: Record, kind: type[_Step]) -> _Step:
    """The last recorded step of a kind."""
    found = last_of(record.steps, kind)
    assert found is not None
    return found


def carry_out(
    box: FakeDevice,
    driver: FakeDriver | None = None,
    record: Record | None = None,
    signals: StopSignals | None = None,
    **changes: Any,
) -> tuple[AssignmentResult, Record]:
    record = record or Record(box)
    machine = DeviceMachine(
        assignment(**changes), driver or FakeDriver(box), record, signals or StopSignals(), box.time()
    )
    return machine.execute(), record


def resume(box: FakeDevice, record: Record, faults: Sequence[Fault] = (), **changes: Any) -> AssignmentResult:
    backed_up = "backup" in record.names
    again = Record(box)
    again.steps = record.steps
    driver = FakeDriver(box, faults, armed=True)
    machine = DeviceMachine(assignment(**changes), driver, again, StopSignals(), box.time())
    result = machine.resume(list(record.steps), BEFORE if backed_up else None)
    record.given_back = again.given_back
    return result


def is_old(box: FakeDevice) -> bool:
    return form_of(SPEC).equivalent(box.running, parse_tree(OLD))


def is_new(box: FakeDevice) -> bool:
    return form_of(SPEC).equivalent(box.running, NEW_TREE)


def holds(box: FakeDevice, result: AssignmentResult) -> None:
    """The outcome is true now, and stays true when all timers have run out and the device has restarted."""
    box.advance_clock(10 * SECONDS)
    truly = {DeviceOutcome.NEW: is_new(box), DeviceOutcome.OLD: is_old(box), DeviceOutcome.UNTOUCHED: is_old(box)}
    assert truly[result.outcome], (result, box.running)
    if result.outcome is DeviceOutcome.UNTOUCHED:
        assert not box.sent, "untouched means that no line was sent"
    if result.recorded:
        box.restart()
        assert is_new(box) if result.outcome is DeviceOutcome.NEW else is_old(box), "a restart changes nothing"


@pytest.mark.parametrize("kind", KINDS)
def test_all_goes_well(kind: str) -> None:
    box = FakeDevice(kind)
    result, record = carry_out(box)
    assert (result.outcome, result.why, result.recorded) == (DeviceOutcome.NEW, "", True)
    assert record.names == [
        "precheck", "read", "backup", "arm", "apply", "compare", "verify", "confirm", "verify_state", "save", "done"
    ]  # fmt: skip
    assert record.given_back
    holds(box, result)


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_line_takes_the_device_back(kind: str) -> None:
    box = FakeDevice(kind, refuses="preempt")
    result, _ = carry_out(box)
    assert result.outcome is DeviceOutcome.OLD
    assert "`standby 10 preempt`: % Invalid input" in in_english(result.why)
    holds(box, result)


@pytest.mark.parametrize("kind", ["dead_man", "inverse"])
@pytest.mark.parametrize(("loses", "outcome"), [(2, DeviceOutcome.NEW), (3, DeviceOutcome.OLD)])
def test_lines_that_a_device_accepts_and_loses_are_sent_again(kind: str, loses: int, outcome: DeviceOutcome) -> None:
    """FRR loses lines while another vtysh ends. A line that is lost too often is a difference, as elsewhere."""
    box = FakeDevice(kind, loses=loses)
    result, record = carry_out(box, form=form_of(SPEC.model_copy(update={"repeats": 2})))
    again = [step.body for step in record.steps if step.body == Apply("core-1", 3, again=True)]
    assert (result.outcome, len(again)) == (outcome, 2)
    assert box.sent.count("ip route 0.0.0.0 0.0.0.0 10.0.2.1 200") == 1, "no other line is sent twice"
    holds(box, result)


@pytest.mark.parametrize("kind", KINDS)
def test_a_verification_that_fails_takes_the_device_back(kind: str) -> None:
    box = FakeDevice(kind, healthy=False)
    result, record = carry_out(box)
    assert result.outcome is DeviceOutcome.OLD
    assert "Verification failed: ports: failed" in in_english(result.why)
    assert "save" not in record.names, "what a restart brings back was never touched"
    holds(box, result)


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_saved_does_not_stay(kind: str) -> None:
    box = FakeDevice(kind, cannot_save=True)
    result, _ = carry_out(box)
    assert result.outcome is DeviceOutcome.OLD
    assert "Error writing startup-config" in in_english(result.why)
    holds(box, result)


@pytest.mark.parametrize(("tells", "outcome"), [(True, DeviceOutcome.OLD), (False, DeviceOutcome.UNPROVEN)])
def test_where_no_person_knows_what_a_restart_brings_back(tells: bool, outcome: DeviceOutcome) -> None:
    """The device never says whether it has saved: unless it shows its startup configuration, a person must look."""
    box = FakeDevice("revert_timer", silent_save=True, tells_startup=tells)
    result, _ = carry_out(box)
    assert result.outcome is outcome
    assert is_old(box)
    assert "does not acknowledge saving" in in_english(result.why)


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_is_full_from_the_verification_on_reverts_at_once(kind: str) -> None:
    box = FakeDevice(kind)
    record = Record(box)
    record.full = lambda _tried: "compare" in record.names
    began = box.now
    result, _ = carry_out(box, record=record)
    assert result.outcome is DeviceOutcome.OLD
    assert "The disk is full" in in_english(result.why)
    assert box.now - began < SECONDS / 2, "the guard was not waited for"
    holds(box, result)


def test_unsaved_lines_of_others_are_not_saved_silently() -> None:
    box = FakeDevice("revert_timer", tells_startup=True)
    box.startup["interface Gi2"] = {}
    stated = form_of(SPEC).fingerprint(box.startup)
    result, _ = carry_out(box, startup="")
    assert (result.outcome, result.refused) == (DeviceOutcome.UNTOUCHED, True)
    assert "runs unsaved changes that the plan does not state: `+ description spare`" in in_english(result.why)
    assert carry_out(box, startup=stated)[0].outcome is DeviceOutcome.NEW


@pytest.mark.parametrize("kind", KINDS[:3])
def test_a_guard_that_fires_while_we_verify(kind: str) -> None:
    box = FakeDevice(kind, verify_s=SECONDS + 50)
    result, record = carry_out(box)
    assert result.outcome is DeviceOutcome.OLD
    assert "confirm" not in record.names
    holds(box, result)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("late", range(0, 60, 3))
def test_a_guard_that_fires_about_when_it_is_confirmed(kind: str, late: int) -> None:
    """The device's clock is a little faster than ours, and fires before, while or after it is confirmed."""
    box = FakeDevice(kind, verify_s=SECONDS - 60 + late)
    driver = FakeDriver(box)
    armed = driver.arm
    committed = driver._commit

    def arm_early() -> object:
        done = armed()
        box.fires_at -= 20
        return done

    def commit_early(tree: object) -> None:
        committed(tree)  # type: ignore[arg-type]  # passed through
        box.fires_at -= 20

    driver.arm, driver._commit = arm_early, commit_early  # type: ignore[method-assign,assignment]  # the point
    result, _ = carry_out(box, driver)
    holds(box, result)


def test_a_device_that_moved_since_the_plan_is_refused() -> None:
    box = FakeDevice("inverse")
    box.running["interface Gi2"]["shutdown"] = {}
    result, _ = carry_out(box)
    assert (result.outcome, result.refused) == (DeviceOutcome.UNTOUCHED, True)
    assert "is not the planned one" in in_english(result.why)
    assert not box.sent


@pytest.mark.parametrize("kind", KINDS)
def test_another_person_elses_pending_change_is_refused_and_never_confirmed(kind: str) -> None:
    box = FakeDevice(kind, foreign="binh")
    driver = FakeDriver(box)
    result, _ = carry_out(box, driver)
    assert (result.outcome, result.refused) == (DeviceOutcome.UNTOUCHED, True)
    assert "a pending change of another operator (binh)" in in_english(result.why)
    assert not {"arm", "line", "confirm", "revert"} & set(driver.calls)


def test_lines_that_no_person_may_send() -> None:
    def refuse(lines: Sequence[str], _running: object) -> None:
        raise RefusedError(f"`{lines[0]}` must not be sent")

    box = FakeDevice("inverse")
    machine = DeviceMachine(assignment(refuse=refuse), FakeDriver(box), Record(box), StopSignals(), box.time())
    result = machine.execute()
    assert (result.outcome, result.refused, box.sent) == (DeviceOutcome.UNTOUCHED, True, [])


@pytest.mark.parametrize("change", [{"forward": ("hostname other",)}, {"predicted": "0" * 64}])
def test_a_plan_whose_lines_do_not_lead_there_is_refused(change: dict[str, Any]) -> None:
    box = FakeDevice("inverse")
    machine = DeviceMachine(assignment(**change), FakeDriver(box), Record(box), StopSignals(), box.time())
    result = machine.execute()
    assert (result.outcome, result.refused, box.sent) == (DeviceOutcome.UNTOUCHED, True, [])


def test_a_device_whose_turn_does_not_come_any_more() -> None:
    box = FakeDevice("inverse")
    result, record = carry_out(box, signals=StopSignals(hold="agg-1 failed."))
    assert (result.outcome, result.held_back, in_english(result.why)) == (
        DeviceOutcome.UNTOUCHED,
        True,
        "agg-1 failed.",
    )
    assert record.given_back


def test_a_guard_that_can_no_longer_work_is_found_before_any_line_is_sent() -> None:
    box = FakeDevice("dead_man", lacks="the disk is full")
    result, record = carry_out(box)
    assert (result.outcome, result.refused, box.sent) == (DeviceOutcome.UNTOUCHED, True, [])
    assert "the disk is full" in in_english(result.why)
    assert "arm" not in record.names


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after", ["settle", "confirm"])
def test_a_device_that_lets_no_person_in_any_more_goes_back_through_the_old_session(kind: str, after: str) -> None:
    """An access list on the vty that locks everybody out: the present session is the only access there is."""
    box = FakeDevice(kind)
    driver = FakeDriver(box)
    crossed = driver._cross

    def cross(name: str, action: Callable[[], object]) -> object:
        result = crossed(name, action)
        box.locked_out = box.locked_out or name == after
        return result

    driver._cross = cross  # type: ignore[method-assign,assignment]  # the point
    result, record = carry_out(box, driver)
    assert (result.outcome, "refuses a new connection" in in_english(result.why)) == (DeviceOutcome.OLD, True)
    assert "save" not in record.names
    holds(box, result)


@pytest.mark.parametrize("kind", KINDS)
def test_the_soak_is_shorter_than_the_guard_or_no_line_is_sent(kind: str) -> None:
    box = FakeDevice(kind)
    started = box.now
    result, record = carry_out(box, soak=lambda *_: Soak(100, "`dead-interval 100`"))
    if 100 + 2 * assignment().procedure.timing.margin_s < SECONDS or kind == "inverse":
        assert result.outcome is DeviceOutcome.NEW
        assert box.now - started > 100
        verified = recorded(record, Confirm).verified
        assert in_english(verified).endswith("soak 100 s (`dead-interval 100`)")
        assert recorded(record, Verify).soak_s == 100
    box = FakeDevice(kind)
    result, _ = carry_out(box, soak=lambda *_: Soak(SECONDS, "BGP hold time"))
    if kind == "inverse":
        assert result.outcome is DeviceOutcome.NEW
    else:
        assert (result.outcome, result.refused, box.sent) == (DeviceOutcome.UNTOUCHED, True, [])
        assert "--confirm-within" in in_english(result.why)


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_while_it_is_verified(kind: str) -> None:
    box, signals = FakeDevice(kind), StopSignals()
    driver = FakeDriver(box)
    look = driver.verify

    def verify(*arguments: object) -> object:
        signals.abort = "The change was interrupted."
        return look(*arguments)  # type: ignore[arg-type]  # passed through

    driver.verify = verify  # type: ignore[method-assign,assignment]  # the point
    result, _ = carry_out(box, driver, signals=signals)
    assert (result.outcome, in_english(result.why)) == (DeviceOutcome.OLD, "The change was interrupted.")
    holds(box, result)


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_that_never_comes_back_is_unproven_until_another_person_resumes(kind: str) -> None:
    box = FakeDevice(kind)
    driver = FakeDriver(box, [Fault(8, "down")])
    box_down = box.down_until
    driver.faults = {}
    record = Record(box, [])
    crossed = driver._cross

    def cross(name: str, action: Callable[[], object]) -> object:
        result = crossed(name, action)
        if name == "line" and len(box.sent) == 3:
            box.down_until = box.now + 1e6
        return result

    driver._cross = cross  # type: ignore[method-assign,assignment]  # the point
    result, _ = carry_out(box, driver, record)
    assert result.outcome is DeviceOutcome.UNPROVEN
    assert "does not answer" in in_english(result.why)
    assert not record.given_back, "nobody else gets it before it is proven"
    box.now, box.down_until = box.now + 2e6, box_down
    box.look_at_the_timer()
    again = resume(box, record)
    assert again.outcome is DeviceOutcome.OLD
    assert again.why == next(step.body.why for step in record.steps if isinstance(step.body, GoBack)), (
        "the first reason"
    )
    assert record.given_back
    holds(box, again)


def test_a_resumed_change_leaves_another_person_elses_lines_alone() -> None:
    box, record = FakeDevice("inverse"), None
    record = Record(box, [Fault(6, "kill before")])
    with pytest.raises(Killed):
        carry_out(box, record=record)
    box.running["snmp-server community x"] = {}
    result = resume(box, record)
    assert result.outcome is DeviceOutcome.UNPROVEN
    assert "neither of this change nor from before it" in in_english(result.why)
    assert "snmp-server community x" in box.running


# ------------------------------------------------------------------ the way in

WAY = WayIn("198.51.100.7", (RouteBack("198.51.100.7", "ospf", "1", (Hop("10.0.0.1", "eth0"),)),))


def refusing(_way: WayIn, _running: Tree, _target: Tree) -> tuple[str, ...]:
    raise RefusedError("`shutdown` changes the way in")


def at_risk(_way: WayIn, _running: Tree, _target: Tree) -> tuple[str, ...]:
    return ("`bfd` on the way in",)


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_on_the_way_in_is_refused_before_the_backup(kind: str) -> None:
    box = FakeDevice(kind, way_in=WAY)
    result, record = carry_out(box, check_way_in=refusing)
    assert (result.outcome, result.refused) == (DeviceOutcome.UNTOUCHED, True)
    assert "changes the way in" in in_english(result.why)
    assert record.names == ["precheck", "read", "done"]
    assert box.sent == []
    assert record.given_back
    holds(box, result)


def test_the_risks_of_the_way_in_are_on_record_before_the_first_line() -> None:
    box = FakeDevice("inverse", way_in=WAY)
    result, record = carry_out(box, check_way_in=at_risk)
    assert result.outcome is DeviceOutcome.NEW
    assert record.names.index("way_in") < record.names.index("arm")
    assert recorded(record, WayInRisks).risks == ("`bfd` on the way in",)
    assert recorded(record, Arm).route_back == "ospf 1, 10.0.0.1 (eth0)"


@pytest.mark.parametrize(
    ("check", "named"),
    [(refusing, []), (at_risk, ["`bfd` on the way in"]), (lambda *_given: 1 / 0, [])],
)
def test_a_resumed_way_back_is_never_refused(check: Any, named: list[str]) -> None:
    box = FakeDevice("inverse", way_in=WAY)
    record = Record(box, [Fault(6, "kill before")])
    with pytest.raises(Killed):
        carry_out(box, record=record)
    assert not is_old(box)
    result = resume(box, record, check_way_in=check)
    assert result.outcome is DeviceOutcome.OLD
    holds(box, result)
    assert list(recorded(record, Rollback).risks) == named


# ------------------------------------------------------------------ everything, everywhere

CRASHES = (1.0, SECONDS - 20.0, SECONDS - 3.0, 5.0 * SECONDS)


def through(box: FakeDevice, driver: FakeDriver, record: Record, later_s: float = 1.0) -> AssignmentResult:
    """Carry out; where the process is killed, resume later, as often as it takes."""
    try:
        result, _ = carry_out(box, driver, record, check_way_in=at_risk)
    except Killed:
        box.advance_clock(later_s)
        result = resume(box, record, check_way_in=at_risk)
    for _ in range(3):
        if result.recorded and result.outcome is not DeviceOutcome.UNPROVEN:
            break
        box.advance_clock(later_s)
        result = resume(box, record, check_way_in=at_risk)
    return result


def clean(kind: str) -> tuple[int, int]:
    """How many crossings and how many steps a change takes when all goes well."""
    box = FakeDevice(kind, way_in=WAY)
    driver = FakeDriver(box)
    _, record = carry_out(box, driver, check_way_in=at_risk)
    return driver.crossings, record.tried


def cases() -> Iterator[tuple[str, str, int, float]]:
    for kind in KINDS:
        crossings, steps = clean(kind)
        for at in range(1, crossings + 1):
            for what in ("drop before", "drop after", "restart", "down", "defect", "long"):
                yield kind, what, at, 1.0
            for what in ("kill before", "kill after"):
                yield from ((kind, what, at, later) for later in CRASHES)
        for at in range(1, steps + 1):
            for what in ("record: kill before", "record: kill after"):
                yield from ((kind, what, at, later) for later in CRASHES)
            yield kind, "record: full once", at, 1.0
            yield kind, "record: full from then on", at, 1.0


CASES = list(cases())


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_every_step(kind: str, proved: Proved) -> None:
    ended: Counter[str] = Counter()
    for case in CASES:
        _, what, at, later_s = case
        if case[0] != kind:
            continue
        box = FakeDevice(kind, way_in=WAY)
        faults = [Fault(at, what.removeprefix("record: "))]
        on_record = what.startswith("record: kill")
        full: dict[str, Callable[[int], bool]] = {
            "record: full once": lambda n, at=at: n == at,  # type: ignore[misc]  # mypy infers no type for a default
            "record: full from then on": lambda n, at=at: n >= at,  # type: ignore[misc]
        }
        record = Record(box, faults if on_record else (), full=full.get(what, lambda _n: False))
        driver = FakeDriver(box, () if what.startswith("record") else faults)
        result = through(box, driver, record, later_s)
        assert result.outcome in (DeviceOutcome.NEW, DeviceOutcome.OLD, DeviceOutcome.UNTOUCHED), (case, result)
        assert result.recorded, (case, result)
        assert record.given_back, (case, result)
        assert record.names[-1] == "done"
        assert recorded(record, Done).outcome is result.outcome
        try:
            holds(box, result)
        except AssertionError as error:
            raise AssertionError(f"{case}: {result}; {record.names}") from error
        ended[result.outcome.value] += 1
        proved("fault, on a model of the device", kind, what, str(case[2]), str(later_s))
    assert sum(ended.values()) > 150


def test_a_confirmation_that_was_heard_is_found_out() -> None:
    """kill -9 between the confirmation's being sent and its being on record: the device knows."""
    for kind in KINDS[:3]:
        box = FakeDevice(kind)
        record = Record(box)
        driver = FakeDriver(box)
        crossed = driver._cross

        def cross(name: str, action: Callable[[], object], crossed: Callable[..., object] = crossed) -> object:
            result = crossed(name, action)
            if name == "confirm":
                raise Killed
            return result

        driver._cross = cross  # type: ignore[method-assign,assignment]  # the point
        with pytest.raises(Killed):
            carry_out(box, driver, record)
        assert record.names[-1] == "confirm"
        result = resume(box, record)
        assert result.outcome is DeviceOutcome.NEW
        holds(box, result)


def test_a_confirmation_that_was_not_sent_is_sent_or_the_guard_fires() -> None:
    for later_s, outcome in (
        (1.0, DeviceOutcome.NEW),
        (SECONDS - 3.0, DeviceOutcome.OLD),
        (5.0 * SECONDS, DeviceOutcome.OLD),
    ):
        box = FakeDevice("revert_timer")
        record = Record(box, [Fault(8, "kill after")])
        with pytest.raises(Killed):
            carry_out(box, record=record)
        assert record.names[-1] == "confirm"
        box.advance_clock(later_s)
        result = resume(box, record)
        assert result.outcome is outcome
        holds(box, result)


def test_a_full_store_with_our_own_way_back_takes_the_way_back() -> None:
    """It was put on record when the guard was armed."""
    box = FakeDevice("inverse")
    result, record = carry_out(box, record=Record(box, full=lambda number: number >= 7))
    assert (result.outcome, result.recorded) == (DeviceOutcome.OLD, False)
    assert is_old(box)
    assert "no standby 10 preempt" in recorded(record, Arm).way_back


faults = st.lists(
    st.builds(
        Fault,
        st.integers(1, 60),
        st.sampled_from(
            ["drop before", "drop after", "kill before", "kill after", "restart", "down", "defect", "long"]
        ),
    ),
    max_size=6,
)


@given(
    kind=st.sampled_from(KINDS),
    first=faults,
    second=faults,
    recorded=st.sets(st.integers(1, 30), max_size=6),
    healthy=st.booleans(),
    later_s=st.sampled_from(CRASHES),
)
def test_many_faults_at_once(
    *, kind: str, first: list[Fault], second: list[Fault], recorded: set[int], healthy: bool, later_s: float
) -> None:
    """Never an outcome that is not true, and in the end, when nothing goes wrong any more, one that is proven."""
    box = FakeDevice(kind, healthy=healthy)
    record = Record(box, full=lambda number: number in recorded)
    try:
        result, _ = carry_out(box, FakeDriver(box, first), record)
    except Killed:
        result = None
    if result is None or not result.recorded or result.outcome is DeviceOutcome.UNPROVEN:
        box.advance_clock(later_s)
        try:
            result = resume(box, record, second)
        except Killed:
            result = None
    box.down_until = 0.0
    for _ in range(2):
        if result is None or not result.recorded or result.outcome is DeviceOutcome.UNPROVEN:
            box.advance_clock(later_s)
            result = resume(box, record)
    assert result is not None
    assert result.outcome is not DeviceOutcome.UNPROVEN
    before = copy_tree(box.startup)
    box.advance_clock(10 * SECONDS)
    assert is_new(box) if result.outcome is DeviceOutcome.NEW else is_old(box)
    assert result.outcome is not DeviceOutcome.NEW or form_of(SPEC).equivalent(before, NEW_TREE)


@pytest.mark.parametrize("fault", ["drop before", "drop after"])
@pytest.mark.parametrize("name", ["precheck", "read"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_reading_that_fails_is_tried_again(kind: str, name: str, fault: str) -> None:
    box = FakeDevice(kind)
    clean = FakeDriver(box)
    carry_out(box, clean)
    for at in [number for number, call in enumerate(clean.calls, 1) if call == name][:2]:
        box = FakeDevice(kind)
        result, record = carry_out(box, FakeDriver(box, [Fault(at, fault)]))
        assert (result.outcome, "revert" in record.names) == (DeviceOutcome.NEW, False)


def test_a_refused_login_is_not_tried_again() -> None:
    box = FakeDevice("inverse")
    driver, tried = FakeDriver(box), list[int]()

    def refuse() -> None:
        tried.append(1)
        raise LoginRefused("core-1 refuses the password")

    driver.precheck = refuse  # type: ignore[method-assign,assignment]  # the point
    result, _record = carry_out(box, driver)
    assert (result.outcome, len(tried)) == (DeviceOutcome.UNTOUCHED, 1)


# ------------------------------------------------------------------ the operator's word


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("word", "outcome"), [(True, DeviceOutcome.NEW), (False, DeviceOutcome.OLD), (None, DeviceOutcome.OLD)]
)
def test_a_change_is_confirmed_by_the_word_of_its_operator_only(
    kind: str, word: bool | None, outcome: DeviceOutcome
) -> None:
    box, left = FakeDevice(kind), list[float]()

    def wait(_device: str, left_s: float, sleep: Callable[[float], None]) -> bool | None:
        left.append(left_s)
        assert is_new(box)
        sleep(left_s if word is None else 1.0)
        return word

    result, record = carry_out(box, word=wait)
    assert (result.outcome, record.names[7]) == (outcome, "word")
    assert 0 < left[0] < SECONDS
    assert ("confirm" in record.names) is bool(word)
    assert word or "The operator" in in_english(result.why)
    holds(box, result)


@pytest.mark.parametrize("kind", KINDS)
def test_a_guard_that_fires_while_the_operator_thinks_is_reported(kind: str) -> None:
    """The machine slept meanwhile: the word came, and the device was back already."""
    box = FakeDevice(kind)
    asleep = 3 * SECONDS

    def wait(_device: str, _left_s: float, _sleep: Callable[[float], None]) -> bool:
        box.advance_clock(asleep)
        return True

    result, _ = carry_out(box, word=wait)
    assert result.outcome is (DeviceOutcome.NEW if kind == "inverse" else DeviceOutcome.OLD)
    holds(box, result)


@pytest.mark.parametrize("later_s", CRASHES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_change_killed_while_its_operator_thinks_is_taken_back(kind: str, later_s: float) -> None:
    def killed(*_: object) -> bool:
        raise Killed

    box = FakeDevice(kind)
    record = Record(box)
    with pytest.raises(Killed):
        carry_out(box, record=record, word=killed)
    assert record.names[-1] == "word"
    box.advance_clock(later_s)
    result = resume(box, record, word=killed)
    assert result.outcome is DeviceOutcome.OLD
    assert "`word`" in in_english(result.why)
    holds(box, result)
