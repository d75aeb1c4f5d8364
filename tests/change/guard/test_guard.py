"""Which guard a device has, what it is told and when, and that nobody else's is touched."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from eventready.change.forms.configuration import Configuration
from eventready.change.guard import (
    Guard,
    GuardStateUnknown,
    armed_seconds,
    change_spec,
    gap,
    guards_for,
    protects,
)
from eventready.core.errors import RefusedError
from eventready.core.messages import in_english
from eventready.facts.platform import load_platform
from eventready.platforms.loader import platform_names
from eventready.platforms.model import ChangeSpec, GuardSpec
from eventready.session.connect import Session
from eventready.session.reply import Reply, ReplyStatus
from eventready.session.target import Target


@dataclass
class Line:
    """A session that answers from a table and remembers what it was told."""

    answers: dict[str, str | ReplyStatus] = field(default_factory=dict)
    reported: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    limits: set[float] = field(default_factory=set)
    target: Target = field(default_factory=lambda: Target("edge-1", "192.0.2.1", username="netops"))
    prompt: str = "edge-1#"
    stays: bool = False

    def send_config(self, lines: Sequence[str], *, spec: ChangeSpec, timeout_s: float) -> list[Reply]:
        self.limits.add(timeout_s)
        replies: list[Reply] = []
        for line in lines:
            if replies and replies[-1].status is not ReplyStatus.ANSWERED:
                replies.append(Reply(line, "", ReplyStatus.NOT_SENT, "Not sent."))
                continue
            self.reported.append(line)
            replies.append(self._reply(line))
            if line.startswith("configure") and not self.stays:
                self.prompt = "edge-1(config)#"
            elif line == "end":
                self.prompt = "edge-1#"
        return replies

    def send_commands(self, commands: Sequence[str]) -> list[Reply]:
        self.queries += commands
        return [self._reply(command) for command in commands]

    def _reply(self, line: str) -> Reply:
        answer = self.answers.get(line, "")
        return Reply(line, "", answer, "No.") if isinstance(answer, ReplyStatus) else Reply(line, answer)


CHANGE: dict[str, Any] = {"enter": ("configure",), "leave": ("end",), "save": ("write",), "saved": r"\[OK\]"}
TIMER = GuardSpec(
    kind="revert_timer",
    enter=("configure revert timer {minutes}",),
    confirm=("confirm",),
    revert=("revert now",),
    pending="show timer",
    is_pending=r"^armed by (?P<by>\S+)",
)
TRIAL = GuardSpec(
    kind="commit_trial",
    arm_after=("commit trial {seconds} label {change}",),
    confirm=("commit",),
    revert=("abort",),
    pending="show trial",
    is_pending="ACTIVE(?: (?P<by>\\S+))?",
)
DEAD = GuardSpec(
    kind="dead_man", shell=True, arm=("cat {x} ${y}; sleep {seconds} &",), confirm=("ok",), revert=("back",)
)
INVERSE = GuardSpec(kind="inverse")


def make(spec: GuardSpec, line: Line, shell: Line | None = None, seconds: int = 600, **more: Any) -> Guard:
    change = ChangeSpec(guards=(spec,), **CHANGE)
    return Guard(spec, change, cast(Session, line), cast(Session, shell), "c-1", seconds, **more)


# ------------------------------------------------------------------------- choice


@pytest.mark.parametrize("name", [name for name in platform_names() if load_platform(name).spec.change])
def test_every_platform_has_a_guard_and_can_say_what_it_is_worth(name: str) -> None:
    chosen = next(guards_for(load_platform(name), Configuration({}, "", ""), lambda _command: "", has_shell=False))
    assert protects(chosen, 600)
    assert in_english(gap(chosen)).endswith(".")


@pytest.mark.parametrize(
    ("name", "running", "answer", "has_shell", "kind"),
    [
        ("cisco_xe", "archive\n log config\n path bootflash:before\n", "", False, "revert_timer"),
        ("cisco_xe", "archive\n log config\n", "", False, "inverse"),
        ("cisco_xe", "hostname R1\n path bootflash:before\n", "", False, "inverse"),
        ("huawei_vrp", "", "VRP (R) software, Version 8.180 (NE40E V800R011C10)", False, "commit_trial"),
        ("huawei_vrp", "", "VRP (R) software, Version 5.170 (AR2200 V200R009C00)", False, "inverse"),
        ("frr", "", "", True, "dead_man"),
        ("frr", "", "", False, "inverse"),
        ("linux_hostapd", "", "", False, "dead_man"),
        ("osmocom_bsc", "", "", True, "inverse"),
        ("huawei_mml", "", "", True, "inverse"),
    ],
)
def test_the_guard_that_a_device_can_have(name: str, running: str, answer: str, has_shell: bool, kind: str) -> None:
    queries: list[str] = []

    def ask(command: str) -> str:
        queries.append(command)
        return answer

    assert next(guards_for(load_platform(name), Configuration({}, running, ""), ask, has_shell=has_shell)).kind == kind
    assert queries == (["display version"] if name == "huawei_vrp" else [])


@pytest.mark.parametrize(("version", "named"), [("8.180", False), ("8.191", False), ("8.210", True), ("8.230", True)])
def test_a_trial_has_the_name_of_the_change_where_vrp_knows_names(version: str, named: bool) -> None:
    reported = f"VRP (R) software, Version {version} (NE40E)"
    chosen = next(
        guards_for(load_platform("huawei_vrp"), Configuration({}, "", ""), lambda _command: reported, has_shell=False)
    )
    lines = (*chosen.arm_after, *chosen.confirm, *chosen.revert)
    assert [line for line in lines if "persist eventready-{change}" in line] == (
        ["commit trial {seconds} persist eventready-{change}", "commit persist eventready-{change}",
         "abort trial persist eventready-{change}"] if named else []
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reported", "by"),
    [
        ("Trial status: INACTIVE \nTrial time left (sec): 0\n", None),
        ("Trial status:  ACTIVE\nTrial time left (sec): 51\n", ""),
        ("Trial status: ACTIVE \nPersist id: IQ,d4668\nTrial time left (sec): 30\n", "IQ,d4668"),
        ("Trial status: ACTIVE\nPersist id: eventready-c-7\nTrial time left (sec): 30\n", "c-7"),
        ("Trial status: CANCELING\nTrial time left (sec): 0\n", ""),
        ("Trial status: WAITCANCEL\nTrial time left (sec): 0\n", ""),
    ],
)
def test_whose_trial_it_is(reported: str, by: str | None) -> None:
    spec = next(one for one in change_spec(load_platform("huawei_vrp")).guards if one.kind == "commit_trial")
    found = re.search(spec.is_pending, reported, re.MULTILINE)
    assert (found and (found["by"] or "")) == by


# ------------------------------------------------------------------------- the way


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("osmocom_bsc", "VTY configuration is locked by other VTY"),
        ("frr", "VTY configuration is locked by other VTY"),
        ("frr", "% Can't enter config; running datastore locked by another session"),
        ("cisco_ios", "Configuration mode locked exclusively by user 'an' process '3' from terminal '1'."),
        ("cisco_xr", "Cannot enter exclusive mode. The Configuration Namespace is locked by another agent."),
        ("juniper_junos", "error: configuration database locked by:\n  an terminal p0 (pid 311) on since 07:00:02"),
        ("huawei_vrp", "Error: The configuration is locked by user an."),
    ],
)
def test_no_line_is_sent_where_another_session_is_in_configuration_mode(name: str, answer: str) -> None:
    """OsmoBSC and FRR print no error: the session stays at its prompt, where each line is another command."""
    spec = change_spec(load_platform(name))
    line = Line(dict.fromkeys(spec.enter, answer), stays=True)
    guard = Guard(GuardSpec(kind="inverse"), spec, cast(Session, line), None, "c-1", 600)
    applied = guard.apply(["a", "b"])
    assert (applied.ok, applied.accepted, applied.for_content) == (False, 0, False)
    assert applied.rejected is not None
    assert "another session is in configuration mode" in in_english(applied.rejected.reason)
    assert answer.rsplit(maxsplit=1)[-1].strip(".") in in_english(applied.rejected.reason)
    assert line.reported == list(spec.enter)


def test_a_prompt_proves_configuration_mode() -> None:
    line = Line({"configure": "Please try later."}, stays=True)
    applied = make(INVERSE, line).apply(["a"])
    assert not applied.ok
    assert line.reported == ["configure"]
    assert applied.rejected is not None
    assert in_english(applied.rejected.reason) == "`configure` did not enter configuration mode: Please try later."


def test_a_revert_timer_is_armed_by_entering() -> None:
    line = Line()
    guard = make(TIMER, line, seconds=90)
    assert guard.arm().ok
    assert line.reported == ["configure revert timer 2"]
    line.answers["show timer"] = "armed by netops"
    applied = guard.apply(["a", "b"])
    assert (applied.ok, applied.accepted, applied.rejected) == (True, 2, None)
    assert guard.confirm().ok
    assert line.reported == ["configure revert timer 2", "a", "b", "end", "confirm"]
    assert line.queries == ["show timer", "show timer"]


def test_a_trial_is_committed_after_the_lines() -> None:
    line = Line()
    guard = make(TRIAL, line)
    assert guard.arm().ok
    assert guard.apply(["a"]).ok
    line.answers["show trial"] = "ACTIVE netops"
    assert guard.confirm().ok
    assert line.reported == ["configure", "a", "commit trial 600 label c-1", "end", "commit"]


def test_a_dead_man_lives_in_the_shell_and_its_braces_stay() -> None:
    line, shell = Line(), Line()
    guard = make(DEAD, line, shell)
    assert guard.arm().ok
    assert guard.apply(["a"]).ok
    assert guard.confirm().ok
    assert shell.reported == ["cat {x} ${y}; sleep 600 &", "ok"]
    assert line.reported == ["configure", "a", "end"]


def test_a_dead_man_without_its_shell_is_refused_before_anything_is_sent() -> None:
    line = Line()
    with pytest.raises(RefusedError, match="shell"):
        make(DEAD, line).arm()
    assert line.reported == []


def test_inverse_arms_nothing_and_confirms_nothing() -> None:
    line = Line()
    guard = make(INVERSE, line)
    assert not guard.device_side
    assert guard.arm().ok
    assert guard.apply(["a"]).ok
    assert guard.confirm().ok
    assert guard.revert().ok
    assert guard.apply(["no a"]).ok
    assert line.reported == ["configure", "a", "end", "configure", "no a", "end"]


def test_lines_that_need_a_command_to_take_effect_send_the_command_once_a_section() -> None:
    """Outside of configuration mode, and only for the lines that need the command."""
    change = change_spec(load_platform("osmocom_bsc"))
    line = Line(prompt="OsmoBSC#")
    guard = Guard(INVERSE, change, cast(Session, line), None, "c-1", 600)
    sections = ("bts 0", "rach tx integer 9", "cell reselection offset 0", "exit", "bts 1", "codec-support fr", "exit")
    resent = "bts 0 resend-system-information"
    assert guard.apply(["network", *sections]).ok
    assert line.reported[-2:] == ["end", resent]
    assert guard.apply(["network", "bts 1", "codec-support fr"]).ok
    assert line.reported[-1] == "end"
    line.answers = {resent: ReplyStatus.REFUSED}
    done = guard.apply(["network", *sections])
    assert (done.ok, done.rejected and done.rejected.line) == (False, resent)


def test_nothing_to_say_is_nothing_sent() -> None:
    line = Line()
    assert make(INVERSE, line).apply([]).ok
    assert line.reported == []


# ----------------------------------------------------------------------- refusals


@pytest.mark.parametrize("spec", [TIMER, TRIAL, INVERSE, DEAD])
@pytest.mark.parametrize("ended", [ReplyStatus.REFUSED, ReplyStatus.DENIED, ReplyStatus.TIMEOUT, ReplyStatus.DROPPED])
def test_it_stops_at_the_first_line_that_is_not_taken(spec: GuardSpec, ended: ReplyStatus) -> None:
    line = Line({"b": ended})
    guard = make(spec, line, Line())
    guard.arm()
    applied = guard.apply(["a", "b", "c"])
    assert not applied.ok
    assert applied.rejected is not None
    assert (applied.rejected.line, applied.ended, applied.accepted) == ("b", ended, 1)
    assert line.reported[-1] == "b"


def test_after_a_refused_line_reverting_leaves_configuration_mode_first() -> None:
    line = Line({"b": ReplyStatus.REFUSED})
    guard = make(TIMER, line)
    guard.arm()
    line.answers["show timer"] = "armed by netops"
    guard.apply(["b"])
    assert guard.revert().ok
    assert line.reported[-2:] == ["end", "revert now"]


def test_a_trial_that_is_refused_is_no_change_taken() -> None:
    line = Line({"commit trial 600 label c-1": ReplyStatus.REFUSED})
    guard = make(TRIAL, line)
    guard.arm()
    applied = guard.apply(["a"])
    assert not applied.ok
    assert applied.rejected is not None
    assert applied.rejected.line.startswith("commit trial")
    assert guard.revert().ok
    assert line.reported[-1] == "end"


def test_where_configuration_mode_is_refused_no_line_is_sent() -> None:
    line = Line({"configure": ReplyStatus.DENIED})
    applied = make(INVERSE, line).apply(["a"])
    assert (applied.ok, applied.accepted, applied.ended) == (False, 0, ReplyStatus.DENIED)
    assert line.reported == ["configure"]


# ------------------------------------------------------------------ somebody else's

STEPS: tuple[Callable[[Guard], object], ...] = (Guard.arm, Guard.confirm, Guard.revert)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("armed", [False, True])
def test_what_another_person_else_has_armed_is_never_touched(step: Callable[[Guard], object], armed: bool) -> None:
    line = Line({"show timer": "armed by someone"})
    with pytest.raises(RefusedError, match="someone"):
        step(make(TIMER, line, armed=armed))
    assert line.reported == []


@pytest.mark.parametrize("step", STEPS)
def test_a_device_that_does_not_say_is_not_touched(step: Callable[[Guard], object]) -> None:
    line = Line({"show timer": ReplyStatus.REFUSED})
    with pytest.raises(GuardStateUnknown):
        step(make(TIMER, line, armed=True))
    assert line.reported == []


@pytest.mark.parametrize(
    ("by", "armed", "mine"),
    [
        ("netops", False, False),  # our user name, and not of this change: another run's, or a colleague's
        ("netops", True, True),
        ("c-1", False, True),  # it bears this change's name
        ("c-11", True, False),
        ("c-2", True, False),
        ("someone", True, False),
    ],
)
def test_whose_it_is(by: str, armed: bool, mine: bool) -> None:
    pending = make(TIMER, Line({"show timer": f"armed by {by}"}), armed=armed).pending()
    assert pending is not None
    assert (pending.by, pending.mine) == (by, mine)


def test_after_it_has_fired_nothing_is_confirmed() -> None:
    line = Line()
    guard = make(TIMER, line, armed=True)
    done = guard.confirm()
    assert not done.ok
    assert "fired" in in_english(done.reason)
    assert guard.revert().ok
    assert line.reported == []


# ----------------------------------------------------------------------- the rest


@pytest.mark.parametrize(("answer", "ok"), [("Building...\n[OK]\n", True), ("", False), (ReplyStatus.TIMEOUT, False)])
def test_saved_is_what_the_device_says_is_saved(answer: str | ReplyStatus, ok: bool) -> None:
    done = make(INVERSE, Line({"write": answer})).save()
    assert done.ok is ok
    assert done.ok or done.reason


@pytest.mark.parametrize(("seconds", "held"), [(1, 60), (600, 600), (99_999, 3600)])
def test_a_lines_time_limit_stays_below_the_guards(seconds: int, held: int) -> None:
    line = Line()
    guard = make(TIMER, line, seconds=seconds, timeout_s=10_000)
    guard.arm()
    assert guard.seconds == held
    assert max(line.limits) < held


@pytest.mark.parametrize("name", ["", "a b", "x;reboot", "a/b", "../x", "a" * 65, "é"])
def test_a_change_is_named_so_that_a_shell_can_bear_it(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name"):
        Guard(DEAD, ChangeSpec(guards=(DEAD,)), cast(Session, Line()), None, name, 60)


def test_a_guard_in_minutes_is_recorded_as_it_is_armed() -> None:
    in_minutes = GuardSpec(kind="revert_timer", enter=("configure terminal revert timer {minutes}",), least_s=60)
    assert armed_seconds(in_minutes, 90) == 120
    assert armed_seconds(in_minutes, 30) == 60
    assert "2 min after" in in_english(protects(in_minutes, 90))
    assert armed_seconds(TRIAL, 90) == 90
