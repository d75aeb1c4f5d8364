"""JSON answers: where rows are found, and what is no answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts.parsing.json_parser import ExpressionError, JsonParser
from eventready.facts.parsing.parsed import UNMATCHED_SHOWN


def test_keys_become_a_column() -> None:
    document = {"neighbors": {"10.0.0.2": [{"state": "Full"}, {"state": "Init"}], "10.0.0.3": {"state": "2-Way"}}}
    parsed = JsonParser("rows(neighbors)", ["_key", "state"]).parse(json.dumps(document))
    assert parsed.columns == ("_key", "state")
    assert list(parsed.rows) == [["10.0.0.2", "Full"], ["10.0.0.2", "Init"], ["10.0.0.3", "2-Way"]]


def test_a_column_may_be_an_expression() -> None:
    parsed = JsonParser("items(@)[]", ["key", "value.a[0].b", "value.missing"]).parse('{"x": {"a": [{"b": 5}]}}')
    assert list(parsed.rows) == [["x", 5, None]]


def test_one_object_is_one_row() -> None:
    assert list(JsonParser("@", ["a"]).parse('{"a": true}').rows) == [[True]]


@pytest.mark.parametrize(
    ("text", "none"),
    [('{"peers": {}}', True), ("{}", False), ('{"peers": {"1": []}}', True), ('{"other": 1}', False), ("", False)],
)
def test_an_empty_container_says_none_and_nothing_does_not(text: str, none: bool) -> None:
    parsed = JsonParser("rows(peers)", ["_key"]).parse(text)
    assert not parsed.rows
    assert parsed.none is none


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"peers": {"1": {', "not valid JSON"),
        ('{"peers": {"1": {"a": 1, "a": 2}}}', "two values for 'a'"),
        ("% Unknown command.", "not valid JSON"),
        ('{"peers": {}} \nbgpd is not running', "text follows"),
        ('%warning\n{"peers": {}}', "not valid JSON"),
        ('{"peers": 5}', "another form"),
        ('{"else": {}}', "nothing at the place"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_what_is_no_answer_says_why_and_quotes_it(text: str, reason: str) -> None:
    parsed = JsonParser("rows(peers)", ["_key"]).parse(text)
    assert not parsed.rows
    assert reason in parsed.reason
    assert 0 < len(parsed.unmatched) <= UNMATCHED_SHOWN


def test_something_else_than_objects_is_no_row() -> None:
    assert "something else" in JsonParser("peers", ["a"]).parse('{"peers": [{"a": 1}, "b"]}').reason


@pytest.mark.parametrize(("expression", "columns"), [("peers[", ["a"]), ("peers", ["a["]), ("", ["a"])])
def test_an_expression_that_does_not_compile(expression: str, columns: list[str]) -> None:
    with pytest.raises(ExpressionError, match="does not compile"):
        JsonParser(expression, columns)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["peers", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(
    st.one_of(JSON.map(json.dumps), st.text(max_size=100)),
    st.sampled_from(["rows(peers)", "peers[]", "items(@)[].value.a"]),
)
def test_any_text_is_read_or_refused_but_never_raises(text: str, expression: str) -> None:
    parsed = JsonParser(expression, ["_key", "a.b"]).parse(text)
    assert all(len(row) == 2 for row in parsed.rows)
    assert not (parsed.reason and parsed.rows)


@given(st.integers(0, 200))
def test_cut_anywhere_it_gives_no_rows(cut: int) -> None:
    text = json.dumps({"peers": {f"10.0.0.{n}": {"a": n} for n in range(9)}})
    assert not JsonParser("rows(peers)", ["a"]).parse(text[: min(cut, len(text) - 1)]).rows
