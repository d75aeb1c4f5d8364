"""Shapes of records: what is written, what is refused and in which words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from eventready.core.messages import Message, message
from eventready.core.records import JsonDocument, Kinds, Moment, Sentence, Shape, ShapeError, Stream, Words

AT = datetime(2033, 7, 25, 0, 0, 0, 250_000, tzinfo=UTC)


@dataclass(frozen=True)
class Part:
    """Part of a record."""

    name: str
    sent: int = 0
    outages: tuple[tuple[float, float | None], ...] = ()


@dataclass(frozen=True)
class Record:
    """Record with a field of each kind."""

    at: Moment
    state: Literal["up", "down"]
    why: Sentence | None = None
    reason: Words = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Ended:
    """Record of another kind."""

    ok: bool


WHOLE = Record(
    AT,
    "up",
    message("store:locked", device="r1", change="c", by="a", host="h", since="s"),
    message("store:run.none"),
    (Part("a", 3, ((0.0, None), (1.5, 2.0))),),
)
PLAIN = json.loads(json.dumps(Shape(Record).plain(WHOLE)))


def test_a_record_comes_back_as_written() -> None:
    back = Shape(Record).read_plain(PLAIN)
    assert back == WHOLE
    assert isinstance(back.why, Message)
    assert isinstance(back.reason, Message)
    assert back.at.isoformat() == "2033-07-25T07:00:00.250000+07:00"
    assert Shape(Record).plain(Record(AT, "up")).keys() == {"at", "state"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"state": "sideways"}, "state"),
        ({"at": "2033-07-25T07:00:00"}, "at"),
        ({"at": 5}, "at"),
        ({"parts": [{"name": "a", "sent": "many"}]}, "parts.0.sent"),
        ({"parts": [{"name": "a", "sent": "3"}]}, "parts.0.sent"),
        ({"parts": [{"name": "a", "outages": [[0.0]]}]}, "parts.0.outages.0.1"),
        ({"parts": [{"name": "a", "colour": "red"}]}, "parts.0.colour"),
        ({"at": "9999-12-31T23:00:00+00:00"}, "at"),
        ({"why": "a text"}, "why"),
        ({"why": {"why": 1}}, "why"),
        ({"reason": 7}, "reason"),
        ({"more": 1}, "more"),
    ],
)
def test_a_record_of_another_shape_is_refused_with_its_field(change: dict[str, Any], place: str) -> None:
    with pytest.raises(ShapeError) as refused:
        Shape(Record).read_plain({**PLAIN, **change})
    assert refused.value.place == place
    assert isinstance(refused.value.sentence, Message)
    for lang in ("en", "vi"):
        assert place in refused.value.sentence.render(lang)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"7", b"\xff", b'{"at":1}' * 2, b"[" * 100_000])
def test_bytes_without_a_record_are_refused(data: bytes) -> None:
    for stream in (Stream("a", Record), Stream("b", Kinds("step", {"record": Record, "ended": Ended}))):
        with pytest.raises(ShapeError):
            stream.decode(data)


def test_kinds_are_distinguished_by_their_tag() -> None:
    stream: Stream[Record | Ended] = Stream("drill", Kinds("step", {"record": Record, "ended": Ended}))
    assert json.loads(stream.encode(Ended(ok=True))) == {"step": "ended", "ok": True}
    assert stream.decode(stream.encode(WHOLE)) == WHOLE
    plain: dict[str, Any]
    for plain in ({"ok": True}, {"step": "begun", "ok": True}, {"step": ["ended"]}):
        with pytest.raises(ShapeError) as refused:
            stream.decode(json.dumps(plain).encode())
        assert refused.value.place == "step"


def test_a_document_of_another_schema_is_refused_with_both_names() -> None:
    document = JsonDocument("eventready.thing/2", Record)
    assert document.read_plain(json.loads(document.encode(WHOLE))) == WHOLE
    bad: tuple[object, ...] = ({**PLAIN, "schema": "eventready.thing/1"}, PLAIN, [], {"schema": 2})
    for plain in bad:
        with pytest.raises(ShapeError) as refused:
            document.read_plain(plain)
        assert "eventready.thing/2" in refused.value.sentence.render("vi")  # type: ignore[union-attr]


def test_the_schema_of_a_record_has_its_kinds_and_fields() -> None:
    schema = JsonDocument("eventready.thing/2", Record).json_schema()
    assert schema["properties"]["schema"] == {"const": "eventready.thing/2"}
    assert schema["required"][:3] == ["schema", "at", "state"]
    kinds = Kinds("step", {"record": Record, "ended": Ended}).json_schema()
    assert [one["properties"]["step"] for one in kinds["oneOf"]] == [{"const": "record"}, {"const": "ended"}]
