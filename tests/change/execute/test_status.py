"""The record of a change in plain words, the state of each device, and what to do next."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.change.execute.status import (
    DeviceStatus,
    describe_state,
    describe_step,
    device_status,
    device_statuses,
    exit_on_record,
    needs_person,
    next_step,
)
from eventready.core.errors import Exit
from eventready.core.messages import message
from eventready.core.strings.json_text import canonical
from eventready.store.change_steps import STEPS, ChangeHeader, DeviceOutcome
from eventready.store.changes import ChangeEntry, ChangeRecord, Step

NEEDED: dict[str, dict[str, Any]] = {
    "backup": {"kept": {"sha256": "ab", "answers": []}},
    "arm": {"guard": "inverse"},
    "apply": {"lines": 1},
    "begun": {"plan": "ab", "header": {"by": "an", "host": "nms"}},
    "ended": {"all_proven": False},
}
AT = "2026-11-25T01:00:00.000+00:00"


def step(name: str, device: str = "r1", **body: Any) -> Step:
    return Step(STEPS.read_plain({"step": name, "device": device, **NEEDED.get(name, {}), **body}), AT)


def steps(*names: str, **end: Any) -> list[Step]:
    return [step(name) for name in names] + ([step("done", **end)] if end else [])


@pytest.mark.parametrize(
    ("taken", "state"),
    [
        (steps(), "waiting"),
        (steps("precheck", "read", "backup"), "waiting"),
        (steps("precheck", "read", "backup", "arm"), "open"),
        (steps("arm", "apply", "compare", "verify", "confirm"), "open"),
        (steps("arm", "apply", outcome="new"), "new"),
        (steps("arm", "revert", outcome="old", why="A line was refused."), "old"),
        (steps("precheck", outcome="untouched", why="It moved."), "untouched"),
        (steps("arm", "revert", outcome="unproven", why="Lost."), "unproven"),
        ([*steps("arm", outcome="unproven"), *steps("revert")], "open"),
        ([*steps("arm", outcome="unproven"), *steps("revert", outcome="old")], "old"),
    ],
)
def test_the_state_of_a_device(taken: list[Step], state: str) -> None:
    assert device_status("r1", taken).state == state
    assert device_status("r1", taken).description == describe_state(state)


def test_guard_reason_and_verification_are_reported() -> None:
    taken = [
        step("arm", guard="revert_timer", seconds=300, device_side=True),
        step("confirm", verified="31 findings, none worse"),
        step("done", outcome="new", why=""),
    ]
    one = device_status("r1", taken)
    assert (one.guard, one.verified, one.why) == ("revert_timer", "31 findings, none worse", "")


@pytest.mark.parametrize(
    ("taken", "output"),
    [
        (step("arm", guard="revert_timer", seconds=300, device_side=True), "arm the guard: revert timer, 300 s"),
        (step("arm", guard="inverse", seconds=0, device_side=False), "NONE on the device"),
        (step("apply", lines=1), "send the lines: 1 line"),
        (step("rollback", lines=["a", "b"]), "inverse commands: 2 lines"),
        (step("revert", why="It was lost."), "old configuration: It was lost."),
        (step("done", outcome="old", why="It was lost."), "reverted to the old state, and proven. It was lost."),
    ],
)
def test_steps_in_plain_words(taken: Step, output: str) -> None:
    assert describe_step(taken).render("en").endswith(output)


def record(waves: list[list[str]], *taken: Step, rolls_back: str = "") -> ChangeRecord:
    header = ChangeHeader(by="an", host="nms", rolls_back=rolls_back)
    entry = ChangeEntry("c-1", "e", AT, AT, header, {})
    return ChangeRecord(entry, canonical({"plan": {"waves": waves}}), (step("begun", ""), *taken))


def test_devices_stand_in_the_order_of_the_waves_and_none_is_left_out() -> None:
    found = device_statuses(record([["b"], ["a", "c"]], step("done", "a", outcome="new")))
    assert [(one.device, one.state) for one in found] == [("b", "waiting"), ("a", "new"), ("c", "waiting")]


def states(*found: str) -> list[DeviceStatus]:
    return [DeviceStatus(f"r{number}", state) for number, state in enumerate(found)]


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
    assert needs_person(states(*found)) is needed


def test_the_exit_code_on_record_is_the_last_one() -> None:
    assert exit_on_record(record([["a"]])) is None
    left = [step("ended", "", exit=6), step("revert", "a"), step("ended", "", exit=5)]
    assert exit_on_record(record([["a"]], *left)) is Exit.CHANGE_REVERTED


@pytest.mark.parametrize(
    ("found", "output"),
    [
        (("new",), "`eventready rollback c-1` rolls it back"),
        (("old", "untouched"), "then apply the plan again"),
        (("new", "old"), "Find out why r1 did not reach the new state"),
        (("new", "waiting"), "Find out why r1 did not reach the new state"),
        (("unproven", "open", "old"), "Check r0 on the console NOW"),
        (("open", "old"), "eventready apply --resume c-1"),
        (("unproven",) * 5, "r0, r1, r2 and 2 more"),
    ],
)
def test_one_sentence_says_what_to_do(found: tuple[str, ...], output: str) -> None:
    sentence = next_step("c-1", states(*found)).render("en")
    assert output in sentence
    assert "\n" not in sentence


def interrupted(*found: str) -> list[DeviceStatus]:
    why = {"old": message("change:why.interrupted"), "untouched": message("change:why.interrupted_turn")}
    return [DeviceStatus(f"r{number}", state, why.get(state, "")) for number, state in enumerate(found)]


@pytest.mark.parametrize(
    ("found", "rolls_back", "output"),
    [
        (
            ("new", "old", "untouched", "untouched"),
            "",
            "The change was interrupted: r0 is in the new state; r1 is reverted; r2, r3 are untouched. "
            "To roll it back: `eventready rollback c-2`; to continue: a new plan with `eventready plan`.",
        ),
        (
            ("old", "untouched"),
            "",
            "The change was interrupted, and no device has changed: r0 is reverted; r1 is untouched. To run "
            "it again: `eventready apply` with the same plan.",
        ),
        (
            ("new", "untouched"),
            "c-1",
            "The change was interrupted: r0 is in the new state; r1 is untouched. To continue: `eventready "
            "rollback c-1`.",
        ),
        (
            ("untouched",),
            "c-1",
            "The change was interrupted, and no device has changed: r0 is untouched. To run it again: "
            "`eventready rollback c-1`.",
        ),
    ],
)
def test_whoever_calls_a_change_back_is_reported_where_the_devices_are(
    found: tuple[str, ...], rolls_back: str, output: str
) -> None:
    assert next_step("c-2", interrupted(*found), rolls_back=rolls_back).render("en") == output


def test_what_failed_before_it_was_called_back_is_still_reported() -> None:
    failed = DeviceStatus("r9", "old", "A line was refused.")
    assert "Find out why r9, r1 did not" in next_step("c-1", [failed, *interrupted("new", "old")]).render("en")
    running = DeviceStatus("r9", "open")
    assert "apply --resume c-1" in next_step("c-1", [running, *interrupted("new", "old")]).render("en")
    assert "interrupted" not in next_step("c-1", states("new", "new")).render("en")


def test_after_a_rollback_no_person_is_reported_to_roll_back_again() -> None:
    assert "rollback" not in next_step("c-2", states("new"), rolls_back="c-1").render("en")


def test_a_rollback_that_was_not_all_is_made_again() -> None:
    sentence = next_step("c-2", states("new", "untouched"), rolls_back="c-1").render("en")
    assert "r1 did not roll back" in sentence
    assert "`eventready rollback c-1`" in sentence


def test_every_outcome_has_words() -> None:
    for outcome in DeviceOutcome:
        assert describe_state(outcome).render("en") != describe_state(outcome).render("vi")
