"""States over time: hold-down, damping, and nothing named twice."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from eventready.checks.finding import Finding, Outcome
from eventready.watch.open_finding import open_of
from eventready.watch.states import DAMPED_FROM, HOLD_DOWN, WINDOW_S, Key, Often, StateChange, States

KEY = Key("core-1", "uplink", "Te0/1")


def finding(status: str, *, blind: bool = False) -> Finding:
    return Finding(Outcome(status), KEY.subject, "checks:x", check=KEY.check, device=KEY.device, blind=blind)


def run(statuses: list[str], step_s: float) -> list[StateChange]:
    states = States()
    return [
        change for number, status in enumerate(statuses) for change in states.update(number * step_s, [finding(status)])
    ]


def test_a_new_state_counts_from_its_second_reading() -> None:
    assert run(["pass", "fail", "pass", "fail"], 15) == []
    (change,) = run(["pass", "fail", "fail", "fail"], 15)
    assert (change.old, change.new, change.at) == ("pass", "fail", 30)


def test_a_third_state_begins_its_own_hold_down() -> None:
    assert run(["fail", "warn", "fail"], 15) == []


def test_states_of_an_audit_and_blind_spots_are_no_changes() -> None:
    states = States()
    states.begin({KEY: "fail"}, 0)
    assert states.update(15, [finding("fail")]) + states.update(30, [finding("fail")]) == []
    other = Key("core-1", "noise", "")
    blind = Finding(Outcome.NOT_MEASURED, "", "checks:x", check="noise", device="core-1", blind=True)
    assert [states.update(at, [blind]) for at in (15, 30)] == [[], []]
    assert states.status(other) == ("not_measured", 15)
    for before in ("pass", "fail"):
        states.begin({KEY: before}, 0)
        assert [states.update(at, [finding("not_measured", blind=True)]) for at in (45, 60)] == [[], []]


def test_frequent_changes_are_named_once_and_again_after_a_quiet_window() -> None:
    flapping = ["fail", "fail", "pass", "pass"] * 6
    changes = run([*flapping, *["fail"] * 60], 15)
    assert [change.damped for change in changes] == [False] * (DAMPED_FROM - 1) + [True, False]
    assert (changes[-1].old, changes[-1].new) == ("", "fail")
    last_flap = 15.0 * (len(flapping) + HOLD_DOWN - 1)
    assert changes[-1].at > last_flap + WINDOW_S


def test_a_damped_finding_is_open_with_its_changes_and_what_it_is_now() -> None:
    """It is a warning where it passes now, and a failure where it does not, at each reading."""
    states, shown = States(), []
    for number, status in enumerate(["fail", "fail", "pass", "pass"] * 3):
        states.update(number * 15, [finding(status)])
        shown.append([(one.status, one.often) for one in open_of([finding(status)], states)])
    assert shown[4:8] == [[], [("fail", None)], [], [("warn", Often(4, 2))]]
    assert shown[8:] == [
        [("fail", Often(4, 2))],
        [("fail", Often(5, 2))],
        [("warn", Often(5, 2))],
        [("warn", Often(6, 2))],
    ]


def test_a_clock_set_back_damps_no_change_and_no_longer() -> None:
    states = States()
    seen = [states.update(at, [finding(status)], at_once=True)
            for at, status in ((3600, "fail"), (7200, "pass"), (10800, "fail"), (7300, "pass"))]  # fmt: skip
    assert [change.damped for changes in seen for change in changes] == [False] * 4
    for at, status in ((7310, "fail"), (7320, "pass"), (7330, "fail")):
        states.update(at, [finding(status)], at_once=True)
    (again,) = states.update(3800, [finding("fail")])
    assert (again.old, again.new) == ("", "fail")


@given(st.lists(st.sampled_from(["pass", "warn", "fail", "not_measured"]), max_size=60), st.floats(5, 400))
def test_named_states_follow_each_other(statuses: list[str], step_s: float) -> None:
    """Each change begins at the state named before and is another; undamped, the last is the state in force."""
    changes = run(statuses, step_s)
    named = "pass"
    for change in changes:
        assert change.old in ("", named)
        assert change.new != named or not change.old
        named = change.new
    if not any(change.damped for change in changes):
        held = "pass"
        for one, other in itertools.pairwise(statuses):
            held = other if one == other else held
        assert named == held
