"""Flat configuration statements: objects, their attributes, and what is deactivated."""

from __future__ import annotations

import pytest

from eventready.facts.parsing.statements import StatementsParser

ROUTES = r"static route (?P<PREFIX>\S+)(?: (?:qualified-)?next-hop (?P<HOP>\S+))?"


def rows(text: str, template: str = ROUTES, wanted: tuple[str, ...] = ("preference", "bfd")) -> list[list[str]]:
    return [list(row) for row in StatementsParser(template, wanted).parse(text).rows]


def test_statements_of_one_object_are_one_row() -> None:
    text = "set static route 10/8 next-hop A preference 7\nset static route 10/8 next-hop A bfd interval 300\n"
    assert rows(text) == [["10/8", "A", "7", "interval 300"]]


def test_a_general_statement_counts_for_each_object_unless_it_has_its_own() -> None:
    text = (
        "set static route 10/8 next-hop A\nset static route 10/8 qualified-next-hop B preference 200\n"
        "set static route 10/8 preference 9\nset static route 11/8 discard\n"
    )
    assert rows(text) == [["10/8", "A", "9", ""], ["10/8", "B", "200", ""], ["11/8", "", "", ""]]


@pytest.mark.parametrize("off", ["static route 10/8 next-hop A", "static route 10/8", "static"])
def test_what_is_deactivated_is_absent(off: str) -> None:
    text = f"set static route 10/8 next-hop A\ndeactivate {off}\n"
    assert rows(text) == []


def test_deactivating_one_object_leaves_those_with_longer_names() -> None:
    text = "set static route 9/8 next-hop A\nset static route 9/8 next-hop AB\ndeactivate static route 9/8 next-hop A\n"
    assert rows(text) == [["9/8", "AB", "", ""]]


def test_another_statement_is_unmatched_and_comments_are_not() -> None:
    parsed = StatementsParser(ROUTES, ()).parse("# a note\nset system host-name r1\n" + "x" * 9_000)
    assert parsed.unmatched_total == 2
    assert parsed.unmatched[0] == "set system host-name r1"


@pytest.mark.parametrize("template", ["static route", "static route (?P<"])
def test_a_template_needs_a_group_and_has_to_compile(template: str) -> None:
    with pytest.raises(ValueError, match="template"):
        StatementsParser(template, ())
