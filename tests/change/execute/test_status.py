"""The record of a change in plain words, the state of each device, and what to do next."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.change.execute.status import (
    STATES,
    DeviceStatus,
    advice,
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
from eventready.store.change_steps import STEPS, ChangeHeader
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
        (steps("arm", "apply", outcome="new"), "with_change"),
        (steps("arm", "revert", outcome="old", why="A line was refused."), "as_before"),
        (steps("precheck", outcome="untouched", why="It moved."), "as_before"),
        (steps("arm", "revert", outcome="unproven", why="Lost."), "unproven"),
        ([*steps("arm", outcome="unproven"), *steps("revert")], "open"),
        ([*steps("arm", outcome="unproven"), *steps("revert", outcome="old")], "as_before"),
    ],
)
def test_the_state_of_a_device(taken: list[Step], state: str) -> None:
    assert device_status("r1", taken).state == state


@pytest.mark.parametrize(
    ("outcome", "forward", "back"),
    [
        ("new", "with the change, and proven", "as before the change, and proven"),
        ("old", "as before the change, and proven", "with the change, and proven"),
        ("untouched", "as before the change: no line was sent to it", "still with the change: no line was sent to it"),
        ("unproven", "NOT PROVEN to be with the change or as before: check it now", ""),
        ("by_hand", "released by hand: its state is not proven", ""),
    ],
)
def test_a_state_is_named_alike_forward_and_back(outcome: str, forward: str, back: str) -> None:
    for words, goes_back in ((forward, False), (back or forward, True)):
        taken = steps("arm", outcome=outcome)
        assert device_status("r1", taken, goes_back=goes_back).description.render("en") == words
        assert describe_step(taken[-1], goes_back=goes_back).render("en") == f"result: {words}"
    recorded = [record([["r1"]], *steps("arm", outcome=outcome), rolls_back=change) for change in ("", "c-0")]
    found = [device_statuses(one)[0].description.render("en") for one in recorded]
    assert found == [forward, back or forward]


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
        (step("revert", why="It was lost."), "to a proven state: It was lost."),
        (step("done", outcome="old", why="It was lost."), "as before the change, and proven. It was lost."),
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
    assert [(one.device, one.state) for one in found] == [("b", "waiting"), ("a", "with_change"), ("c", "waiting")]


def states(*found: str) -> list[DeviceStatus]:
    return [DeviceStatus(f"r{number}", state) for number, state in enumerate(found)]


@pytest.mark.parametrize(
    ("found", "needed"),
    [
        (("with_change", "as_before", "waiting"), False),
        (("with_change", "open"), True),
        (("unproven", "with_change"), True),
        ((), False),
    ],
)
def test_when_a_person_is_needed(found: tuple[str, ...], needed: bool) -> None:
    assert needs_person(states(*found)) is needed


def test_the_exit_code_on_record_is_the_last_one() -> None:
    assert exit_on_record(record([["a"]])) is None
    left = [step("ended", "", exit=6), step("revert", "a"), step("ended", "", exit=5)]
    assert exit_on_record(record([["a"]], *left)) is Exit.CHANGE_REVERTED


def test_a_killed_change_without_an_armed_device_is_resumed() -> None:
    """Its devices stay locked: another plan would be refused."""
    killed = record([["a"], ["b"]], step("precheck", "a"))
    assert "apply --resume" in advice(killed).render("en")
    ended = record([["a"], ["b"]], step("done", "a", outcome="untouched"), step("ended", "", exit=7))
    assert "apply --resume" not in advice(ended).render("en")


@pytest.mark.parametrize(
    ("found", "output"),
    [
        (("with_change",), "`eventready rollback c-1` rolls it back"),
        (("as_before", "as_before"), "then apply the plan again"),
        (("with_change", "as_before"), "Find out why r1 did not take the change"),
        (("with_change", "waiting"), "Find out why r1 did not take the change"),
        (("unproven", "open", "as_before"), "Check r0 on the console NOW"),
        (("open", "as_before"), "eventready apply --resume c-1"),
        (("unproven",) * 5, "r0, r1, r2 and 2 more"),
    ],
)
def test_one_sentence_says_what_to_do(found: tuple[str, ...], output: str) -> None:
    sentence = next_step("c-1", states(*found)).render("en")
    assert output in sentence
    assert "\n" not in sentence


def interrupted(*found: str, missed: str = "as_before") -> list[DeviceStatus]:
    why = message("change:why.interrupted")
    return [DeviceStatus(f"r{number}", state, why if state == missed else "") for number, state in enumerate(found)]


@pytest.mark.parametrize(
    ("found", "rolls_back", "output"),
    [
        (
            ("with_change", "as_before", "as_before"),
            "",
            "The change was interrupted: r0 has the change; r1, r2 are as before. "
            "To roll it back: `eventready rollback c-2`; to continue: a new plan with `eventready plan`.",
        ),
        (
            ("as_before", "as_before"),
            "",
            "The change was interrupted: r0, r1 are as before. To run it again: `eventready apply` with the same plan.",
        ),
        (
            ("as_before", "with_change"),
            "c-1",
            "The way back was interrupted: r1 has the change; r0 is as before. To continue: `eventready rollback c-1`.",
        ),
        (
            ("with_change",),
            "c-1",
            "The way back was interrupted: r0 has the change. To run it again: `eventready rollback c-1`.",
        ),
    ],
)
def test_whoever_calls_a_change_back_is_reported_where_the_devices_are(
    found: tuple[str, ...], rolls_back: str, output: str
) -> None:
    states = interrupted(*found, missed="with_change" if rolls_back else "as_before")
    assert next_step("c-2", states, rolls_back=rolls_back).render("en") == output


def test_what_failed_before_it_was_called_back_is_still_reported() -> None:
    failed = DeviceStatus("r9", "as_before", "A line was refused.")
    called = interrupted("with_change", "as_before")
    assert "Find out why r9, r1 did not" in next_step("c-1", [failed, *called]).render("en")
    running = DeviceStatus("r9", "open")
    assert "apply --resume c-1" in next_step("c-1", [running, *called]).render("en")
    assert "interrupted" not in next_step("c-1", states("with_change", "with_change")).render("en")


def test_after_a_rollback_no_person_is_reported_to_roll_back_again() -> None:
    assert "rollback" not in next_step("c-2", states("as_before"), rolls_back="c-1").render("en")


def test_a_rollback_that_was_not_all_is_made_again() -> None:
    sentence = next_step("c-2", states("as_before", "with_change"), rolls_back="c-1").render("en")
    assert "r1 still has the change" in sentence
    assert "`eventready rollback c-1`" in sentence


def test_every_outcome_has_words() -> None:
    for state in STATES:
        assert describe_state(state).render("en") != describe_state(state).render("vi")
