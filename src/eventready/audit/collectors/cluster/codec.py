"""Requests to workers and their answers, as JSON. Answers come from outside: nothing in them is trusted."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Literal

import orjson

from eventready.audit.device_result import observation_record
from eventready.core.messages import Message, from_json, to_json
from eventready.core.records import Shape
from eventready.core.strings.json_text import parse_json, sorted_json
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation, Status, Unread
from eventready.session.diagnosis import Diagnosis, DiagnosisStep, StepState
from eventready.session.reply import Reply, ReplyStatus, SessionError
from eventready.session.steps import ConnectStep
from eventready.store.evidence import PackedEvidence, digest

#: Bytes of all texts of a device, and of the reason of a failure; rows and lines of all observations.
_MOST_TEXT, _MOST_REASON, _MOST_ROWS = 64_000_000, 500, 200_000
#: What a hostile document makes of the code below.
INVALID = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, zlib.error)


@dataclass(frozen=True)
class ReadRequest:
    """Request for the facts of a device. `inventory`: facts of no check. `seconds`: left to the end of the run.

    `kind`: `facts`, `replies` to their commands, or `steps` of a connection. `topic`: where the answer goes.
    """

    device: str
    facts: tuple[str, ...] = ()
    inventory: tuple[str, ...] = ()
    reading: int = 1
    kind: Literal["facts", "replies", "steps"] = "facts"
    key: str = ""
    topic: str = ""
    seconds: float = 0.0

    def encode(self) -> bytes:
        """Return the request as JSON."""
        return _REQUEST.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> ReadRequest:
        """Return the request of JSON. Raises ShapeError."""
        return _REQUEST.read(data)


_REQUEST = Shape(ReadRequest)


@dataclass(frozen=True)
class WorkerAnswer:
    """Answer of a worker. `age_s`: since the reading began. `clock`: of the worker, in seconds since 1970."""

    worker: str
    clock: float
    age_s: float
    observations: tuple[Observation, ...]
    evidence: tuple[PackedEvidence, ...]


class InvalidAnswer(ValueError):
    """Answer of an invalid form, or a reported failure."""


def encode_answer(answer: WorkerAnswer) -> bytes:
    """Return the answer as JSON."""
    document = {
        "worker": answer.worker,
        "clock": answer.clock,
        "age_s": answer.age_s,
        "observations": [observation_record(one) for one in answer.observations],
        "evidence": [[one.name, base64.b64encode(one.data).decode("ascii")] for one in answer.evidence],
    }
    return sorted_json(document)


def encode_failure(worker: str, reason: str) -> bytes:
    """Return the answer for a failed reading."""
    return json.dumps({"worker": worker, "failed": reason[:_MOST_REASON]}).encode()


def decode_answer(data: bytes, device: str, facts: Sequence[str], reading: int) -> WorkerAnswer:
    """Return an answer with an observation for each of these facts of a device. Raises InvalidAnswer."""
    try:
        return _decoded(orjson.loads(data), device, facts, reading)
    except INVALID as error:
        raise InvalidAnswer(str(error)[:_MOST_REASON]) from None


def _decoded(document: Any, device: str, facts: Sequence[str], reading: int) -> WorkerAnswer:
    if "failed" in document:
        raise InvalidAnswer(str(document["failed"]))
    found = {str(entry["fact"]): entry for entry in document["observations"]}
    if sum(len(found[fact][part]) for fact in facts for part in ("rows", "unmatched")) > _MOST_ROWS:
        raise InvalidAnswer(f"more than {_MOST_ROWS:,} rows")
    observations = tuple(_observation(found[fact], device, fact, reading) for fact in dict.fromkeys(facts))
    evidence = _evidence(document["evidence"], {one.evidence for one in observations} - {""})
    clock, age = float(document["clock"]), float(document["age_s"])
    if not (isfinite(clock) and isfinite(age)):
        raise InvalidAnswer("times that are no numbers")
    return WorkerAnswer(str(document["worker"])[:100], clock, age, observations, evidence)


def _evidence(entries: Any, names: Collection[str]) -> tuple[PackedEvidence, ...]:
    """Return the compressed texts of these names; others are not opened. Raises InvalidAnswer, zlib.error."""
    packed = {str(name): str(data) for name, data in entries if name in names}
    if missing := set(names) - set(packed):
        raise InvalidAnswer(f"no evidence {min(missing)}")
    found, left = [], _MOST_TEXT
    for name, text in packed.items():
        found.append(_opened(name, text, left))
        left -= found[-1].size
    return tuple(found)


def _opened(name: str, text: str, most: int) -> PackedEvidence:
    """Return compressed text of at most so many bytes, after a check of its hash. Raises InvalidAnswer, zlib.error."""
    data = base64.b64decode(text, validate=True)
    unpacker = zlib.decompressobj()
    plain = unpacker.decompress(data, most + 1)  # 0 is without a limit
    if len(plain) > most:
        raise InvalidAnswer(f"texts of more than {_MOST_TEXT:,} bytes")
    if not unpacker.eof or digest(plain.decode())[0] != name:
        raise InvalidAnswer("evidence with another hash")
    return PackedEvidence(name, len(plain), data)


def _observation(entry: Mapping[str, Any], device: str, fact: str, reading: int) -> Observation:
    status, record = Status(entry["status"]), CATALOGUE[fact].record
    rows = tuple(record.model_validate(row) for row in entry["rows"])
    if rows and not status.measured:
        raise InvalidAnswer(f"rows of {fact} without a measurement")
    return Observation(
        device=device,
        fact=fact,
        status=status,
        command=text_of(entry["command"]),
        rows=rows,
        unmatched=tuple(text_of(line) for line in entry["unmatched"]),
        reason=text_of(entry["reason"]),
        evidence=text_of(entry["evidence"]),
        reading=reading,
        complete=entry.get("complete") != "unknown",
        message=message_of(entry["reason_message"]),
        unconfirmed=bool(entry.get("unconfirmed")),
        unread=tuple(map(_unread, entry.get("unread", ()))),
    )


def _unread(entry: Mapping[str, Any]) -> Unread:
    return Unread(text_of(entry["subject"]), message_of(entry["reason_message"]))


def text_of(value: Any) -> str:
    """Return a text. Raises InvalidAnswer."""
    if not isinstance(value, str):
        raise InvalidAnswer("a text of another type")
    return value


def message_of(value: Any) -> Any:
    """Return a message with a text, or None. Raises InvalidAnswer."""
    found = from_json(value)
    if found is not None:
        if not hasattr(found, "render"):
            raise InvalidAnswer("a message of another type")
        found.render("en")
    return found


_ERRORS = {kind.__name__: kind for kind in SessionError.__subclasses__()}


def encode_replies(replies: Sequence[Reply]) -> bytes:
    """Return replies as JSON, without the texts for the reading of facts."""
    return _encoded({"replies": [{**vars(_sent(one)), "message": to_json(one.message)} for one in replies]})


def encode_error(error: SessionError) -> bytes:
    """Return an error of a session as JSON."""
    parts = {"cause": error.cause, "place": error.place, "remedy": error.remedy}
    return _encoded({"error": {"kind": type(error).__name__, **{name: to_json(one) for name, one in parts.items()}}})


def encode_steps(diagnosis: Diagnosis) -> bytes:
    """Return the steps of a connection as JSON."""
    steps = [[one.step, one.state, to_json(one.detail), to_json(one.remedy)] for one in diagnosis.steps]
    return _encoded({"steps": steps})


def decode_replies(data: bytes, commands: Sequence[str]) -> Sequence[Reply]:
    """Return the replies to these commands. Raises SessionError of the worker, InvalidAnswer."""
    document = _document(data)
    try:
        if "error" in document:
            raise _error(document["error"])
        found = [_reply(one) for one in document["replies"]]
    except INVALID as error:
        raise InvalidAnswer(str(error)) from None
    if [one.command for one in found] != list(commands):
        raise InvalidAnswer("replies to other commands")
    return found


def decode_steps(data: bytes, device: str) -> Diagnosis:
    """Return the steps of a connection to a device. Raises InvalidAnswer."""
    try:
        return Diagnosis(device, tuple(_step(*one) for one in _document(data)["steps"]))
    except INVALID as error:
        raise InvalidAnswer(str(error)) from None


def _sent(reply: Reply) -> Reply:
    return replace(reply, printed=None)


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def _document(data: bytes) -> dict[str, Any]:
    """Return the document of an answer. Raises InvalidAnswer, also for a reported failure."""
    try:
        document: dict[str, Any] = parse_json(data)
        if "failed" in document:
            raise InvalidAnswer(str(document["failed"]))
    except INVALID as error:
        raise InvalidAnswer(str(error)) from None
    return document


def _error(document: Any) -> SessionError:
    cause, place, remedy = (_phrase(document[name]) for name in ("cause", "place", "remedy"))
    return _ERRORS[document["kind"]](cause, where=place, do=remedy)


def _reply(document: dict[str, Any]) -> Reply:
    texts = {name: text_of(document[name]) for name in ("command", "text", "reason", "prompt")}
    return Reply(
        **texts, status=ReplyStatus(document["status"]), seconds=float(document["seconds"]),
        complete=document["complete"] is True, message=message_of(document["message"]),
        final=document["final"] is True, breaks=tuple(sorted(map(int, document["breaks"]))),
    )  # fmt: skip


def _step(step: str, state: str, detail: Any, remedy: Any) -> DiagnosisStep:
    return DiagnosisStep(ConnectStep(step), StepState(state), _phrase(detail), _phrase(remedy))


def _phrase(value: Any) -> str | Message:
    found: str | Message = value if isinstance(value, str) else message_of(value)
    if found is None:
        raise InvalidAnswer("a text of another type")
    return found
