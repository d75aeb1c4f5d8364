"""Our executor against the library that defines the language: the same rows, or the same line refused."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import textfsm
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.facts.leading import leading, may_lead
from eventready.facts.parsers import ntc_folder
from eventready.facts.reading import UNMATCHED_SHOWN, quoted
from eventready.facts.tables import Template, TemplateError, has_error_rule, silent_places
from tests.facts.captured import captures, name_of, needs_captures


def same_as_the_library(source: str, text: str) -> None:
    machine = textfsm.TextFSM(io.StringIO(source))
    ours = Template(source).read(text)
    refused = ""
    theirs: list[list[object]] = []
    try:
        theirs = machine.ParseText(text)
    except textfsm.TextFSMError as error:
        refused = str(error).partition("Input Line: ")[2]
    assert bool(refused) is (ours.unmatched_total > 0)
    if refused:
        assert quoted(refused).startswith(ours.unmatched[0][:40])
        return
    assert ours.columns == tuple(machine.header)
    assert [list(row) for row in ours.rows] == theirs


OPTIONS = st.sampled_from(
    [
        "",
        "Required",
        "Filldown",
        "List",
        "Fillup",
        "Filldown,Required",
        "Required,List",
        "List,Required",
        "Filldown,List",
        "List,Filldown",
        "Key",
        "Key,Required",
        "Fillup,Required",
        "List,Fillup",
        "Filldown,Fillup",
    ]
)
PATTERNS = st.sampled_from(
    [
        r"^a ${A}$$",
        r"^${A} ${B}",
        r"^\s+${C}",
        r"^${B}$$",
        r"^\s*x${C}?$$",
        r"^$$",
        r"^\s*$$",
        r"^(b|${A})",
        r"^[ab]+$$",
        r"^  ${A} ${B} ${C}",
        r"^(?:x|y) ${C}",
        r"^\d+",
        r"^${A}(?: ${B})?$$",
        r"^.",
        r"^x",
        r"^(?=x)${A}",
        r"^\S+\s(\d)\1",
        r"^(?i:A) ${B}",
    ]
)
ACTIONS = st.sampled_from(
    [
        "",
        " -> Record",
        " -> Continue",
        " -> Continue.Record",
        " -> Next.Record",
        " -> Clear",
        " -> Clearall",
        " -> Error",
        " -> Continue.Clear",
        " -> Continue.Clearall",
        " -> Other",
        " -> Record Other",
        " -> Record Start",
        " -> End",
        " -> EOF",
        ' -> Error "why"',
        " -> Next.NoRecord Start",
    ]
)
RULES = st.lists(st.tuples(PATTERNS, ACTIONS).map("  ".join).map(lambda rule: f"  {rule}"), min_size=1, max_size=6)
LINES = st.lists(
    st.sampled_from(["", "  ", "a 1", "b 2", "x", " x7", "xq", "  1 2 3", "y z", "ab", "12 33", "tail\r", "A x", "q"]),
    max_size=12,
)


@st.composite
def templates(draw: st.DrawFn) -> str:
    values = "".join(
        f"Value {draw(OPTIONS)} {name} ({pattern})\n".replace("Value  ", "Value ")
        for name, pattern in (("A", r"\S+"), ("B", r"\d*"), ("C", r"\w"))
    )
    start, other = "\n".join(draw(RULES)), "\n".join(draw(RULES))
    end = "\nEOF\n" if draw(st.booleans()) else ""
    return f"{values}\nStart\n{start}\n\nOther\n{other}\n{end}"


@settings(max_examples=400, deadline=None)
@given(templates(), LINES)
def test_random_templates_give_what_the_library_gives(source: str, lines: list[str]) -> None:
    same_as_the_library(source, "\n".join(lines))


def machine(options: str, *rules: str) -> str:
    """A template with the value A of these options, a plain B, and the rules."""
    return f"Value {options} A (\\S+)\nValue B (\\d+)\n\nStart\n" + "".join(f"  {rule}\n" for rule in rules)


TOLD: dict[str, tuple[str, str, list[list[object]]]] = {
    "Fillup stops at the first filled row": (
        machine("Fillup", "^a ${A} ${B} -> Record", "^b ${B} -> Record"),
        "a x 1|b 2|a y 3|b 4|b 5|a z 6",
        [["x", "1"], ["y", "2"], ["y", "3"], ["z", "4"], ["z", "5"], ["z", "6"]],
    ),
    "End drops the record under way": (machine("Key", "^a ${A}", "^end -> End"), "a x|end|a y", []),
    "EOF keeps it": (machine("Key", "^a ${A}", "^end -> EOF"), "a x|end|a y", [["x", ""]]),
    "a state named EOF drops it": (machine("Key", "^a ${A}") + "\nEOF\n", "a x", []),
    "Filldown lasts until Clearall": (
        machine("Filldown", "^a ${A}", "^b ${B} -> Record", "^c -> Clear", "^d -> Clearall"),
        "a x|b 1|c|b 2|d|b 3",
        [["x", "1"], ["x", "2"], ["", "3"]],
    ),
    "a List that fills down grows": (
        machine("Filldown,List", "^a ${A}", "^b ${B} -> Record"),
        "a x|b 1|a y|b 2",
        [[["x"], "1"], [["x", "y"], "2"], [["x", "y"], ""]],
    ),
    "Required looks at the last text": (machine("Required,List", "^a ${A}?", "^b ${B} -> Record"), "a x|a |b 1", []),
    "Required looks at the list": (
        machine("List,Required", "^a ${A}?", "^b ${B} -> Record"),
        "a x|a |b 1",
        [[["x", None], "1"]],
    ),
    "Continue goes on with the rules below": (
        machine("List", "^${A} -> Continue", "^\\S+ ${A} -> Continue.Record", "^${A}"),
        "p q",
        [[["p", "q"], ""], [["p"], ""]],
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_options_and_operations(case: str) -> None:
    source, text, expected = TOLD[case]
    text = text.replace("|", "\n")
    same_as_the_library(source, text)
    assert [list(row) for row in Template(source).read(text).rows] == expected


NESTED = r"""Value Filldown PORT (\S+)
Value List MEMBER ((?P<name>\w+)/(?P<number>\d+))
Value Required,List TAG (\w+)

Start
  ^port ${PORT}
  ^ +member ${MEMBER} tag ${TAG}
  ^ +tag ${TAG}
  ^done -> Record
  ^. -> Error
"""


def test_nested_lists_are_lists_of_dictionaries() -> None:
    text = "port 1\n member a/1 tag t\n member b/2 tag u\ndone\n tag v\ndone\ndone\n"
    same_as_the_library(NESTED, text)
    assert Template(NESTED).read(text).rows[0][1] == [{"name": "a", "number": "1"}, {"name": "b", "number": "2"}]


@needs_captures
@pytest.mark.parametrize("capture", captures(), ids=name_of)
def test_captures_give_what_the_library_gives(capture: Path) -> None:
    template = ntc_folder() / f"{capture.parent.parent.name}_{capture.parent.name}.textfsm"
    if not template.is_file():
        pytest.skip("ntc-templates reads this capture with another template")
    same_as_the_library(template.read_text(encoding="utf-8"), capture.read_text(encoding="utf-8", errors="replace"))


@given(st.sampled_from(sorted(ntc_folder().glob("cisco_ios_show_[a-i]*.textfsm"))), st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_text_gives_what_the_library_gives(template: Path, text: str) -> None:
    same_as_the_library(template.read_text(encoding="utf-8"), text)


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
@settings(max_examples=1500, deadline=None)
def test_leading_characters_are_never_too_few(pattern: str, line: str) -> None:
    if re.match(pattern, line):
        assert may_lead(leading(pattern), line.lstrip()[:1])


@pytest.mark.parametrize("pattern", [r"^\s+MTU", r"^x+y", r"^(?:in|out)put"])
def test_leading_characters_rule_something_out(pattern: str) -> None:
    assert not may_lead(leading(pattern), "z")


TABLE = """Value Required NAME (\\S+)
Value STATE (up|down)

Start
  ^Name +State
  ^${NAME} +${STATE} -> Record
  ^\\s*$$
  ^. -> Error
"""


def test_every_unknown_line_is_told_and_the_rest_is_read() -> None:
    lines = ["Name State", "a up", "what?", "b down", "  and this"]
    reading = Template(TABLE).read("\r\n".join(lines))
    assert [list(row) for row in reading.rows] == [["a", "up"], ["b", "down"]]
    assert reading.unmatched == ("what?", "and this")


def test_a_megabyte_of_garbage_is_counted_and_quoted_in_part() -> None:
    reading = Template(TABLE).read("\x00garbage ! " * 20 + "\n" + "zz\n" * 300_000)
    assert reading.unmatched_total == 300_001
    assert len(reading.unmatched) == UNMATCHED_SHOWN
    assert all(len(line) <= 200 for line in reading.unmatched)


def test_what_is_quoted_moves_no_cursor() -> None:
    assert Template(TABLE).read("Name State\n\x1b[2Jgone\x07 ?\n").unmatched == ("\ufffd[2Jgone\ufffd ?",)


def test_a_line_of_a_megabyte_is_refused_without_a_look() -> None:
    slow = TABLE.replace("${STATE} ->", "${STATE}(a*)*(a*)*$$ ->")
    reading = Template(slow).read("Name State\nx up" + "a" * 1_000_000 + "b\ny down\n")
    assert (reading.unmatched_total, [row[0] for row in reading.rows]) == (1, ["y"])


@pytest.mark.parametrize(
    ("text", "heading"),
    [("Name  State\n", True), ("", False), ("\n\n", False), ("Name  State\nx", True), ("-----", False)],
)
def test_heading(text: str, heading: bool) -> None:
    assert Template(TABLE).read(text).heading is heading


def test_values_without_a_row_are_no_heading() -> None:
    source = (
        "Value Required A (\\S+)\nValue B (\\d+)\n\nStart\n  ^Table\n  ^n ${B} -> Record\n  ^a ${A}\n  ^. -> Error\n"
    )
    assert not Template(source).read("Table\nn 5\n").heading
    assert Template(source).read("Table\n").heading


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("", 0),
        ("Value A (x\n\nStart\n", 1),
        ("Value A (x)\n\nStart\n  ^${B}\n", 4),
        ("Value A (x)\n\nStart\n  ^( -> Record\n", 4),
        ("Value A (x)\n\nOther\n  ^x\n", 0),
        ("Value Wrong A (x)\n\nStart\n", 1),
    ],
)
def test_a_template_that_does_not_compile_names_the_line(source: str, line: int) -> None:
    with pytest.raises(TemplateError) as caught:
        Template(source)
    assert caught.value.line == line


def test_places_where_lines_are_dropped_in_silence() -> None:
    assert silent_places(Template(TABLE)) == []
    loose = "Value A (x)\n\nStart\n  ^${A} -> End\n  ^done -> Done\n\nDone\n\nEOF\n"
    told = silent_places(Template(loose))
    assert len(told) == 3
    assert "line 4 goes to End" in told[1]
    assert not has_error_rule(Template(loose))
