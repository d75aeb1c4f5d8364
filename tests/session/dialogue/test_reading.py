"""The channel against devices with every bad habit: what comes back, and how it says that nothing did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from eventready.session.connect import open_session
from eventready.session.dialogue.screen import Screen
from eventready.session.reply import LoginRefused, NoPrompt, Reply, ReplyStatus, SessionError, SessionLost
from eventready.session.target import Target
from tests.session.conftest import kind
from tests.session.fake import Script

pytestmark = pytest.mark.slow

Make = Callable[..., Target]

ANSWERS = {
    "show version": "Cisco IOS XE Software, Version 17.09.04a\nR1 uptime is 3 weeks\n",
    "show clock": "07:00:00.123 ICT Mon Apr 25 2022\n",
    "show nothing": "",
    "show ip interface brief": "Interface   IP-Address  OK? Method Status  Protocol\n"
    + "".join(f"Gi{n}         10.0.0.{n}    YES NVRAM  up      up\n" for n in range(60)),
    "show prompts": "R1# is the prompt\nR1#x\n  R1#\nthe end\n",
}
COMMANDS = list(ANSWERS)

HABITS: dict[str, dict[str, Any]] = {
    "well-behaved": {},
    "a banner that looks like prompts": {"banner": "\n####\n# Authorised users only #\nWelcome to R1>\n<hello>\n"},
    "a banner that ends like a prompt": {"banner": "\n*** R0#", "greeting_delay": 0.05},
    "late greeting": {"greeting_delay": 0.3},
    "late prompt": {"prompt_delay": 0.1},
    "prompt in pieces": {"prompt_pieces": 3},
    "prompt twice": {"prompt_times": 2},
    "prompt twice in pieces, late": {"prompt_times": 2, "prompt_pieces": 4, "prompt_delay": 0.05},
    "log line before the prompt": {"log": "before"},
    "log line after the prompt": {"log": "after"},
    "log line, prompt drawn again": {"log": "redrawn"},
    "log line behind the prompt": {"log": "same_line"},
    "log line inside the prompt": {"log": "inside", "log_on": (4, 6)},
    "colours and NULs": {"colour": True},
    "echo wrapped": {"echo": "wrap"},
    "no echo": {"echo": "none"},
    "prompt and command again": {"echo": "again"},
    "prompt and command again, in pieces": {"echo": "again in pieces"},
    "pager": {"page": 10},
    "pager that eats what was typed": {"page": 10, "pager_flushes_input": True},
    "typed ahead is lost": {"typeahead_lost": True},
}


PIPELINES = [pytest.param(1, id="one at a time"), pytest.param(8, id="written ahead")]
#: A session waits most of its time: so many are open at once, by one process.
AT_ONCE = 8
together = pytest.mark.xdist_group("sessions at once")


@dataclass(frozen=True)
class Heard:
    """The answers of one session."""

    prompt: str
    replies: Sequence[Reply]
    again: Sequence[Reply] = ()


Sessions = Mapping[tuple[str, int], Future[Heard]]


def at_once(listen: Callable[[str, int], Heard], habits: Iterable[str]) -> Sessions:
    """What each habit answers, one at a time and written ahead, when all have ended."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {(habit, number): pool.submit(listen, habit, number) for habit in habits for number in (1, 8)}


def queries_of(habit: str) -> list[str]:
    """Without an echo, nothing and a prompt look alike."""
    return COMMANDS if habit != "no echo" else COMMANDS[:2]


@pytest.fixture(scope="module")
def habits_heard(ssh_of_module: Make) -> Sessions:
    def listen(habit: str, pipeline: int) -> Heard:
        script = Script(answers=ANSWERS, **HABITS[habit])
        with open_session(ssh_of_module(script), kind(pipeline=pipeline)) as session:
            replies = session.send_commands(queries_of(habit))
            return Heard(session.prompt, replies, session.send_commands(["show clock"]))

    return at_once(listen, HABITS)


@together
@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("habit", HABITS)
def test_every_answer_comes_back_whole_and_in_its_place(habits_heard: Sessions, habit: str, pipeline: int) -> None:
    heard, queries = habits_heard[habit, pipeline].result(), queries_of(habit)
    assert [reply.command for reply in heard.replies] == queries
    assert {reply.command: reply.text.rstrip() for reply in heard.replies} == {c: ANSWERS[c].rstrip() for c in queries}
    assert {reply.status for reply in [*heard.replies, *heard.again]} == {ReplyStatus.ANSWERED}
    assert heard.again[0].text == ANSWERS["show clock"]
    assert heard.prompt == "R1#"


SLOW: dict[str, dict[str, Any]] = {
    "late echo": {"echo_delay": 0.5},
    "late echo and prompt": {"echo_delay": 0.3, "greeting_delay": 0.4, "prompt_delay": 0.3},
    "late echo, prompt twice in pieces": {"echo_delay": 0.3, "prompt_times": 2, "prompt_pieces": 4},
    "late answer": {"answer_delay": 0.5},
    "late answer, no echo": {"echo": "none", "answer_delay": 0.4},
    "late greeting and answer, no echo": {"echo": "none", "greeting_delay": 0.4, "answer_delay": 0.4},
    "prompt twice in pieces, late answer, no echo": {
        "echo": "none", "answer_delay": 0.4, "prompt_times": 2, "prompt_pieces": 4
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def silence_heard(ssh_of_module: Make) -> Sessions:
    def listen(habit: str, pipeline: int) -> Heard:
        with open_session(ssh_of_module(Script(answers=ANSWERS, **SLOW[habit])), kind(pipeline=pipeline)) as session:
            return Heard(session.prompt, session.send_commands(COMMANDS[:2]))

    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("settle_s", 0.1), ("long_settle_s", 1.0), ("wake_s", 0.15)):
            patch.setattr(Screen, name, value)
        return at_once(listen, SLOW)


@together
@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("habit", SLOW)
def test_silence_never_gives_a_command_the_answer_of_another(
    silence_heard: Sessions, habit: str, pipeline: int
) -> None:
    assert [(reply.status, reply.text) for reply in silence_heard[habit, pipeline].result().replies] == [
        (ReplyStatus.ANSWERED, ANSWERS[command]) for command in COMMANDS[:2]
    ]


@pytest.mark.parametrize("slow", [{"echo_delay": 0.3}, {"answer_delay": 0.3}], ids=str)
def test_lines_written_ahead_of_a_slow_device_are_sent_once(
    ssh: Make, slow: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Screen, "settle_s", 0.1)
    script = Script(answers=ANSWERS, **slow)
    with open_session(ssh(script), kind(pipeline=8)) as session:
        replies = session.send_commands(COMMANDS)
    assert [reply.text for reply in replies] == list(ANSWERS.values())
    assert script.heard == ["terminal length 0", "terminal width 0", *COMMANDS]


@pytest.mark.parametrize("login", [True, False])
@pytest.mark.parametrize("pipeline", [1, 8])
@pytest.mark.parametrize(
    "habit", ["well-behaved", "prompt twice in pieces, late", "log line, prompt drawn again", "pager"]
)
def test_telnet_is_the_same_channel(telnet: Make, habit: str, pipeline: int, login: bool) -> None:
    script = Script(answers=ANSWERS, **HABITS[habit])
    target = telnet(script, login=login)
    with open_session(target, kind("cisco_ios_telnet", pipeline=pipeline)) as session:
        replies = session.send_commands(COMMANDS)
    assert {reply.command: reply.text.rstrip() for reply in replies} == {c: ANSWERS[c].rstrip() for c in COMMANDS}


def test_an_answer_whose_last_line_has_no_end(ssh: Make) -> None:
    script = Script(answers=ANSWERS, unterminated=True)
    with open_session(ssh(script), kind()) as session:
        reply = session.send_commands(["show clock"])[0]
    assert (reply.status, reply.text) == (ReplyStatus.ANSWERED, ANSWERS["show clock"].rstrip())


@pytest.mark.parametrize("pipeline", [1, 8])
def test_answers_that_are_cut_off_in_the_middle_of_a_line(ssh: Make, pipeline: int) -> None:
    script = Script(answers=ANSWERS, truncated=True)
    with open_session(ssh(script), kind(pipeline=pipeline)) as session:
        replies = session.send_commands(["show version", "show clock", "show ip interface brief"])
    assert [reply.status for reply in replies] == [ReplyStatus.ANSWERED] * 3
    for reply in replies:
        whole = ANSWERS[reply.command]
        assert reply.text.rstrip() == whole[: len(whole) // 2].rstrip()


@pytest.mark.attack(family="cost of redaction")
def test_the_search_for_secrets_counts_in_the_time_of_a_command(ssh: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventready.session.dialogue.reading._REDACTS_S", 0.1)
    slow = "".join(f"{'secret-data=' * 650}{number}\n" for number in range(100))
    with open_session(ssh(Script(answers={**ANSWERS, "show slow": slow})), kind(command_timeout_s=2.0)) as session:
        replies = session.send_commands(["show slow", "show clock"])
    assert [reply.status for reply in replies] == [ReplyStatus.TIMEOUT, ReplyStatus.ANSWERED]
    assert not replies[0].text
    assert "secrets were not found within" in replies[0].reason


def test_a_set_up_whose_answer_is_cut_off(ssh: Make) -> None:
    script = Script(
        answers={**ANSWERS, "screen-length 0 temporary": "Info: this takes effect on\nnext"}, truncated=True
    )
    with open_session(ssh(script), kind(setup=("screen-length 0 temporary",), pipeline=8)) as session:
        assert session.prompt == "R1#"


def test_a_device_that_hangs_or_drops_at_its_set_up(ssh: Make) -> None:
    hangs = ssh(Script(hang_on="terminal width 0"))
    with pytest.raises(NoPrompt, match="shows no prompt after `terminal width 0`"):
        open_session(hangs, kind(command_timeout_s=0.8))
    drops = ssh(Script(drop_on="terminal length 0"))
    with pytest.raises(SessionLost, match="was lost during its set-up: the device closed the session"):
        open_session(drops, kind())


def test_refused_and_denied_are_reported_apart_and_the_rest_goes_on(ssh: Make) -> None:
    script = Script(answers={**ANSWERS, "show secret": "% Authorization failed.\n"})
    with open_session(ssh(script), kind(pipeline=8)) as session:
        replies = session.send_commands(["show clock", "show unknown", "show secret", "show version"])
    assert [reply.status for reply in replies] == [
        ReplyStatus.ANSWERED,
        ReplyStatus.REFUSED,
        ReplyStatus.DENIED,
        ReplyStatus.ANSWERED,
    ]
    assert "% Invalid input detected" in replies[1].reason
    assert "% Authorization failed" in replies[2].reason


def test_a_refusal_in_the_middle_of_an_answer_is_content(ssh: Make) -> None:
    log = "".join(f"line {n}\n" for n in range(20)) + "% Invalid input detected at '^' marker.\n"
    with open_session(ssh(Script(answers={"show logging": log})), kind()) as session:
        assert session.send_commands(["show logging"])[0].status is ReplyStatus.ANSWERED


@pytest.mark.parametrize("pipeline", [1, 8])
def test_a_command_that_hangs_costs_itself(ssh: Make, pipeline: int) -> None:
    script = Script(answers=ANSWERS, hang_on="show hang")
    platform = kind(pipeline=pipeline, command_timeout_s=0.6)
    with open_session(ssh(script), platform) as session:
        replies = session.send_commands(["show version", "show hang", "show clock"])
    assert [reply.status for reply in replies] == [ReplyStatus.ANSWERED, ReplyStatus.TIMEOUT, ReplyStatus.ANSWERED]
    assert replies[1].reason.startswith("No prompt within")
    assert replies[2].text == ANSWERS["show clock"]


def test_a_device_that_does_not_come_back_says_why_the_rest_was_not_sent(
    ssh: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Screen, "recover_s", 0.5)
    script = Script(answers=ANSWERS, hang_on="show hang", ignores_interrupt=True)
    with open_session(ssh(script), kind(command_timeout_s=0.4)) as session:
        replies = session.send_commands(["show hang", "show version", "show clock"])
    assert [reply.status for reply in replies] == [ReplyStatus.TIMEOUT, ReplyStatus.NOT_SENT, ReplyStatus.NOT_SENT]
    assert "`show hang` got no answer" in replies[1].reason


def test_a_late_answer_never_becomes_the_next_commands(ssh: Make) -> None:
    script = Script(answers={**ANSWERS, "show hang": "late answer\n"}, hang_on="show hang", late_by=1.0)
    with open_session(ssh(script), kind(command_timeout_s=0.6)) as session:
        replies = session.send_commands(["show hang", "show clock"])
    assert [reply.status for reply in replies] == [ReplyStatus.TIMEOUT, ReplyStatus.ANSWERED]
    assert replies[1].text == ANSWERS["show clock"]


def test_a_late_answer_without_an_echo_ends_the_session(ssh: Make) -> None:
    script = Script(answers={**ANSWERS, "show hang": "late answer\n"}, hang_on="show hang", late_by=1.0, echo="none")
    with open_session(ssh(script), kind(command_timeout_s=0.6)) as session:
        replies = session.send_commands(["show hang", "show clock"])
    assert [reply.status for reply in replies] == [ReplyStatus.TIMEOUT, ReplyStatus.NOT_SENT]


@pytest.mark.parametrize("pipeline", [1, 8])
def test_a_session_dropped_under_way(ssh: Make, pipeline: int) -> None:
    script = Script(answers=ANSWERS, drop_on="show ip interface brief")
    with open_session(ssh(script), kind(pipeline=pipeline)) as session:
        replies = session.send_commands(["show version", "show ip interface brief", "show clock"])
        later = session.send_commands(["show version"])
    assert [reply.status for reply in replies] == [ReplyStatus.ANSWERED, ReplyStatus.DROPPED, ReplyStatus.NOT_SENT]
    assert "closed the session" in replies[1].reason
    assert "Interface" in replies[1].text
    assert later[0].status is ReplyStatus.NOT_SENT


def test_the_time_limit_of_the_device_ends_the_questions(ssh: Make) -> None:
    script = Script(answers=ANSWERS, hang_on="show hang")
    with open_session(ssh(script, device_timeout_s=1.0), kind(command_timeout_s=30)) as session:
        replies = session.send_commands(["show clock", "show hang", "show version"])
    assert [reply.status for reply in replies] == [ReplyStatus.ANSWERED, ReplyStatus.TIMEOUT, ReplyStatus.NOT_SENT]
    assert "time limit" in replies[2].reason or "did not return" in replies[2].reason


@pytest.mark.parametrize("over", ["ssh", "telnet"])
def test_five_megabytes_come_back_whole(over: str, ssh: Make, telnet: Make) -> None:
    big = "".join(f"{n:08d} the quick brown fox jumps over the lazy dog, R1#, and on\n" for n in range(80_000))
    script = Script(answers={**ANSWERS, "show tech": big})
    target = ssh(script) if over == "ssh" else telnet(script)
    platform = kind("cisco_xe" if over == "ssh" else "cisco_ios_telnet", command_timeout_s=60, pipeline=4)
    with open_session(target, platform) as session:
        replies = session.send_commands(["show tech", "show clock"])
    assert replies[0].text == big
    assert replies[1].text == ANSWERS["show clock"]


def test_an_answer_without_end_is_cut_off(ssh: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "eventready.session.dialogue.buffer.AnswerLimits.__init__.__defaults__", (100_000, 1_000_000, 30.0)
    )
    script = Script(answers={**ANSWERS, "show tech": "x" * 79 + "\n" + "y" * 300_000})
    with open_session(ssh(script), kind()) as session:
        replies = session.send_commands(["show tech", "show clock"])
    assert [reply.status for reply in replies] == [ReplyStatus.DROPPED, ReplyStatus.NOT_SENT]
    assert "the answer exceeds" in replies[0].reason


def test_a_prompt_that_changes_under_way_is_learned(ssh: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Screen, "long_settle_s", 0.7)
    script = Script(answers={**ANSWERS, "rename": "done\n"}, renames_to="R2")
    with open_session(ssh(script), kind()) as session:
        replies = session.send_commands(["rename", "show clock"])
        assert session.prompt == "R2#"
    assert [reply.text for reply in replies] == ["done\n", ANSWERS["show clock"]]


GARBAGE = bytes(range(128, 256)) * 20


def test_wrong_encoding_is_marked_and_nothing_is_lost(ssh: Make) -> None:
    text = "tên: Trà Vinh\n" + GARBAGE.decode("utf-8", "surrogateescape") + "\nend\n"
    with open_session(ssh(Script(answers={"show x": text})), kind()) as session:
        reply = session.send_commands(["show x"])[0]
    assert reply.status is ReplyStatus.ANSWERED
    assert reply.text.startswith("tên: Trà Vinh\n")
    assert reply.text.endswith("\nend\n")
    assert "\ufffd" in reply.text


def test_gbk_names_are_read(ssh: Make) -> None:
    text = "小区名称: 会议中心一号\n".encode("gbk").decode("utf-8", "surrogateescape")
    with open_session(ssh(Script(answers={"show x": text})), kind()) as session:
        assert session.send_commands(["show x"])[0].text == "小区名称: 会议中心一号\n"


# --- until the prompt ---------------------------------------------------------------------------------------------


def test_enable_with_its_secret(ssh: Make) -> None:
    with open_session(ssh(Script(answers=ANSWERS, enable=True)), kind(pipeline=8)) as session:
        assert session.prompt == "R1#"
        assert session.send_commands(["show clock"])[0].text == ANSWERS["show clock"]


def test_enable_in_the_platforms_set_up(ssh: Make) -> None:
    script = Script(answers=ANSWERS, enable=True)
    with open_session(ssh(script), kind(setup=("enable", "terminal length 0"))) as session:
        assert session.prompt == "R1#"
    assert script.heard.count("enable") == 1


Raised = tuple[Script, dict[str, Any], type[SessionError], str]
OPENING: dict[str, Raised] = {
    "enable refused": (Script(enable=True, refuse_enable=True), {}, LoginRefused, "core-1 refuses the enable password"),
    "login refused": (Script(refuse_login=True), {}, LoginRefused, "refuses the user name or the password"),
    "turned away": (Script(drop_at_start=True), {}, LoginRefused, "Authorization failed"),
    "silence": (Script(silent=True), {"connect_timeout_s": 1.0}, NoPrompt, "no output"),
    "garbage": (
        Script(banner=GARBAGE.decode("utf-8", "surrogateescape") + "\nlogin menu:", host="?", prompt_delay=9),
        {"connect_timeout_s": 1.0},
        NoPrompt,
        "shows no prompt of its platform; last output:",
    ),
}


@pytest.mark.parametrize("case", OPENING)
def test_what_keeps_us_from_the_prompt_is_named(ssh: Make, case: str) -> None:
    script, options, error, says = OPENING[case]
    with pytest.raises(error) as raised:
        open_session(ssh(script, **options), kind())
    assert says in str(raised.value)
    assert "core-1" in str(raised.value)


def test_a_refused_login_is_not_tried_again(ssh: Make) -> None:
    script = Script(refuse_login=True)
    with pytest.raises(LoginRefused):
        open_session(ssh(script, attempts=3), kind())
    assert script.logins == 1


def test_telnet_login_refused(telnet: Make) -> None:
    script = Script(refuse_login=True)
    with pytest.raises(LoginRefused, match="refuses the user name or the password"):
        open_session(telnet(script, attempts=3), kind("cisco_ios_telnet"))
    assert script.logins == 1


@pytest.mark.parametrize(
    ("question", "answer"),
    [("Warning: initial password. Change now? [Y/N]:", "n"), ("Please choose 'YES' or 'NO'. [YES/NO]:", "no")],
)
def test_what_a_device_offers_at_login_is_declined(ssh: Make, question: str, answer: str) -> None:
    script = Script(answers=ANSWERS, question=question)
    with open_session(ssh(script), kind("huawei")) as session:
        assert session.send_commands(["show clock"])[0].status is ReplyStatus.ANSWERED
    assert script.heard[0] == f"question:{answer}"


def test_a_session_closes_once_and_leaves_no_session_behind(ssh: Make) -> None:
    script = Script(answers=ANSWERS)
    session = open_session(ssh(script), kind())
    session.close()
    session.close()
    assert session.send_commands(["show clock"])[0].status in (ReplyStatus.DROPPED, ReplyStatus.NOT_SENT)


def test_lost_is_a_session_error() -> None:
    assert issubclass(SessionLost, SessionError)
