"""Telling: each line arrives once, in order, and only after the end of the one before; whatever the device does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventready.core.errors import RefusedError
from eventready.core.messages import in_language
from eventready.core.redaction.redaction import REDACTED
from eventready.platforms.model import ChangeSpec, GuardSpec
from eventready.session.connect import open_session
from eventready.session.dialogue.screen import Screen
from eventready.session.reply import Reply, ReplyStatus
from eventready.session.target import Target
from tests.proofs.size import examples
from tests.session.config_device import ConfigDevice, config_device_server
from tests.session.conftest import aim, kind, mml_kind
from tests.session.fake import Fleet, MmlScript, Script

pytestmark = pytest.mark.slow

LINES = (
    "configure terminal",
    "interface GigabitEthernet0/0/1",
    "description uplink to the conference centre, hall two",
    "exit",
    "router ospf 1",
    "maximum-paths 4",
    "exit",
    "exit",
)
ECHOES = ("plain", "wrap", "spaced", "bytes", "torn")
PROMPTS = ("plain", "twice", "twice_lines", "pieces", "torn", "after", "redrawn", "before", "same_line", "blank_line")
FAULTS = (
    *("", "refuse", "refuse_torn", "refuse_late", "drop_before", "drop_echo", "drop_after", "hang", "hang_deaf"),
    *("late", "question", "question_redrawn", "questions", "unknown", "silent_prompt"),
)
#: What a line that met the fault may end as.
ENDS = {
    "": {ReplyStatus.ANSWERED},
    "refuse": {ReplyStatus.REFUSED},
    "refuse_torn": {ReplyStatus.REFUSED},
    "refuse_late": {
        ReplyStatus.REFUSED,
        ReplyStatus.ANSWERED,
    },  # the words came behind a prompt: they are the next line's
    "question": {ReplyStatus.ANSWERED},
    "question_redrawn": {ReplyStatus.ANSWERED},
    "questions": {ReplyStatus.ANSWERED},
    "drop_before": {ReplyStatus.DROPPED},
    "drop_echo": {ReplyStatus.DROPPED},
    "drop_after": {ReplyStatus.DROPPED},
}


def spec(**more: Any) -> ChangeSpec:
    manners: dict[str, Any] = {
        "refused": (r"^% ?(?:Invalid|Incomplete)",),
        "questions": {r"(?i)(?:continue|overwrite)\? \[Y/N\]:?$": "Y"},
        "guards": (GuardSpec(kind="inverse"),),
    }
    return ChangeSpec(**{**manners, **more})


def config_target(fleet: Fleet, device: ConfigDevice) -> Target:
    return aim(fleet.raw(config_device_server(device)), allow_cleartext=True)


def send_lines(
    fleet: Fleet, device: ConfigDevice, lines: tuple[str, ...] = LINES, timeout_s: float = 5.0, **more: Any
) -> list[Reply]:
    target = config_target(fleet, device)
    with open_session(target, kind("cisco_ios_telnet", setup=("terminal length 0",))) as session:
        return session.send_config(lines, spec=spec(**more), timeout_s=timeout_s)


def held_once(device: ConfigDevice, lines: tuple[str, ...], replies: list[Reply]) -> None:
    """What holds whatever happened."""
    assert [reply.command for reply in replies] == list(lines)
    ends = [reply.status for reply in replies]
    answered = next((at for at, end in enumerate(ends) if end is not ReplyStatus.ANSWERED), len(ends))
    assert set(ends[answered + 1 :]) <= {ReplyStatus.NOT_SENT}
    assert device.heard == list(lines[: len(device.heard)]), "a line came twice, out of order, or was cut"
    assert answered <= len(device.heard) <= answered + 1
    assert "\x03" not in device.keys, "a line under way was interrupted"


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("echo", [*ECHOES, "none"])
def test_every_line_arrives_once_whatever_the_terminal_shows(fleet: Fleet, echo: str, prompt: str) -> None:
    device = ConfigDevice(echo=echo, prompt=prompt)
    lines = LINES if echo != "none" else LINES[:2]
    replies = send_lines(fleet, device, lines, timeout_s=20 if echo != "none" else 0.6)
    held_once(device, lines, replies)
    assert {reply.status for reply in replies} == (
        {ReplyStatus.ANSWERED} if echo != "none" else {ReplyStatus.TIMEOUT, ReplyStatus.NOT_SENT}
    )
    assert all(reply.text.strip() == "" for reply in replies if reply.status is ReplyStatus.ANSWERED)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    echo=st.sampled_from(ECHOES),
    prompt=st.sampled_from(PROMPTS),
    fault=st.sampled_from(FAULTS),
    at=st.integers(0, 4),
    lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=5).map(tuple),
)
def test_never_twice(fleet: Fleet, *, echo: str, prompt: str, fault: str, at: int, lines: tuple[str, ...]) -> None:
    device = ConfigDevice(echo=echo, prompt=prompt, fault=fault, at=at)
    replies = send_lines(fleet, device, lines, timeout_s=20 if fault in ENDS else 0.4)
    held_once(device, lines, replies)
    if at < len(replies):
        assert replies[at].status in ENDS.get(fault, {ReplyStatus.TIMEOUT, ReplyStatus.NOT_SENT})
    if fault.startswith("question") and at < len(lines):
        assert device.answers == ["Y"] * (2 if fault == "questions" else 1)
    if not fault or at >= len(lines):
        assert {reply.status for reply in replies} == {ReplyStatus.ANSWERED}


@pytest.mark.parametrize("fault", ["refuse", "refuse_torn"])
def test_a_refusal_is_reported_in_the_devices_words_and_leaves_the_session_usable(fleet: Fleet, fault: str) -> None:
    device = ConfigDevice(fault=fault, at=2)
    with open_session(config_target(fleet, device), kind("cisco_ios_telnet", setup=())) as session:
        replies = session.send_config(LINES, spec=spec(), timeout_s=5)
        assert replies[2].status is ReplyStatus.REFUSED
        assert replies[2].reason.startswith("% Invalid")
        assert session.prompt == "R1(config-in)#"
        assert not session.over
        left = session.send_config(["end"], spec=spec(), timeout_s=5)
        assert [reply.status for reply in left] == [ReplyStatus.ANSWERED]
        assert session.prompt == "R1#"
    assert device.heard == [*LINES[:3], "end"]


def test_a_refusal_that_comes_behind_a_prompt_is_not_lost(fleet: Fleet) -> None:
    device = ConfigDevice(fault="refuse_late", at=1)
    replies = send_lines(fleet, device)
    assert [reply.status for reply in replies[:2]] == [ReplyStatus.ANSWERED, ReplyStatus.ANSWERED]
    assert replies[2].status is ReplyStatus.REFUSED
    assert "% Invalid input" in replies[2].reason


@pytest.mark.parametrize("fault", ["hang", "hang_deaf", "late", "drop_before", "drop_after", "unknown"])
def test_after_a_line_whose_end_was_not_seen_the_session_takes_nothing(fleet: Fleet, fault: str) -> None:
    device = ConfigDevice(fault=fault, at=1)
    with open_session(config_target(fleet, device), kind("cisco_ios_telnet")) as session:
        first = session.send_config(LINES, spec=spec(questions={}), timeout_s=0.4)
        assert first[1].status in {ReplyStatus.TIMEOUT, ReplyStatus.DROPPED}
        assert "unknown" in in_language(session.over, "en")
        again = session.send_config(LINES, spec=spec(), timeout_s=0.4)
        queries = session.send_commands(["show clock"])
    assert {reply.status for reply in (*again, *queries)} == {ReplyStatus.NOT_SENT}
    assert device.heard == list(LINES[:2])
    assert not device.answers


def test_a_question_that_no_person_knows_is_named(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Screen, "long_settle_s", 1.0)
    device = ConfigDevice(fault="unknown", at=0)
    replies = send_lines(fleet, device, timeout_s=20, questions={})
    assert replies[0].status is ReplyStatus.TIMEOUT
    assert "Apply to all slots? [Y/N]:" in replies[0].reason
    assert not device.answers


def test_a_device_that_takes_another_name_is_believed_after_a_while(fleet: Fleet) -> None:
    device = ConfigDevice(fault="rename", at=0)
    with open_session(config_target(fleet, device), kind("cisco_ios_telnet")) as session:
        first = session.send_config(LINES[:1], spec=spec(), timeout_s=20)
        rest = session.send_config(LINES[1:], spec=spec(), timeout_s=4)  # less than the patience for a strange prompt
    assert {reply.status for reply in (*first, *rest)} == {ReplyStatus.ANSWERED}


def test_an_answer_without_end_is_given_up(fleet: Fleet) -> None:
    device = ConfigDevice(fault="endless", at=0)
    replies = send_lines(fleet, device, LINES[:2], timeout_s=60)
    assert [reply.status for reply in replies] == [ReplyStatus.DROPPED, ReplyStatus.NOT_SENT]
    assert device.heard == [LINES[0]]


def test_interrupted_under_way_the_session_is_over(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    device = ConfigDevice()
    with open_session(config_target(fleet, device), kind("cisco_ios_telnet")) as session:

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(session.connection.buffer, "receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            session.send_config(LINES, spec=spec())
        monkeypatch.undo()
        assert session.over
        assert session.send_config(LINES, spec=spec())[0].status is ReplyStatus.NOT_SENT


def test_harmless_words_are_no_refusal(fleet: Fleet) -> None:
    device = ConfigDevice(fault="refuse", at=1)
    replies = send_lines(fleet, device, harmless=("Invalid input detected",))
    assert {reply.status for reply in replies} == {ReplyStatus.ANSWERED}


def test_the_devices_time_over_nothing_is_sent(fleet: Fleet) -> None:
    device = ConfigDevice()
    target = aim(fleet.raw(config_device_server(device)), allow_cleartext=True, device_timeout_s=0.5)
    with open_session(target, kind("cisco_ios_telnet")) as session:
        while not session.over:
            session.send_config(["exit"], spec=spec())
        before = len(device.heard)
        assert session.send_config(["exit"], spec=spec())[0].status is ReplyStatus.NOT_SENT
    assert len(device.heard) == before


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("", "indented"),
        ("   ", "indented"),
        ("hostname a\nreload", "indented"),
        ("hostname a\rreload", "indented"),
        ("description \x03", "indented"),
        ("description \x1a", "indented"),
        ("description \u2028", "indented"),
        ("description\twho", "indented"),
        ("description who?", "indented"),
        ("description Hội nghị", "indented"),
        (f"neighbor 10.0.0.1 password {REDACTED}", "indented"),
        ("MOD CELL: CELLIDX=1", "mml"),
        ("MOD CELL: CELLIDX=1; RMV CELL: CELLIDX=1;", "mml"),
        ('MOD CELL: NAME="a;b"', "mml"),
    ],
)
def test_what_is_no_line_is_refused_before_anything_is_sent(fleet: Fleet, line: str, form: str) -> None:
    device = ConfigDevice()
    with (
        open_session(config_target(fleet, device), kind("cisco_ios_telnet")) as session,
        pytest.raises(RefusedError, match="not sent"),
    ):
        session.send_config(["configure terminal", line], spec=spec(form=form))
    assert device.heard == []


def test_over_ssh_reading_goes_on_after_writing(ssh: Callable[..., Target]) -> None:
    script = Script(answers={"show clock": "07:00\n", "description x": "", "no shutdown": ""}, echo="wrap")
    with open_session(ssh(script), kind(pipeline=8)) as session:
        before = session.send_commands(["show clock", "show clock"])
        found = session.send_config(["description x", "no shutdown"], spec=spec())
        after = session.send_commands(["show clock", "show clock"])
    assert [reply.status for reply in (*before, *found, *after)] == [ReplyStatus.ANSWERED] * 6
    assert {reply.text.strip() for reply in (*before, *after)} == {"07:00"}
    assert [line for line in script.heard if not line.startswith(("terminal", "show"))] == [
        "description x",
        "no shutdown",
    ]


# ---------------------------------------------------------------------------- MML

MOD = "MOD CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX=3, TCHBUSYTHRES=60;"
REPORTS = {
    "RETCODE = 0  Operation succeeded.\n": ReplyStatus.ANSWERED,
    "RETCODE = 12  The cell does not exist.\n": ReplyStatus.REFUSED,
}


@pytest.mark.parametrize("habit", [{}, {"alarm_between": True}, {"piece": 1}, {"packets": 3}])
@pytest.mark.parametrize(("answer", "ended"), [*REPORTS.items(), ("Nothing of use.\n", ReplyStatus.REFUSED)])
def test_mml_by_its_return_code(
    mml: Callable[..., Target], answer: str, ended: ReplyStatus, habit: dict[str, Any]
) -> None:
    script = MmlScript(answers={MOD: answer}, **habit)
    with open_session(mml(script), mml_kind()) as session:
        first, second = session.send_config([MOD, MOD], spec=spec(form="mml"))
    assert first.status is ended
    assert second.status is (ReplyStatus.ANSWERED if ended is ReplyStatus.ANSWERED else ReplyStatus.NOT_SENT)
    assert script.heard.count(MOD) == (2 if ended is ReplyStatus.ANSWERED else 1)
    if "cell" in answer:
        assert first.reason == "RETCODE = 12: The cell does not exist."


@pytest.mark.parametrize("fault", ["hang_on", "drop_on"])
def test_mml_is_never_reported_twice(mml: Callable[..., Target], fault: str) -> None:
    habit: dict[str, Any] = {fault: MOD}
    script = MmlScript(answers={MOD: "RETCODE = 0  Success\n"}, **habit)
    with open_session(mml(script), mml_kind()) as session:
        replies = session.send_config([MOD, MOD], spec=spec(form="mml"), timeout_s=0.4)
        assert replies[0].status is (ReplyStatus.TIMEOUT if fault == "hang_on" else ReplyStatus.DROPPED)
        assert replies[1].status is ReplyStatus.NOT_SENT
        assert session.send_commands(["LST CELL:;"])[0].status is ReplyStatus.NOT_SENT
    assert script.heard.count(MOD) == 1
    assert "LST CELL:;" not in script.heard
