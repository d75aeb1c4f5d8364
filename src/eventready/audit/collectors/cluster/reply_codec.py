"""Replies of a device, and the steps of a connection, as JSON from a worker: nothing is trusted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from eventready.audit.collectors.cluster.codec import INVALID, InvalidAnswer, message_of, text_of
from eventready.core.messages import Message, to_json
from eventready.core.strings.json_text import parse_json
from eventready.session.diagnosis import Diagnosis, DiagnosisStep, StepState
from eventready.session.reply import Reply, ReplyStatus, SessionError
from eventready.session.steps import ConnectStep

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
    document = _decoded(data)
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
        return Diagnosis(device, tuple(_step(*one) for one in _decoded(data)["steps"]))
    except INVALID as error:
        raise InvalidAnswer(str(error)) from None


def _sent(reply: Reply) -> Reply:
    return replace(reply, printed=None)


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def _decoded(data: bytes) -> dict[str, Any]:
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
