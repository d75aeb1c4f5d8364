"""The record of a change in plain words, the state of each device, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from eventready.change.case import Outcome
from eventready.change.story import (
    STATES,
    Standing,
    exit_on_record,
    next_step,
    person_needed,
    standing,
    standings,
    told,
)
from eventready.errors import Exit
from eventready.store.changes import ChangeEntry, ChangeRecord, Step

AT = "2026-11-25T01:00:00.000+00:00"


def step(name: str, device: str = "r1", **body: Any) -> Step:
    return Step(device, name, AT, {"device": device, "step": name, **body})


def steps(*names: str, **end: Any) -> list[Step]:
    return [step(name) for name in names] + ([step("done", **end)] if end else [])


@pytest.mark.parametrize(
    ("taken", "state"),
    [
        (steps(), "waiting"),
        (steps("look", "read", "backup"), "waiting"),
        (steps("look", "read", "backup", "arm"), "open"),
        (steps("arm", "apply", "compare", "verify", "confirm"), "open"),
        (steps("arm", "apply", outcome="new"), "new"),
        (steps("arm", "revert", outcome="old", why="A line was refused."), "old"),
        (steps("look", outcome="untouched", why="It moved."), "untouched"),
        (steps("arm", "revert", outcome="unproven", why="Lost."), "unproven"),
        ([*steps("arm", outcome="unproven"), *steps("revert")], "open"),
        ([*steps("arm", outcome="unproven"), *steps("revert", outcome="old")], "old"),
    ],
)
def test_the_state_of_a_device(taken: list[Step], state: str) -> None:
    assert standing("r1", taken).state == state
    assert standing("r1", taken).said == STATES[state]


def test_guard_reason_and_verification_are_told() -> None:
    taken = [
        step("arm", guard="revert_timer", seconds=300, by_itself=True),
        step("confirm", verified="31 findings, none worse"),
        step("done", outcome="new", why=""),
    ]
    one = standing("r1", taken)
    assert (one.guard, one.verified, one.why) == ("revert_timer", "31 findings, none worse", "")


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        (step("arm", guard="revert_timer", seconds=300, by_itself=True), "arm the guard: revert timer, 300 s"),
        (step("arm", guard="inverse", seconds=0, by_itself=False), "NO way back by itself, so it is up to us"),
        (step("apply", lines=1), "send the lines: 1 line"),
        (step("lead_back", lines=["a", "b"]), "way back: 2 lines"),
        (step("revert", why="It was lost."), "old configuration: It was lost."),
        (step("done", outcome="old", why="It was lost."), "back in the old state, and proven to be. It was lost."),
        (step("something_new"), "something new"),
    ],
)
def test_steps_in_plain_words(taken: Step, said: str) -> None:
    assert told(taken).endswith(said)


def record(waves: list[list[str]], *taken: Step, rolls_back: str = "") -> ChangeRecord:
    opening: Mapping[str, Any] = {"by": "an", "host": "nms", "rolls_back": rolls_back or None}
    entry = ChangeEntry("c-1", "e", AT, AT, opening, {})
    return ChangeRecord(entry, {"plan": {"waves": waves}, "approvals": []}, (step("begun", ""), *taken))


def test_devices_stand_in_the_order_of_the_waves_and_none_is_left_out() -> None:
    found = standings(record([["b"], ["a", "c"]], step("done", "a", outcome="new")))
    assert [(one.device, one.state) for one in found] == [("b", "waiting"), ("a", "new"), ("c", "waiting")]


def states(*found: str) -> list[Standing]:
    return [Standing(f"r{number}", state) for number, state in enumerate(found)]


@pytest.mark.parametrize(
    ("found", "needed"),
    [
        (("new", "old", "untouched", "waiting"), False),
        (("new", "open"), True),
        (("unproven", "new"), True),
        ((), False),
    ],
)
def test_when_a_person_is_needed(found: tuple[str, ...], needed: bool) -> None:
    assert person_needed(states(*found)) is needed


def test_the_exit_code_on_record_is_the_last_one() -> None:
    assert exit_on_record(record([["a"]])) is None
    left = [step("ended", "", exit=6), step("revert", "a"), step("ended", "", exit=5)]
    assert exit_on_record(record([["a"]], *left)) is Exit.CHANGE_REVERTED


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (("new",), "`eventready rollback c-1` takes it all back"),
        (("old", "untouched"), "then apply the plan again"),
        (("new", "old"), "Find out why r1 did not take it"),
        (("new", "waiting"), "Find out why r1 did not take it"),
        (("unproven", "open", "old"), "Look at r0 on the console NOW"),
        (("open", "old"), "eventready apply --resume c-1"),
        (("unproven",) * 5, "r0, r1, r2 and 2 more"),
    ],
)
def test_one_sentence_says_what_to_do(found: tuple[str, ...], said: str) -> None:
    sentence = next_step("c-1", states(*found))
    assert said in sentence
    assert "\n" not in sentence


def called_back(*found: str) -> list[Standing]:
    why = {"old": "The change was called back.", "untouched": "The change was called back before this device's turn."}
    return [Standing(f"r{number}", state, why.get(state, "")) for number, state in enumerate(found)]


@pytest.mark.parametrize(
    ("found", "rolls_back", "said"),
    [
        (
            ("new", "old", "untouched", "untouched"),
            "",
            "The change was called back: r0 is new and stays so; r1 is back in the old state; r2, r3 are untouched. "
            "To take all of it back: `eventready rollback c-2`; to go on with the rest: a new plan with "
            "`eventready plan`.",
        ),
        (
            ("old", "untouched"),
            "",
            "The change was called back, and nothing has changed: r0 is back in the old state; r1 is untouched. To "
            "carry it out after all: `eventready apply` with the same plan.",
        ),
        (
            ("new", "untouched"),
            "c-1",
            "The change was called back: r0 is new and stays so; r1 is untouched. To go on with the rest: `eventready "
            "rollback c-1`.",
        ),
        (
            ("untouched",),
            "c-1",
            "The change was called back, and nothing has changed: r0 is untouched. To carry it out after all: "
            "`eventready rollback c-1`.",
        ),
    ],
)
def test_whoever_calls_a_change_back_is_told_where_the_devices_are(
    found: tuple[str, ...], rolls_back: str, said: str
) -> None:
    assert next_step("c-2", called_back(*found), rolls_back=rolls_back) == said


def test_what_failed_before_it_was_called_back_is_still_told() -> None:
    failed = Standing("r9", "old", "A line was refused.")
    assert "Find out why r9, r1 did not" in next_step("c-1", [failed, *called_back("new", "old")])
    assert "apply --resume c-1" in next_step("c-1", [Standing("r9", "open"), *called_back("new", "old")])
    assert "called" not in next_step("c-1", states("new", "new"))


def test_after_a_rollback_nobody_is_told_to_roll_back_again() -> None:
    assert "rollback" not in next_step("c-2", states("new"), rolls_back="c-1")


def test_a_rollback_that_was_not_all_is_made_again() -> None:
    sentence = next_step("c-2", states("new", "untouched"), rolls_back="c-1")
    assert "r1 did not go back" in sentence
    assert "`eventready rollback c-1`" in sentence


def test_every_outcome_has_words() -> None:
    assert {outcome.value for outcome in Outcome} <= set(STATES)
