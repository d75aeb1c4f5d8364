"""The bytes that are hashed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.audit.device_result import _row
from eventready.core.strings.json_text import canonical, exact, sorted_json
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.records import Fact, Optic
from eventready.store import run_parts
from eventready.store.documents import compress, decompress
from eventready.store.run import SUMMARY, Run, Summary
from eventready.store.run_parts import Items, Parts
from eventready.store.run_records import SCHEMA, RunVerdict
from tests.store.conftest import _document

pytestmark = pytest.mark.slow

#: Whole numbers as counters have them: orjson reads larger ones as floats.
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
documents = st.dictionaries(st.text(max_size=8), plain, max_size=6)


@given(documents)
def test_round_trip(document: dict[str, Any]) -> None:
    assert json.loads(canonical(document)) == document
    assert canonical(json.loads(canonical(document))) == canonical(document)
    assert decompress(compress(document)) == document


@given(documents)
def test_parts_are_the_document(document: dict[str, Any]) -> None:
    parts = Parts.of(document)
    assert dict(parts) == document
    assert b"".join(parts.pieces()) == canonical(document)
    assert b"".join(parts.replace(id="x").without("id").pieces()) == canonical(
        {k: v for k, v in document.items() if k != "id"}
    )


@given(st.lists(st.lists(plain, min_size=1, max_size=3), max_size=4))
def test_a_list_in_pieces_is_the_list(groups: list[list[Any]]) -> None:
    listed = Items(lambda: [canonical(group)[1:-1] for group in groups])
    assert b"".join(listed.pieces()) == canonical([item for group in groups for item in group])
    parts = Parts({"findings": listed})
    items = [item for group in groups for item in group]
    assert parts["findings"] == items
    assert b",".join(parts.groups("findings")) == b",".join(Parts.of({"findings": items}).groups("findings"))


@given(documents)
def test_the_order_of_keys_does_not_matter(document: dict[str, Any]) -> None:
    turned = dict(reversed(document.items()))
    assert Run.sealed(turned).document["sha256"] == Run.sealed(document).document["sha256"]


@given(documents, st.text(min_size=1, max_size=8), plain)
def test_any_change_breaks_the_seal(document: dict[str, Any], key: str, value: Any) -> None:
    sealed = Run.sealed(document)
    assert sealed.intact()
    changed = {**sealed.document, key: value}
    if key != "sha256" and canonical(changed) != canonical(dict(sealed.document)):
        assert not Run.of(changed).intact()


@given(st.lists(plain | st.floats() | st.integers(-(2**70), 2**70)))
def test_items_of_a_run_have_the_bytes_of_the_canonical_document(items: list[Any]) -> None:
    assert sorted_json([exact(item) for item in items]) == canonical(items)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_row_has_the_bytes_of_its_record(power: float) -> None:
    row = Optic(interface="Gi1 \x7f\u2028 đ", rx_dbm=power, tx_dbm=0.00001, rx_low_alarm=-0.0)
    assert sorted_json(_row(row)) == canonical(row.model_dump(mode="json", exclude_none=True))


@pytest.mark.parametrize(
    "kind", dict.fromkeys(kind.record for kind in CATALOGUE.values()), ids=lambda kind: kind.__name__
)
def test_every_record_has_the_bytes_of_its_fields(kind: type[Fact]) -> None:
    moment = datetime(2026, 4, 29, 18, 0, 1, 500, tzinfo=UTC)
    values: dict[str, Any] = {
        "datetime": moment, "tuple": ("1.2.3.4/30", "b"), "bool": True, "int": 7, "float": 1e-7, "str": "x",
    }  # fmt: skip
    shown = {name: str(field.annotation) for name, field in kind.model_fields.items()}
    chosen = {name: next((v for word, v in values.items() if word in text), "up") for name, text in shown.items()}
    row = kind.model_construct(None, **chosen)
    assert sorted_json(_row(row)) == canonical(row.model_dump(mode="json", exclude_none=True))


@given(st.lists(st.lists(st.text(st.sampled_from('a"\\],:[{}e\n') | st.characters(codec="utf-8"))), max_size=3))
def test_verdicts_are_read_without_their_references(references: list[list[str]]) -> None:
    verdicts = [
        {"venue": "a", "service": 'b"]', "verdict": "READY", "because": because, "reasons": ["x"]}
        for because in [*references, ['"because":["x"],', '],"because":[]', "x],", "reasons"]]
    ]
    listed = Items(lambda: [canonical(verdicts)[1:-1]])
    found = list(Run(Parts({"verdicts": listed})).verdicts())
    assert found == list(Run.of({"verdicts": verdicts}).verdicts())
    assert set(found) <= {RunVerdict("a", 'b"]', "READY", ("x",))}


def test_summary_round_trip() -> None:
    summary = Summary.of(Run.of(_document("20220425-070000-aaaa")))
    assert SUMMARY.read_plain(json.loads(json.dumps(SUMMARY.plain(summary)))) == summary
    assert summary.verdicts == (("hoi-nghi", "wifi", "NOT_READY"),)
    assert Summary.of(Run.of({"schema": SCHEMA})).ratio == 0.0


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.one_of(
            st.integers(),
            st.text(max_size=5),
            st.lists(st.dictionaries(st.text(max_size=3), st.one_of(st.text(max_size=4), st.floats(allow_nan=False)))),
            st.lists(st.integers(), max_size=3),
            st.dictionaries(st.text(max_size=3), st.lists(st.integers(), max_size=2), max_size=3),
        ),
        max_size=5,
    ),
    st.integers(1, 3),
)
def test_a_document_split_into_pieces_is_the_same(document: dict[str, Any], items: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_parts, "_ITEMS", items)
        data = canonical(document)
        parts = Parts.split(data)
        assert b"".join(parts.pieces()) == data
        assert dict(parts) == document
        for key, value in document.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                assert [one for group in parts.groups(key) for one in json.loads(b"[" + group + b"]")] == value


def test_asking_for_a_key_decodes_nothing() -> None:
    parts = Parts.split(canonical({"findings": [{"n": n} for n in range(3)], "id": "x"}))
    assert list(parts.keys()) == ["findings", "id"]
    assert list(parts.groups("findings")) == [b'{"n":0},{"n":1},{"n":2}']
    assert parts._decoded == {}


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"a"', b'{"a":1', b'{"a":[{}', b'{"a":[{},', b'{"a":1}x', b"{ }"])
def test_other_bytes_are_not_split(data: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        Parts.split(data)
