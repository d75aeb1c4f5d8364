"""Whatever goes wrong, wherever: the device ends in its old or its new state, and the outcome says which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.case import Ending, Orders, Outcome
from eventready.change.delta import same
from eventready.change.device_machine import DeviceMachine
from eventready.change.tree import copied
from eventready.errors import RefusedError
from eventready.lab.configuration import parse_tree
from tests.change.box import (
    BEFORE,
    KINDS,
    NEW_TREE,
    OLD,
    SECONDS,
    SPEC,
    Box,
    BoxHand,
    Fault,
    Killed,
    Record,
    assignment,
)
from tests.conftest import Proved


def carry_out(
    box: Box, hand: BoxHand | None = None, record: Record | None = None, orders: Orders | None = None
) -> tuple[Ending, Record]:
    record = record or Record(box)
    machine = DeviceMachine(assignment(), hand or BoxHand(box), record, orders or Orders(), box.time())
    return machine.carry_out(), record


def resume(box: Box, record: Record, faults: Sequence[Fault] = ()) -> Ending:
    backed_up = "backup" in record.names
    again = Record(box)
    again.steps = record.steps
    machine = DeviceMachine(assignment(), BoxHand(box, faults, armed=True), again, Orders(), box.time())
    ending = machine.resume(list(record.steps), BEFORE if backed_up else None)
    record.given_back = again.given_back
    return ending


def is_old(box: Box) -> bool:
    return same(SPEC, box.running, parse_tree(OLD))


def is_new(box: Box) -> bool:
    return same(SPEC, box.running, NEW_TREE)


def holds(box: Box, ending: Ending) -> None:
    """The outcome is true now, and stays true when all timers have run out and the device has restarted."""
    box.pass_time(10 * SECONDS)
    truly = {Outcome.NEW: is_new(box), Outcome.OLD: is_old(box), Outcome.UNTOUCHED: is_old(box)}
    assert truly[ending.outcome], (ending, box.running)
    if ending.outcome is Outcome.UNTOUCHED:
        assert not box.sent, "untouched means that no line was sent"
    if ending.recorded:
        box.restart()
        assert is_new(box) if ending.outcome is Outcome.NEW else is_old(box), "a restart changes nothing"


@pytest.mark.parametrize("kind", KINDS)
def test_all_goes_well(kind: str) -> None:
    box = Box(kind)
    ending, record = carry_out(box)
    assert (ending.outcome, ending.why, ending.recorded) == (Outcome.NEW, "", True)
    assert record.names == [
        "look", "read", "backup", "arm", "apply", "compare", "verify", "confirm", "prove", "save", "done"
    ]  # fmt: skip
    assert record.given_back
    holds(box, ending)


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_line_takes_the_device_back(kind: str) -> None:
    box = Box(kind, refuses="preempt")
    ending, _ = carry_out(box)
    assert ending.outcome is Outcome.OLD
    assert "`standby 10 preempt`: % Invalid input" in ending.why
    holds(box, ending)


@pytest.mark.parametrize("kind", KINDS)
def test_a_verification_that_fails_takes_the_device_back(kind: str) -> None:
    box = Box(kind, healthy=False)
    ending, record = carry_out(box)
    assert ending.outcome is Outcome.OLD
    assert "did not hold: ports: failed" in ending.why
    assert "save" not in record.names, "what a restart brings back was never touched"
    holds(box, ending)


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_saved_does_not_stay(kind: str) -> None:
    box = Box(kind, cannot_save=True)
    ending, _ = carry_out(box)
    assert ending.outcome is Outcome.OLD
    assert "Error writing startup-config" in ending.why
    holds(box, ending)


@pytest.mark.parametrize(("tells", "outcome"), [(True, Outcome.OLD), (False, Outcome.UNPROVEN)])
def test_where_nobody_knows_what_a_restart_brings_back(tells: bool, outcome: Outcome) -> None:
    """The device never says whether it has saved: unless it shows its startup configuration, a person must look."""
    box = Box("revert_timer", silent_save=True, tells_startup=tells)
    ending, _ = carry_out(box)
    assert ending.outcome is outcome
    assert is_old(box)
    assert "does not say that it has saved" in ending.why


@pytest.mark.parametrize("kind", KINDS[:3])
def test_a_guard_that_fires_while_we_verify(kind: str) -> None:
    box = Box(kind, verify_s=SECONDS + 50)
    ending, record = carry_out(box)
    assert ending.outcome is Outcome.OLD
    assert "confirm" not in record.names
    holds(box, ending)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("late", range(0, 60, 3))
def test_a_guard_that_fires_about_when_it_is_confirmed(kind: str, late: int) -> None:
    """The device's clock is a little faster than ours, and fires before, while or after it is confirmed."""
    box = Box(kind, verify_s=SECONDS - 60 + late)
    hand = BoxHand(box)
    armed = hand.arm
    committed = hand._commit

    def arm_early() -> object:
        done = armed()
        box.fires_at -= 20
        return done

    def commit_early(tree: object) -> None:
        committed(tree)  # type: ignore[arg-type]  # passed through
        box.fires_at -= 20

    hand.arm, hand._commit = arm_early, commit_early  # type: ignore[method-assign,assignment]  # the point
    ending, _ = carry_out(box, hand)
    holds(box, ending)


def test_a_device_that_moved_since_the_plan_is_refused() -> None:
    box = Box("inverse")
    box.running["interface Gi2"]["shutdown"] = {}
    ending, _ = carry_out(box)
    assert (ending.outcome, ending.refused) == (Outcome.UNTOUCHED, True)
    assert "not the one that the plan was made for" in ending.why
    assert not box.sent


@pytest.mark.parametrize("kind", KINDS)
def test_somebody_elses_pending_change_is_refused_and_never_confirmed(kind: str) -> None:
    box = Box(kind, somebody_elses="binh")
    hand = BoxHand(box)
    ending, _ = carry_out(box, hand)
    assert (ending.outcome, ending.refused) == (Outcome.UNTOUCHED, True)
    assert "somebody else's that waits to be confirmed (binh)" in ending.why
    assert not {"arm", "line", "confirm", "revert"} & set(hand.calls)


def test_lines_that_nobody_may_send() -> None:
    def refuse(lines: Sequence[str], _running: object) -> None:
        raise RefusedError(f"`{lines[0]}` may not be sent")

    box = Box("inverse")
    machine = DeviceMachine(assignment(refuse=refuse), BoxHand(box), Record(box), Orders(), box.time())
    ending = machine.carry_out()
    assert (ending.outcome, ending.refused, box.sent) == (Outcome.UNTOUCHED, True, [])


@pytest.mark.parametrize("change", [{"forward": ("hostname other",)}, {"predicted": "0" * 64}])
def test_a_plan_whose_lines_do_not_lead_there_is_refused(change: dict[str, object]) -> None:
    box = Box("inverse")
    machine = DeviceMachine(assignment(**change), BoxHand(box), Record(box), Orders(), box.time())
    ending = machine.carry_out()
    assert (ending.outcome, ending.refused, box.sent) == (Outcome.UNTOUCHED, True, [])


def test_a_device_whose_turn_does_not_come_any_more() -> None:
    box = Box("inverse")
    ending, record = carry_out(box, orders=Orders(no_more="agg-1 failed."))
    assert (ending.outcome, ending.held_back, ending.why) == (Outcome.UNTOUCHED, True, "agg-1 failed.")
    assert record.given_back


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_while_it_is_verified(kind: str) -> None:
    box, orders = Box(kind), Orders()
    hand = BoxHand(box)
    look = hand.settle

    def settle(*arguments: object) -> object:
        orders.back = "The change was called back."
        return look(*arguments)  # type: ignore[arg-type]  # passed through

    hand.settle = settle  # type: ignore[method-assign,assignment]  # the point
    ending, _ = carry_out(box, hand, orders=orders)
    assert (ending.outcome, ending.why) == (Outcome.OLD, "The change was called back.")
    holds(box, ending)


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_that_never_comes_back_is_unproven_until_somebody_resumes(kind: str) -> None:
    box = Box(kind)
    hand = BoxHand(box, [Fault(8, "down")])
    box_down = box.down_until
    hand.faults = {}
    record = Record(box, [])
    crossed = hand._cross

    def cross(name: str, action: Callable[[], object]) -> object:
        result = crossed(name, action)
        if name == "line" and len(box.sent) == 3:
            box.down_until = box.now + 1e6
        return result

    hand._cross = cross  # type: ignore[method-assign,assignment]  # the point
    ending, _ = carry_out(box, hand, record)
    assert ending.outcome is Outcome.UNPROVEN
    assert "does not answer" in ending.why
    assert not record.given_back, "nobody else gets it before it is proven"
    box.now, box.down_until = box.now + 2e6, box_down
    box.look_at_the_timer()
    again = resume(box, record)
    assert again.outcome is Outcome.OLD
    assert again.why == next(step.body["why"] for step in record.steps if step.step == "revert"), "the first reason"
    assert record.given_back
    holds(box, again)


def test_a_resumed_change_leaves_somebody_elses_lines_alone() -> None:
    box, record = Box("inverse"), None
    record = Record(box, [Fault(6, "kill before")])
    with pytest.raises(Killed):
        carry_out(box, record=record)
    box.running["snmp-server community x"] = {}
    ending = resume(box, record)
    assert ending.outcome is Outcome.UNPROVEN
    assert "somebody has worked on it since" in ending.why
    assert "snmp-server community x" in box.running


# ------------------------------------------------------------------ everything, everywhere

CRASHES = (1.0, SECONDS - 20.0, SECONDS - 3.0, 5.0 * SECONDS)


def through(box: Box, hand: BoxHand, record: Record, later_s: float = 1.0) -> Ending:
    """Carry out; where the process is killed, resume later, as often as it takes."""
    try:
        ending, _ = carry_out(box, hand, record)
    except Killed:
        box.pass_time(later_s)
        ending = resume(box, record)
    for _ in range(3):
        if ending.recorded and ending.outcome is not Outcome.UNPROVEN:
            break
        box.pass_time(later_s)
        ending = resume(box, record)
    return ending


def clean(kind: str) -> tuple[int, int]:
    """How many crossings and how many steps a change takes when all goes well."""
    box = Box(kind)
    hand = BoxHand(box)
    _, record = carry_out(box, hand)
    return hand.crossings, record.tried


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
        box = Box(kind)
        faults = [Fault(at, what.removeprefix("record: "))]
        on_record = what.startswith("record: kill")
        full: dict[str, Callable[[int], bool]] = {
            "record: full once": lambda n, at=at: n == at,  # type: ignore[misc]  # mypy infers no type for a default
            "record: full from then on": lambda n, at=at: n >= at,  # type: ignore[misc]
        }
        record = Record(box, faults if on_record else (), full=full.get(what, lambda _n: False))
        hand = BoxHand(box, () if what.startswith("record") else faults)
        ending = through(box, hand, record, later_s)
        assert ending.outcome in (Outcome.NEW, Outcome.OLD, Outcome.UNTOUCHED), (case, ending)
        assert ending.recorded, (case, ending)
        assert record.given_back, (case, ending)
        assert record.names[-1] == "done"
        assert record.steps[-1].body["outcome"] == ending.outcome.value
        try:
            holds(box, ending)
        except AssertionError as error:
            raise AssertionError(f"{case}: {ending}; {record.names}") from error
        ended[ending.outcome.value] += 1
        proved("fault, on a model of the device", kind, what, str(case[2]), str(later_s))
    assert sum(ended.values()) > 150


def test_a_confirmation_that_was_heard_is_found_out() -> None:
    """kill -9 between the confirmation's being sent and its being on record: the device knows."""
    for kind in KINDS[:3]:
        box = Box(kind)
        record = Record(box)
        hand = BoxHand(box)
        crossed = hand._cross

        def cross(name: str, action: Callable[[], object], crossed: Callable[..., object] = crossed) -> object:
            result = crossed(name, action)
            if name == "confirm":
                raise Killed
            return result

        hand._cross = cross  # type: ignore[method-assign,assignment]  # the point
        with pytest.raises(Killed):
            carry_out(box, hand, record)
        assert record.names[-1] == "confirm"
        ending = resume(box, record)
        assert ending.outcome is Outcome.NEW
        holds(box, ending)


def test_a_confirmation_that_was_not_sent_is_sent_or_the_guard_fires() -> None:
    for later_s, outcome in ((1.0, Outcome.NEW), (SECONDS - 3.0, Outcome.OLD), (5.0 * SECONDS, Outcome.OLD)):
        box = Box("revert_timer")
        record = Record(box, [Fault(8, "kill after")])
        with pytest.raises(Killed):
            carry_out(box, record=record)
        assert record.names[-1] == "confirm"
        box.pass_time(later_s)
        ending = resume(box, record)
        assert ending.outcome is outcome
        holds(box, ending)


def test_a_full_store_while_a_guard_is_armed_is_waited_out() -> None:
    """Nothing is sent that is not on record: the guard brings the device back, and that is proven."""
    box = Box("revert_timer")
    hand = BoxHand(box)
    ending, _ = carry_out(box, hand, Record(box, full=lambda number: number >= 7))
    assert ending.outcome is Outcome.OLD
    assert "The disk is full" in ending.why
    assert not {"confirm", "revert", "save"} & set(hand.calls[hand.calls.index("arm") :])
    assert box.now > box.fires_at


def test_a_full_store_with_our_own_way_back_takes_the_way_back() -> None:
    """It was put on record when the guard was armed."""
    box = Box("inverse")
    ending, record = carry_out(box, record=Record(box, full=lambda number: number >= 7))
    assert (ending.outcome, ending.recorded) == (Outcome.OLD, False)
    assert is_old(box)
    assert "no standby 10 preempt" in next(step for step in record.steps if step.step == "arm").body["way_back"]


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
    box = Box(kind, healthy=healthy)
    record = Record(box, full=lambda number: number in recorded)
    try:
        ending, _ = carry_out(box, BoxHand(box, first), record)
    except Killed:
        ending = None
    if ending is None or not ending.recorded or ending.outcome is Outcome.UNPROVEN:
        box.pass_time(later_s)
        try:
            ending = resume(box, record, second)
        except Killed:
            ending = None
    box.down_until = 0.0
    for _ in range(2):
        if ending is None or not ending.recorded or ending.outcome is Outcome.UNPROVEN:
            box.pass_time(later_s)
            ending = resume(box, record)
    assert ending is not None
    assert ending.outcome is not Outcome.UNPROVEN
    before = copied(box.startup)
    box.pass_time(10 * SECONDS)
    assert is_new(box) if ending.outcome is Outcome.NEW else is_old(box)
    assert ending.outcome is not Outcome.NEW or same(SPEC, before, NEW_TREE)
