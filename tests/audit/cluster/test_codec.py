"""Requests and answers of a cluster: nothing is lost on the way, and nothing from outside is trusted."""

from __future__ import annotations

import base64
import json
import zlib
from contextlib import suppress
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.audit.collectors.cluster import codec
from eventready.audit.collectors.cluster.codec import (
    InvalidAnswer,
    ReadRequest,
    WorkerAnswer,
    decode_answer,
    decode_replies,
    decode_steps,
    encode_answer,
    encode_error,
    encode_failure,
    encode_replies,
    encode_steps,
)
from eventready.audit.collectors.reading import packed
from eventready.core.messages import message
from eventready.facts.catalogue import CATALOGUE
from eventready.session.diagnosis import Diagnosis, DiagnosisStep, StepState
from eventready.session.reply import LoginRefused, Reply, ReplyStatus
from eventready.session.steps import ConnectStep
from eventready.store.evidence import PackedEvidence, digest
from tests.platforms.samples import all_samples

SAMPLES = {sample.id: sample for sample in all_samples()}


@pytest.mark.slow
def test_every_sample_of_every_platform_survives() -> None:
    for sample in SAMPLES.values():
        observations, evidence = packed([sample.observe()], ())
        sent = WorkerAnswer("w", 1.0, 2.0, observations, evidence)
        (one,) = observations
        received = decode_answer(encode_answer(sent), one.device, [one.fact], one.reading)
        recorded = replace(one, unconfirmed=one.unconfirmed and one.status.measured)  # a record says so of measurements
        assert received == replace(sent, observations=(recorded,)), sample.id


def test_a_request_survives() -> None:
    request = ReadRequest("core-1", ("cpu", "optic"), ("optic",), 2, "replies", "k", "t", 7.5)
    assert ReadRequest.decode(request.encode()) == request


def answer() -> dict[str, Any]:
    sample = next(sample for sample in SAMPLES.values() if sample.platform == "cisco_xe" and sample.case == "ok")
    observations, evidence = packed([sample.observe()], ())
    found: dict[str, Any] = json.loads(encode_answer(WorkerAnswer("w", 1.0, 2.0, observations, evidence)))
    return found


GOOD = answer()
FACT = GOOD["observations"][0]["fact"]


def changed(**values: Any) -> bytes:
    return json.dumps({**GOOD, **values}).encode()


def observed(**values: Any) -> bytes:
    return changed(observations=[{**GOOD["observations"][0], **values}])


BOMB = base64.b64encode(zlib.compress(b"0" * 100_000_000, 9)).decode()
OTHER = PackedEvidence.of("another text")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff", b"null", b"[]", b"{}", b"[" * 5_000, b'"' + b"x" * 50, encode_failure("w", "no such device"),
        changed(observations=[]), changed(observations=None), changed(evidence=[]), changed(evidence=[[1]]),
        changed(evidence=[[GOOD["evidence"][0][0], base64.b64encode(OTHER.data).decode()]]),
        changed(evidence=[[GOOD["evidence"][0][0], BOMB]]), changed(evidence=[[GOOD["evidence"][0][0], "====="]]),
        changed(clock="NaN"), changed(age_s="inf"), changed(worker=None, clock=None),
        observed(status="perfect"), observed(status="timeout"), observed(rows=[{"cpu": {}}]), observed(rows=7),
        observed(command=["rm"]), observed(evidence="0" * 64), observed(unmatched=[1]),
        observed(reason_message={"id": "facts:too_long", "params": {}}),
        observed(reason_message={"id": "no:such", "params": {}}),
        observed(reason_message=[1]), observed(unread=[{"subject": 1}]),
    ],
)  # fmt: skip
def test_an_invalid_answer_is_named_as_such(data: bytes) -> None:
    with pytest.raises(InvalidAnswer):
        decode_answer(data, "core-1", [FACT], 1)


def big(count: int, size: int) -> bytes:
    """An answer whose observations name texts of this size each."""
    texts = [PackedEvidence.of(str(number) + "0" * size) for number in range(count)]
    facts = sorted(CATALOGUE)[:count]
    empty: dict[str, Any] = {
        "status": "timeout",
        "rows": [],
        "unmatched": [],
        "command": "x",
        "reason": "",
        "reason_message": None,
    }
    observations = [{**empty, "fact": fact, "evidence": one.name} for fact, one in zip(facts, texts, strict=True)]
    evidence = [[one.name, base64.b64encode(one.data).decode()] for one in texts]
    return changed(observations=observations, evidence=evidence)


@pytest.mark.attack(family="answers of a cluster without end")
def test_the_texts_of_an_answer_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "_MOST_TEXT", 1_000_000)
    facts = sorted(CATALOGUE)[:5]
    assert len(decode_answer(big(5, 199_000), "core-1", facts, 1).evidence) == 5
    with pytest.raises(InvalidAnswer, match="more than 1,000,000 bytes"):
        decode_answer(big(5, 210_000), "core-1", facts, 1)


@pytest.mark.attack(family="answers of a cluster without end")
def test_only_evidence_with_a_name_in_the_answer_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Mock(side_effect=digest)
    monkeypatch.setattr(codec, "digest", opened)
    more = [[str(number), BOMB] for number in range(50)]
    found = decode_answer(changed(evidence=[*more, *GOOD["evidence"]]), "core-1", [FACT], 1)
    assert [one.name for one in found.evidence] == [GOOD["evidence"][0][0]]
    opened.assert_called_once()


@pytest.mark.attack(family="answers of a cluster without end")
@pytest.mark.parametrize("part", ["rows", "unmatched"])
def test_the_rows_of_an_answer_are_bounded(part: str) -> None:
    with pytest.raises(InvalidAnswer, match="more than 200,000 rows"):
        decode_answer(observed(**{part: [""] * 200_001}), "core-1", [FACT], 1)


def test_an_answer_speaks_of_its_own_device_and_reading() -> None:
    (one,) = decode_answer(observed(device="core-2", reading=2), "core-1", [FACT], 1).observations
    assert (one.device, one.reading) == ("core-1", 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "params", "vi", "en"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.sampled_from(sorted(GOOD["observations"][0])), JSON)
def test_any_value_in_any_place_is_an_answer_or_an_invalid_one(key: str, value: Any) -> None:
    with suppress(InvalidAnswer):
        decode_answer(observed(**{key: value}), "core-1", [FACT], 1)


REPLIES = [
    Reply("show clock", "12:00\udcff", seconds=0.5, breaks=(2, 5), prompt="core-1#"),
    Reply.failed("show cpu", ReplyStatus.TIMEOUT, message("session:no_answer", where="r1", seconds=1.0), "part"),
]
COMMANDS = [one.command for one in REPLIES]
REFUSED = LoginRefused(message("session:no_answer", where="r1", seconds=1.0), where="r1", do="Ask.")


def test_replies_errors_and_steps_survive() -> None:
    assert decode_replies(encode_replies(REPLIES), COMMANDS) == REPLIES
    with pytest.raises(LoginRefused) as raised:
        decode_replies(encode_error(REFUSED), COMMANDS)
    assert raised.value.whole == REFUSED.whole
    steps = (DiagnosisStep(ConnectStep.TCP, StepState.FAILED, message("session:check.tcp"), "Ask."),)
    assert decode_steps(encode_steps(Diagnosis("r1", steps)), "r1") == Diagnosis("r1", steps)


def replied(**values: Any) -> bytes:
    document: dict[str, Any] = json.loads(encode_replies(REPLIES[:1]))
    return json.dumps({"replies": [{**document["replies"][0], **values}]}).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"null", b"{}", b"[" * 5_000, b'{"replies": 7}', b'{"replies": []}', b'{"failed": [1]}',
        replied(command="show run"), replied(command=7), replied(text=None), replied(status="good"),
        replied(seconds="x"), replied(breaks=7), replied(breaks=["x"]), replied(message=[1]),
        replied(message={"id": 1}),
        b'{"error": {}}', b'{"error": {"kind": "SystemExit", "cause": "", "place": "", "remedy": ""}}',
        b'{"error": {"kind": "LoginRefused", "cause": 7, "place": "", "remedy": ""}}',
    ],
)  # fmt: skip
def test_invalid_replies_are_named_as_such(data: bytes) -> None:
    with pytest.raises(InvalidAnswer):
        decode_replies(data, COMMANDS[:1])
    with pytest.raises(InvalidAnswer):
        decode_steps(data, "r1")
