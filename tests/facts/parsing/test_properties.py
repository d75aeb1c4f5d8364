"""Items of named properties: both forms, what they hold, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts.parsing.properties import PropertiesParser


def rows(text: str, *columns: str, template: str = "") -> list[list[str]]:
    return [list(row) for row in PropertiesParser(template, columns).parse(text).rows]


def reason(text: str) -> str:
    parsed = PropertiesParser("", ("NAME",)).parse(text)
    return parsed.reason or " ".join((*parsed.contradictions, *parsed.unmatched))


def test_pairs_over_several_lines_are_one_item() -> None:
    first = ' 0  R ;;; to the core\nand back\n      name="e 1" rx-byte=4 309 122\n      mtu=1500\n'
    text = f"Flags: X - disabled\n{first}\n 1 X name=e2\n"
    assert rows(text, "NUMBER", "FLAGS", "COMMENT", "NAME", "RX_BYTE", "MTU") == [
        ["0", "R", "to the core", "e 1", "4309122", "1500"],
        ["1", "X", "", "e2", "", ""],
    ]


def test_a_value_without_quotes_goes_on_to_the_next_name() -> None:
    assert rows(" 0 name=ether3 UniFi1 type=ether at=jul/09/2023 07:18:33\n", "NAME", "TYPE", "AT") == [
        ["ether3 UniFi1", "ether", "jul/09/2023 07:18:33"]
    ]


def test_quotes_may_hold_names_and_quotes() -> None:
    assert rows(' 0 name="a=b \\"c\\" d=e" x=1\n', "NAME", "X") == [['a=b "c" d=e', "1"]]


def test_a_name_that_begins_with_a_dot_belongs_to_the_one_before() -> None:
    assert rows(" 0 remote.address=10.0.0.2 .as=65000 local.role=ebgp .as=65001\n", "REMOTE_AS", "LOCAL_AS") == [
        ["65000", "65001"]
    ]


def test_a_repeated_name_begins_the_next_object() -> None:
    assert rows("   name: e1\n status: up\n\n   name: e2\n status: down\n", "NAME", "STATUS") == [
        ["e1", "up"],
        ["e2", "down"],
    ]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("FLAGS ~ A", [["a,b"]]),
        ("FLAGS !~ A", [["c"]]),
        ("each GATEWAY", [["a"], ["b"], ["c"]]),
        ("first GATEWAY", [["a"], ["c"]]),
        ("each GATEWAY STATUS; STATUS !~ unreachable", [["a"], ["c"]]),
    ],
)
def test_rules(template: str, expected: list[list[str]]) -> None:
    text = " 0 A gateway=a,b status=a reachable,b unreachable\n 1 gateway=c status=c reachable\n"
    assert rows(text, "GATEWAY", template=template) == expected


@pytest.mark.parametrize("template", ["GATEWAY", "GATEWAY = a", "every GATEWAY", "first", "X ~ ("])
def test_a_rule_that_does_not_hold(template: str) -> None:
    with pytest.raises(ValueError, match="rule"):
        PropertiesParser(template, ())


@pytest.mark.parametrize(
    ("text", "output"),
    [
        (" 0 name=e1 name=e2\n", "two values for name"),
        (" 0 name=e1\ntotal: 2\n", "the device counts 2 items, and the answer has 1"),
        ("total: 1\n", "the device counts 1 items, and the answer has 0"),
        ("what is this\n", "what is this"),
        (" 0 name=" + "x" * 9_000, "name="),
    ],
)
def test_what_does_not_hold_is_refused(text: str, output: str) -> None:
    assert output in reason(text)


@pytest.mark.parametrize(
    ("text", "none", "heading"),
    [("total: 0\n", True, False), ("Flags: X - disabled\n", False, True), ("\n", False, False)],
)
def test_a_count_of_0_proves_that_there_is_none(text: str, none: bool, heading: bool) -> None:
    parsed = PropertiesParser("", ()).parse(text)
    assert (parsed.none, parsed.heading, parsed.whole) == (none, heading, none)


def test_the_next_line_of_a_comment_is_kept_beside_the_rows() -> None:
    parsed = PropertiesParser("", ("COMMENT",)).parse(" 0  ;;; a spare\nthat nobody uses\n     name=e1\n")
    assert (parsed.rows, parsed.unmatched, parsed.refused) == ([["a spare"]], ("that nobody uses",), 0)


@given(st.text(st.sampled_from('ab=:; "\\0 RX;.,\n-'), max_size=80))
def test_whatever_the_text_nothing_is_raised(text: str) -> None:
    PropertiesParser("each A", ("A",)).parse(text)
