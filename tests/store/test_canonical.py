"""The bytes that are hashed."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eventready.run import Parts, Run, Summary, canonical, listed
from eventready.store.documents import fold, unfold
from tests.store.conftest import _document

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
documents = st.dictionaries(st.text(max_size=8), plain, max_size=6)


@given(documents)
def test_round_trip(document: dict[str, Any]) -> None:
    assert json.loads(canonical(document)) == document
    assert canonical(json.loads(canonical(document))) == canonical(document)
    assert unfold(fold(document)) == document


@given(documents)
def test_parts_are_the_document(document: dict[str, Any]) -> None:
    parts = Parts.of(document)
    assert parts == document
    assert canonical(parts) == canonical(document)
    assert canonical(parts.having(id="x").without("id")) == canonical({k: v for k, v in document.items() if k != "id"})


@given(st.lists(st.lists(plain, min_size=1, max_size=3), max_size=4))
def test_a_list_in_pieces_is_the_list(groups: list[list[Any]]) -> None:
    pieces = listed([canonical(group)[1:-1] for group in groups])
    assert b"".join(pieces) == canonical([item for group in groups for item in group])
    parts = Parts({"findings": pieces})
    items = [item for group in groups for item in group]
    assert list(Run(parts).findings()) == list(Run({"findings": items}).findings()) == items
    assert parts["findings"] == items == list(parts.each("findings"))


@given(documents)
def test_the_order_of_keys_does_not_matter(document: dict[str, Any]) -> None:
    turned = dict(reversed(document.items()))
    assert Run.sealed(turned).document["sha256"] == Run.sealed(document).document["sha256"]


@given(documents, st.text(min_size=1, max_size=8), plain)
def test_any_change_breaks_the_seal(document: dict[str, Any], key: str, value: Any) -> None:
    sealed = Run.sealed(document)
    assert sealed.intact()
    changed = {**sealed.document, key: value}
    if key != "sha256" and canonical(changed) != canonical(sealed.document):
        assert not Run(changed).intact()


def test_summary_round_trip() -> None:
    summary = Summary.of(_document("20220425-070000-aaaa"))
    assert Summary.load(json.loads(json.dumps(summary.plain()))) == summary
    assert summary.verdicts == (("hoi-nghi", "wifi", "NOT_READY"),)
    assert Summary.of({"id": "x"}).ratio == 0.0
