"""A known value that is also a word of an answer, such as the password `cisco`.

The facts are read from the answer as printed, and what is kept of it lacks the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.audit.collectors.cluster.codec import decode_replies, encode_replies
from eventready.core.messages import Bilingual, Message, Param
from eventready.core.redaction.redaction import MIN_SUBSTRING_LENGTH, REDACTED, redactor
from eventready.facts.observation import Observation, Status
from eventready.facts.observe import _PROSE, observe
from eventready.facts.platform import load_platform
from eventready.facts.records import Fact
from eventready.facts.saved import saved_reply
from tests.platforms.samples import Sample, all_samples

SAMPLES = all_samples()
WORDS = re.compile(r"[A-Za-z0-9]{2,40}")


@contextmanager
def known(password: str) -> Iterator[None]:
    """The redactor knows a password in a block."""
    before = set(redactor._values), redactor._short, dict(redactor._starts)
    redactor.register(password)
    try:
        yield
    finally:
        redactor._values, redactor._short, redactor._starts = before


def kept_texts(seen: Observation) -> str:
    """What is kept of an observation beside its rows."""
    messages = [one.message for one in seen.unread] + ([seen.message] if seen.message else [])
    parts = (part for one in messages for part in parts_of(one))
    reason = "" if seen.message else seen.reason
    return "\n".join([seen.raw, *seen.unmatched, reason, *parts]).replace(REDACTED, "")


def parts_of(value: Param) -> Iterator[str]:
    """The texts of a message."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Message | Bilingual):
        for part in value.params.values() if isinstance(value, Message) else (value.vi, value.en):
            yield from parts_of(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from parts_of(part)


def holds(password: str, text: str) -> bool:
    """As the redactor looks for it: a long value anywhere, a short one as a word."""
    found = re.escape(password)
    return bool(re.search(found if len(password) >= MIN_SUBSTRING_LENGTH else rf"(?<![^\W_]){found}(?![^\W_])", text))


def without_prose(rows: tuple[Fact, ...]) -> list[Fact]:
    return [row.model_copy(update={name: None for name in _PROSE if hasattr(row, name)}) for row in rows]


@given(sample=st.sampled_from(SAMPLES), data=st.data())
def test_facts_are_read_as_printed_and_texts_kept_without_passwords(sample: Sample, data: st.DataObject) -> None:
    own = " ".join((REDACTED, *sample.compiled().commands))  # a kept answer names the second of its commands
    words = sorted(set(WORDS.findall(sample.text)) - set(WORDS.findall(own)))
    hold(sample, data.draw(st.sampled_from(words or ["up"])))


@pytest.mark.slow
@pytest.mark.parametrize("password", ["cisco", "sec", "up"])
def test_a_common_word_is_a_password(password: str) -> None:
    for sample in SAMPLES:
        if holds(password, sample.text):
            hold(sample, password)


def hold(sample: Sample, password: str) -> None:
    whole = sample.observe()
    with known(password):
        seen = sample.observe()
    assert (seen.status, seen.complete, len(seen.unmatched)) == (whole.status, whole.complete, len(whole.unmatched))
    if len(password) < MIN_SUBSTRING_LENGTH:
        assert seen.rows == whole.rows
    assert without_prose(seen.rows) == without_prose(whole.rows)
    assert [one.subject for one in seen.unread] == [one.subject for one in whole.unread]
    assert not holds(password, kept_texts(seen))


VERSION = """\
Cisco IOS Software [Bengaluru], ASR1000 Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.6.4, RELEASE SOFTWARE
edge-1 uptime is 1 week, 2 days
cisco ASR1001-X (1NG) processor (revision 1NG) with 3761183K/6147K bytes of memory.
"""
PORT = """\
GigabitEthernet0/0/1 is up, line protocol is up
  Description: uplink, login cisco or Sup3rSecretWord
  Internet address is 10.0.0.1/30
  MTU 1500 bytes, BW 1000000 Kbit/sec, DLY 10 usec,
  5 minute input rate 0 bits/sec, 0 packets/sec
  5 minute output rate 0 bits/sec, 0 packets/sec
"""


def test_a_password_that_is_a_common_word_costs_no_fact() -> None:
    platform = load_platform("cisco_xe")
    command = platform.facts["system"].command
    with known("cisco"), known("edge"):
        reply = saved_reply(platform, command, VERSION)
        (seen,) = observe("r1", platform, ["system"], lambda _: [reply])
    assert "cisco" not in reply.text
    assert REDACTED in reply.text
    assert seen.status is Status.PARSED
    assert "cisco" not in seen.raw
    assert [row.subject for row in seen.rows] == [""]


def test_prose_lacks_a_whole_password_and_keeps_a_word() -> None:
    platform = load_platform("cisco_xe")
    command = platform.facts["interface"].command
    with known("Sup3rSecretWord"), known("cisco"), known("GigabitEthernet"):
        (seen,) = observe("r1", platform, ["interface"], lambda _: [saved_reply(platform, command, PORT)])
    (row,) = seen.rows
    assert row.subject == "GigabitEthernet0/0/1"
    assert getattr(row, "description", "") == f"uplink, login cisco or {REDACTED}"


def test_the_printed_text_of_a_reply_is_neither_shown_nor_sent_to_a_scheduler() -> None:
    platform = load_platform("cisco_xe")
    with known("cisco"):
        reply = saved_reply(platform, "show version", VERSION)
    assert "cisco" in (reply.printed or "")
    assert "cisco" not in repr(reply) + encode_replies([reply]).decode()
    (received,) = decode_replies(encode_replies([reply]), ["show version"])
    assert received == replace(reply, printed=None)


def test_a_saved_answer_without_a_word_says_that_the_word_is_redacted() -> None:
    platform = load_platform("cisco_xe")
    text = VERSION.replace("Cisco", REDACTED)
    (seen,) = observe(
        "r1", platform, ["system"], lambda _: [saved_reply(platform, platform.facts["system"].command, text)]
    )
    assert seen.status is Status.UNPARSED
    assert seen.message is not None
    assert "a word of it is redacted" in seen.message.render("en")
