"""JSON answers: where rows are found, and what is no answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.facts.objects import ExpressionError, Objects
from eventready.facts.reading import UNMATCHED_SHOWN


def test_keys_become_a_column() -> None:
    document = {"neighbors": {"10.0.0.2": [{"state": "Full"}, {"state": "Init"}], "10.0.0.3": {"state": "2-Way"}}}
    reading = Objects("rows(neighbors)", ["_key", "state"]).read(json.dumps(document))
    assert reading.columns == ("_key", "state")
    assert list(reading.rows) == [["10.0.0.2", "Full"], ["10.0.0.2", "Init"], ["10.0.0.3", "2-Way"]]


def test_a_column_may_be_an_expression() -> None:
    reading = Objects("items(@)[]", ["key", "value.a[0].b", "value.missing"]).read('{"x": {"a": [{"b": 5}]}}')
    assert list(reading.rows) == [["x", 5, None]]


def test_one_object_is_one_row() -> None:
    assert list(Objects("@", ["a"]).read('{"a": true}').rows) == [[True]]


@pytest.mark.parametrize(
    ("text", "heading"),
    [('{"peers": {}}', True), ("{}", False), ('{"peers": {"1": []}}', True), ('{"other": 1}', False), ("", False)],
)
def test_an_empty_container_is_a_heading_and_nothing_is_not(text: str, heading: bool) -> None:
    reading = Objects("rows(peers)", ["_key"]).read(text)
    assert not reading.rows
    assert reading.heading is heading


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"peers": {"1": {', "not JSON"),
        ("% Unknown command.", "not JSON"),
        ('{"peers": {}} \nbgpd is not running', "text follows"),
        ('%warning\n{"peers": {}}', "not JSON"),
        ('{"peers": 5}', "another form"),
        ('{"else": {}}', "nothing at the place"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_answer_says_why_and_quotes_it(text: str, reason: str) -> None:
    reading = Objects("rows(peers)", ["_key"]).read(text)
    assert not reading.rows
    assert reason in reading.reason
    assert 0 < len(reading.unmatched) <= UNMATCHED_SHOWN


def test_something_else_than_objects_is_no_row() -> None:
    assert "something else" in Objects("peers", ["a"]).read('{"peers": [{"a": 1}, "b"]}').reason


@pytest.mark.parametrize(("expression", "columns"), [("peers[", ["a"]), ("peers", ["a["]), ("", ["a"])])
def test_an_expression_that_does_not_compile(expression: str, columns: list[str]) -> None:
    with pytest.raises(ExpressionError, match="does not compile"):
        Objects(expression, columns)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["peers", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(JSON.map(json.dumps), st.text(max_size=100)),
    st.sampled_from(["rows(peers)", "peers[]", "items(@)[].value.a"]),
)
def test_any_text_is_read_or_refused_but_never_raises(text: str, expression: str) -> None:
    reading = Objects(expression, ["_key", "a.b"]).read(text)
    assert all(len(row) == 2 for row in reading.rows)
    assert not (reading.reason and reading.rows)


@given(st.integers(0, 200))
def test_cut_anywhere_it_gives_no_rows(cut: int) -> None:
    text = json.dumps({"peers": {f"10.0.0.{n}": {"a": n} for n in range(9)}})
    assert not Objects("rows(peers)", ["a"]).read(text[: min(cut, len(text) - 1)]).rows
