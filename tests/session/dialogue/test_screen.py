"""Echo, prompt and text as pure functions: however the stream is cut, the same answer comes out."""

from __future__ import annotations

from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.facts.platform import load_platform
from eventready.session.dialogue.buffer import ReceiveBuffer
from eventready.session.dialogue.opening import Opening
from eventready.session.dialogue.patterns import patterns
from eventready.session.dialogue.prompt import (
    find_answer_end,
    find_echo,
    find_prompt,
    find_torn_prompt,
    find_wrapped_echo,
    only_prompts,
    without_trailing_prompts,
)
from eventready.session.dialogue.reading import Reader
from eventready.session.dialogue.screen import Screen
from eventready.session.dialogue.terminal import Cleaner, decode, to_text
from eventready.session.reply import ReplyStatus
from eventready.session.steps import Trace
from eventready.session.target import Secret
from tests.session.conftest import kind

pytestmark = pytest.mark.slow

P = patterns(kind().session)
LOG = b"*Apr 25 07:00:00.123: %LINK-3-UPDOWN: Interface Gi1, changed state to up"


@pytest.mark.parametrize(
    ("tail", "prompt"),
    [
        (b"banner\r\nR1#", b"R1#"),
        (b"R1>", b"R1>"),
        (b"R1#R1#", b"R1#"),
        (b"R1# R1#", b"R1#"),
        (b"R1#R1#R1#", b"R1#"),
        (b"\r\nR1(config)#", b"R1(config)#"),
        (b"R1#\r\n" + LOG + b"\r\n", b"R1#"),
        (b"R1#" + LOG + b"\r\n", b"R1#"),
        (b"R1#\r\n" + LOG + b"\r\n" + LOG + b"\r\n", b"R1#"),
        (b"R1#\r\n", b""),
        (b"R1#\r\ntext", b""),
        (b"login:", b""),
        (b"", b""),
        (b"x" * 300 + b"#", b""),
    ],
)
def test_learning_a_prompt(tail: bytes, prompt: bytes) -> None:
    assert find_prompt(tail, P) == prompt


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (b"R1#show x\r\nanswer", b"answer"),
        (b"R1#R1#show x\r\nanswer", b"answer"),
        (b"R1#\r\nR1#show x\r\nanswer", b"answer"),
        (b"late text\r\nR1#show x\r\nanswer", b"answer"),
        (b"R1#\r\n" + LOG + b"\r\nshow x\r\nanswer", b"answer"),
        (b"R1# show x \r\r\nanswer", b"answer"),
        (b"R1#show x", None),
        (b"R1#show xy\r\n", None),
        (b"the command show x\r\n", None),
    ],
)
def test_finding_an_echo(text: bytes, rest: bytes | None) -> None:
    echo = find_echo(bytearray(text), b"show x", b"R1#", P)
    assert (text[echo.end :] if echo else None) == rest


def test_finding_a_wrapped_echo() -> None:
    text = bytearray(b"R1#show ip \r\ninterf \bace \x08brief\r\nGi1 up\r\nR1#")
    echo = find_wrapped_echo(text, b"show ip interface brief", b"R1#")
    assert echo is not None
    assert text[echo.end :] == b"Gi1 up\r\nR1#"


@pytest.mark.parametrize(
    ("tail", "ends", "settled"),
    [
        (b"R1#", True, True),
        (b"R1# ", True, True),
        (b"R1#R1#", True, True),
        (b"R1#\r\n" + LOG + b"\r\n", True, True),
        (b"R1#\r\n" + LOG, False, True),
        (b"R1#\r\n*Apr 25", False, False),
        (b"R1#\r\n", False, False),
        (b"R1#\r\nmore", False, False),
        (b"R1# is a name\r\nR1#", False, False),
    ],
)
def test_where_the_device_waits(tail: bytes, ends: bool, settled: bool) -> None:
    assert only_prompts(tail, b"R1#", P) is ends
    assert only_prompts(tail, b"R1#", P, settled=True) is settled


def test_an_answer_ends_at_the_next_echo_when_one_is_expected() -> None:
    text = bytearray(b"a\r\nR1#x\r\nb\r\nR1#show y\r\nc\r\nR1#")
    assert find_answer_end(text, 0, b"R1#", P, following=b"show y")[0] == text.index(b"R1#show y")
    assert find_answer_end(text, 0, b"R1#", P, sent={b"show y"})[0] == text.index(b"R1#show y")
    assert find_answer_end(text, 0, b"R1#", P, following=b"show z")[0] == -1
    assert find_answer_end(text, 0, b"R1#", P)[0] == len(text) - 3


@pytest.mark.parametrize(
    ("tail", "begin"),
    [
        (b"text\nR\r\n" + LOG + b"\r\n1#", 5),
        (b"text\nR1" + LOG + b"\r\n#", 5),
        (b"text\nR1#", 5),
        (b"text\n1#", -1),
        (b"text", -1),
    ],
)
def test_a_torn_prompt_is_put_together(tail: bytes, begin: int) -> None:
    assert find_torn_prompt(tail, b"R1#", P) == begin


def test_trimming_takes_prompts_and_log_lines_only() -> None:
    assert without_trailing_prompts(b"a\nb\nR1#\r\n" + LOG + b"\r\n", b"R1#", P) == b"a\nb\n"
    assert without_trailing_prompts(b"a\nR1# b\n", b"R1#", P) == b"a\nR1# b\n"
    assert without_trailing_prompts(b"", b"R1#", P) == b""


def test_the_last_line_of_an_answer_may_end_like_a_log_line() -> None:
    vrp, prompt = patterns(load_platform("huawei_vrp").spec.session), b"<R1>"
    answer = b"Create time      : 2022-04-01 05:41:23\n"
    for behind in (b"", b"<R1>\n", b"2022-04-25 07:00:00\n", b"<R1>2022-04-25 07:00:00\n", b"<R12022-04-25 07:00:00\n"):
        assert without_trailing_prompts(answer + behind, prompt, vrp) == answer


# --- text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\r\nb\r\r\nc\n\rd", "a\nb\nc\nd"),
        (b"\x1b[32mgreen\x1b[0m\x1b[K \x1b]0;title\x07x\x1b(B", "green x"),
        (b"ab \x1b[1Dc", "abc"),
        (b" --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\bnext line", "next line"),
        (b"  ---- More ----\x1b[42D" + b" " * 42 + b"\x1b[42Dnext", "next"),
        (b"--More--\r        \rnext", "next"),
        (b"a\x00b\x07c", "abc"),
        (b"\x1b", ""),
        ("Trà Vinh".encode(), "Trà Vinh"),
        ("会议中心".encode("gbk"), "会议中心"),
        (b"caf\xe9", "caf\ufffd"),
        (b"\xff\xfe\x80", "\ufffd\ufffd\ufffd"),
    ],
)
def test_what_a_reader_would_have_seen(raw: bytes, text: str) -> None:
    assert to_text(Cleaner().feed(raw)) == text


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [b"\x1b[32m", b"\x1b[", b"\x1b", b"\x1b[3D", b"\x1b]0;t\x07", b"R1#", b"\r\n", b"\b", b"\x00", b" "]
        ),
        st.binary(max_size=6),
    ),
    max_size=30,
).map(b"".join)


@given(PIECES, st.data())
def test_cleaning_does_not_depend_on_where_the_stream_is_cut(stream: bytes, data: st.DataObject) -> None:
    whole = Cleaner().feed(stream)
    cleaner, cut = Cleaner(), b""
    at = 0
    while at < len(stream):
        size = data.draw(st.integers(1, 5))
        cut += cleaner.feed(stream[at : at + size])
        at += size
    assert cut == whole


@given(st.binary(max_size=200))
def test_any_bytes_become_text(data: bytes) -> None:
    assert isinstance(decode(data), str)
    assert "\r" not in to_text(data)
    assert "\b" not in to_text(data)


@pytest.mark.parametrize(
    "piece", [b"\b", b"\x1b[80D", b"\x1b[", b"\x1b", b"\r", b"\n\r", b"R1#", b"R1#\n", b"\xff", b"--More--"]
)
@pytest.mark.timeout(60)
def test_hostile_bytes_cost_linear_time(piece: bytes) -> None:
    """Two megabytes of the worst: anything that grows faster than its input would not end before the time limit."""
    clean = bytearray(Cleaner().feed(piece * (2_000_000 // len(piece))))
    to_text(bytes(clean))
    find_answer_end(clean, 0, b"R1#", P)
    find_prompt(bytes(clean[-4096:]), P)
    find_echo(clean, b"show x", b"R1#", P)


# --- the channel over a scripted wire -----------------------------------------------------------------------------


class Tape:
    """A wire that answers each line that is sent with a recorded text, cut anywhere."""

    def __init__(self, answers: dict[bytes, bytes], sizes: list[int]) -> None:
        self._answers, self._sizes, self._typed = answers, sizes, b""
        self._out = b"\r\nR1#"
        self._turn = 0

    def send(self, data: bytes) -> None:
        self._typed += data
        while b"\n" in self._typed:
            line, _, self._typed = self._typed.partition(b"\n")
            self._out += line + b"\r\n" + self._answers.get(line, b"") + b"R1#"

    def receive(self, timeout_s: float) -> bytes | None:
        if not self._out:
            return None
        size = self._sizes[self._turn % len(self._sizes)]
        self._turn += 1
        part, self._out = self._out[:size], self._out[size:]
        return part


LINES = st.text(alphabet=st.sampled_from("abR1 >:."), max_size=12)
ANSWER = st.lists(LINES, max_size=6).map(lambda lines: "".join(f"{line}\n" for line in lines))


@settings(deadline=None)
@given(
    answers=st.lists(ANSWER, min_size=1, max_size=5),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    pipeline=st.sampled_from([1, 2, 8]),
)
def test_answers_come_back_as_they_were_however_the_stream_is_cut(
    answers: list[str], sizes: list[int], pipeline: int
) -> None:
    commands = [f"show {n}" for n in range(len(answers))]
    tape = Tape(
        {
            command.encode(): answer.replace("\n", "\r\n").encode()
            for command, answer in zip(commands, answers, strict=True)
        },
        sizes,
    )
    spec = kind(pipeline=pipeline).session
    screen = Screen(ReceiveBuffer(tape), spec, name="r1", deadline=monotonic() + 60)
    Opening(screen, secret=Secret(""), privileged="", trace=Trace()).start(10)
    replies = Reader(screen, ahead=pipeline).send_commands(commands)
    assert [reply.status for reply in replies] == [ReplyStatus.ANSWERED] * len(commands)
    assert [reply.text for reply in replies] == answers
