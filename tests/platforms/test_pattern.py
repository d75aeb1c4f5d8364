"""Regular expressions seen from outside: where a match can begin, and what a failed match can cost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.strings.pattern import UNBOUNDED, exponent, leading, may_lead, search_exponent
from eventready.facts.observation import Status
from eventready.facts.parsing.line_pattern import example_lines, unreachable
from eventready.facts.platform import load_platform
from eventready.facts.saved import parse_saved
from eventready.platforms.model import SessionSpec
from eventready.session.dialogue.patterns import patterns

REGEXES = [
    r"^\s+MTU (\d+)",
    r"^(?P<A>\S+) is",
    r"^\s*(?:in|out)put",
    r"^\d+ packets",
    r"^[A-Z]x",
    r"^$",
    r"^\s*$",
    r"^x?y",
    r"^(a|)b",
    r"^\s*[-\s]+z",
    r"^(?i:q)",
    r"^(?!a)b",
    r"^.x",
    r"^[^a]b",
    r"^\[x",
    r"^x{0,2}y",
    r"^(?=.)z",
    r"^\bfoo",
]


@given(st.sampled_from(REGEXES), st.text(alphabet="aMTUoutinp xybzqQfo1٣[-\t\u00a0", max_size=12))
def test_leading_characters_are_never_too_few(pattern: str, line: str) -> None:
    if re.match(pattern, line):
        assert may_lead(leading(pattern), line.lstrip()[:1])


@pytest.mark.parametrize("pattern", [r"^\s+MTU", r"^x+y", r"^(?:in|out)put"])
def test_leading_characters_rule_something_out(pattern: str) -> None:
    assert not may_lead(leading(pattern), "z")


@pytest.mark.parametrize(
    ("pattern", "cost"),
    [
        (r"(?!)", 0),
        (r"^port \d up$", 0),
        (r"^\s*Description: (.*)$", 1),
        (r"^(\S+)\s+(\S+)\s*$", 1),
        (r"^.*x$", 1),
        (r"^(\S.*?)\s*$", 2),
        (r"^\s+\s+x", 2),
        (r"^.*x.*y$", 2),
        (r"^a*a*a*b", 3),
        (r"^a{1,3}b", 0),
        (r"^(?:ab?){1,4}c", 0),
        (r"^(?=.*x)y", 1),
        (r"^\d++\d", 1),
        (r"^(?:\w+ )*x$", 1),
        (r"^(?:\w+,)+\w+$", 2),
        (r"^(?:a+ ?)+b$", UNBOUNDED),
        (r"^(?:\w+ ?)*$", UNBOUNDED),
        (r"^(?:a|ab)+c$", UNBOUNDED),
        (r"^(?:\s*\S+)*$", UNBOUNDED),
        (r"^(a+)\1$", 2),
        (r"^banner (\S)(?!.*\1).*$", 2),
        (r"^(?:(a)\1)+b$", UNBOUNDED),
        (r"^a+(?= |$)a+b$", 1),
        (r"^a+(?=a*)a+b$", 2),
        (r"^(", UNBOUNDED),
    ],
)
def test_the_cost_of_a_failed_match(pattern: str, cost: int) -> None:
    assert exponent(pattern) == cost


@pytest.mark.parametrize(
    ("pattern", "cost"),
    [
        (r"^a+b", 1),
        (r"a+b", 2),
        (r"(?i)^A+b", 1),
        (r"(?i)(?P<X>A+)\S+b", 3),
        (r"^a|^b", 0),
        (r"^a|b", 1),
        (r"(?:^a|^b)", 0),
        (r"(a+)+b", UNBOUNDED),
    ],
)
def test_a_search_tries_every_place_of_a_line(pattern: str, cost: int) -> None:
    assert search_exponent(pattern) == cost


@st.composite
def _patterns(draw: st.DrawFn) -> str:
    """A sequence of repeats over two characters, some of them nested."""
    atoms = st.sampled_from(["a", "b", "[ab]", "(?:ab)", "(?:a|b)", "(?:a+b)", "(?:ab?)", "a?"])
    parts = draw(st.lists(st.tuples(atoms, st.sampled_from(["", "*", "+", "?", "{2}"])), min_size=1, max_size=4))
    return "".join(atom + repeat for atom, repeat in parts) + "c"


def _ways(pattern: str, text: str) -> int:
    """The number of ways in which prefixes of the text match the pattern without its last character, by counting."""
    tree: Any = re._parser.parse(pattern[:-1])  # type: ignore[attr-defined]  # no public way to see a pattern's parts
    return sum(_paths(tree.data, text, 0).values())


def _paths(items: list[tuple[Any, Any]], text: str, start: int) -> dict[int, int]:
    places = {start: 1}
    for item in items:
        after: dict[int, int] = {}
        for place, ways in places.items():
            for end, more in _of_item(item, text, place).items():
                after[end] = after.get(end, 0) + ways * more
        places = after
    return places


def _of_item(item: tuple[Any, Any], text: str, place: int) -> dict[int, int]:
    operation, argument = str(item[0]), item[1]
    if operation in ("LITERAL", "IN"):
        fits = place < len(text) and (argument == ord(text[place]) if operation == "LITERAL" else text[place] in "ab")
        return {place + 1: 1} if fits else {}
    if operation == "SUBPATTERN":
        return _paths(list(argument[3]), text, place)
    if operation == "BRANCH":
        ends: dict[int, int] = {}
        for branch in argument[1]:
            for end, ways in _paths(list(branch), text, place).items():
                ends[end] = ends.get(end, 0) + ways
        return ends
    least, most, body = argument
    turns: dict[int, int] = {place: 1}
    found = {place: 1} if least == 0 else {}
    for turn in range(1, min(int(most), len(text)) + 1):
        following: dict[int, int] = {}
        for at, ways in turns.items():
            for end, more in _paths(list(body), text, at).items():
                if end > at:  # an empty turn ends a repeat
                    following[end] = following.get(end, 0) + ways * more
        turns = following
        if turn >= int(least):
            for end, ways in turns.items():
                found[end] = found.get(end, 0) + ways
    return found


@given(_patterns())
def test_the_cost_is_never_too_low(pattern: str) -> None:
    """Counted over lines of one character and of two in turn, a failed match has no more ways than the power allows.

    Four repeats of at most four turns each add a factor of 256.
    """
    cost = exponent(pattern)
    for text in ("a" * 24, "ab" * 12, "b" * 24):
        if cost != UNBOUNDED:
            assert _ways(pattern, text) <= 256 * 25**cost


HANGS = {
    "osmocom_bsc system": " ".join(f"word{n}" for n in range(16)) + " .",
    "cisco_xe link_bundle": "1      Po1(SU)         LACP      " + "Te0/0/0(P)" * 40 + "!",
    "cisco_xe temperature": "Temp: " + " " * 4_000 + "x",
    "cisco_xe fan": " " * 4_000 + "x",
    "huawei_enb cell": "---    HEAD\nRETCODE = " + "7" * 5_000 + "  Operation succeeded\n\n---    END\n",
    "huawei_mml site": "---    HEAD\nRETCODE = -" + "0" * 5_000 + "1  x\n\n---    END\n",
}


@pytest.mark.parametrize("question", HANGS)
def test_a_line_made_to_be_slow_is_refused(question: str) -> None:
    platform, fact = question.split()
    (observed,) = parse_saved(load_platform(platform), fact, HANGS[question] + "\n")
    assert observed.status is Status.UNPARSED, observed.reason


SESSION = patterns(
    SessionSpec(prompt="x>", refused=("^% Invalid", "^bad "), denied=("^no right",), noise=(r"^\*log ",))
)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("none$\n", "no line matches"),
        (r"^none \s$", "no line matches"),
        (r"x^none", "no line matches"),
        (r"^% Invalid interface", "`refused` or `denied`"),
        (r"^(?:bad one|no right to \w+)$", "`refused` or `denied`"),
        (r"^\*log of none", "`noise`"),
        (r"^(?:% Invalid interface|none)", ""),
        (r"none, % Invalid", ""),
        (r"^none ", ""),
        (r"^0 (?:rows|[a-z]+), ", ""),
        (r"^(?!x)none", ""),
    ],
)
def test_a_pattern_that_no_line_of_an_answer_matches(pattern: str, reason: str) -> None:
    found = unreachable(pattern, SESSION)
    assert found.startswith(reason) if reason else found == ""


@given(st.sampled_from([p for p in REGEXES if not p.startswith("^(?")]))
def test_every_example_matches_its_pattern(pattern: str) -> None:
    lines = example_lines(pattern)
    assert lines
    assert all(re.search(pattern, line) for line in lines)
