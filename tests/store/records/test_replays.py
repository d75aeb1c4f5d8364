"""Replay of journals: every sequence of records of the right type gives a state, or a sentence about its entry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.clauses.attestations import attestation
from eventready.core.errors import StoreError
from eventready.core.messages import LANGS
from eventready.core.records import ShapeError, Stream
from eventready.delivery.mail import delivery_log
from eventready.drill import record, steps
from eventready.incidents import incident
from eventready.store.streams.journal import JournalEntry
from tests.store.records.from_schema import values

Replay: TypeAlias = Callable[[Iterable[Any]], object]

REPLAYS: dict[str, tuple[Stream[Any], Replay]] = {
    "attestation": (attestation.STREAM, attestation.replay),
    "delivery": (delivery_log.STREAM, partial(delivery_log.replay, running=False)),
    "drill": (steps.STREAM, record.replay),
    "incident": (incident.STREAM, incident.replay),
}
_AT = "2033-07-29T12:00:00.000+00:00"


def _entries(stream: Stream[Any], bodies: list[tuple[str, dict[str, Any]]]) -> list[JournalEntry[Any]]:
    found = []
    for position, (key, plain) in enumerate(bodies, 1):
        try:
            body = stream.decode(json.dumps(plain).encode())
        except ShapeError:  # fields against each other
            continue
        found.append(JournalEntry(stream.name, position, key, _AT, body, ""))
    return found


@pytest.mark.parametrize("name", REPLAYS)
@settings(max_examples=25)
@given(data=st.data())
def test_any_sequence_has_a_state_or_a_sentence(name: str, data: st.DataObject) -> None:
    stream, replay = REPLAYS[name]
    schema = stream.json_schema()
    bodies = data.draw(st.lists(st.tuples(st.sampled_from(("A-0001", "A-0002")), values(schema, schema)), max_size=4))
    entries = _entries(stream, bodies)
    try:
        replay(entries)
    except StoreError as error:
        _names_one_of(entries, error)


FORGED: dict[str, dict[str, Any]] = {
    "attestation": {"kind": "withdrawn", "of": "A-0099", "by": "An", "note": "wrong"},
    "delivery": {"kind": "step", "step": "ended", "at": _AT, "legs": {}},
    "drill": {"step": "repaired"},
    "incident": {"at": _AT, "by": "An", "venue": "v1"},
}
MISSING = {
    "attestation": ("A-0099", "A-0099"),
    "delivery": ("the entry that opens it", "bản ghi mở đầu"),
    "drill": ("the entry that opens it", "bản ghi mở đầu"),
    "incident": ("began, noticed, services, kind, summary", "began, noticed, services, kind, summary"),
}


@pytest.mark.parametrize("name", REPLAYS)
def test_what_is_missing_is_named(name: str) -> None:
    stream, replay = REPLAYS[name]
    entries = _entries(stream, [("K-7", FORGED[name])])
    assert entries
    with pytest.raises(StoreError) as refused:
        replay(entries)
    _names_one_of(entries, refused.value)
    for lang, missing in zip(("en", "vi"), MISSING[name], strict=True):
        assert missing in refused.value.render(lang)


def _names_one_of(entries: list[JournalEntry[Any]], error: StoreError) -> None:
    """Stream, record and what is missing in a sentence of each language."""
    for lang in LANGS:
        sentence = error.render(lang)
        assert any(f"{one.position} ({one.key})" in sentence for one in entries), sentence
