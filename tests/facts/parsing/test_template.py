"""Our executor against the library that defines the language: the same rows, or the same line refused."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path

import pytest
import textfsm
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts.parsing.line_pattern import LineRules
from eventready.facts.parsing.parsed import UNMATCHED_SHOWN, printable_line
from eventready.facts.parsing.template import Template, TemplateError, costly_places, silent_places
from tests.corpus.captured import captures, name_of, needs_captures

pytestmark = pytest.mark.slow

#: Templates that others wrote; netmiko needs this package.
NTC = Path(str(files("ntc_templates"))) / "templates"


def same_as_the_library(source: str, text: str) -> None:
    machine = textfsm.TextFSM(io.StringIO(source))
    ours = Template(source).parse(text)
    refused = ""
    theirs: list[list[object]] = []
    try:
        theirs = machine.ParseText(text)
    except textfsm.TextFSMError as error:
        refused = str(error).partition("Input Line: ")[2]
    assert bool(refused) is (ours.unmatched_total > 0)
    if refused:
        assert printable_line(refused).startswith(ours.unmatched[0][:40])
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


@given(templates(), LINES)
def test_random_templates_give_what_the_library_gives(source: str, lines: list[str]) -> None:
    same_as_the_library(source, "\n".join(lines))


def machine(options: str, *rules: str) -> str:
    """A template with the value A of these options, a plain B, and the rules."""
    return f"Value {options} A (\\S+)\nValue B (\\d+)\n\nStart\n" + "".join(f"  {rule}\n" for rule in rules)


REPORTED: dict[str, tuple[str, str, list[list[object]]]] = {
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


@pytest.mark.parametrize("case", REPORTED)
def test_options_and_operations(case: str) -> None:
    source, text, expected = REPORTED[case]
    text = text.replace("|", "\n")
    same_as_the_library(source, text)
    assert [list(row) for row in Template(source).parse(text).rows] == expected


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
    assert Template(NESTED).parse(text).rows[0][1] == [{"name": "a", "number": "1"}, {"name": "b", "number": "2"}]


@needs_captures
@pytest.mark.parametrize("capture", captures(), ids=lambda capture: name_of(capture)[-110:])
def test_captures_give_what_the_library_gives(capture: Path) -> None:
    template = NTC / f"{capture.parent.parent.name}_{capture.parent.name}.textfsm"
    if not template.is_file():
        pytest.skip("ntc-templates reads this capture with another template")
    same_as_the_library(template.read_text(encoding="utf-8"), capture.read_text(encoding="utf-8", errors="replace"))


#: Ends of lines to the library, and to no device.
NO_ENDS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


@given(
    st.sampled_from(sorted(NTC.glob("cisco_ios_show_[a-i]*.textfsm"))),
    st.text(st.characters(exclude_characters=NO_ENDS, exclude_categories=["Cs"]), max_size=200),
)
def test_any_text_gives_what_the_library_gives(template: Path, text: str) -> None:
    same_as_the_library(template.read_text(encoding="utf-8"), text)


TABLE = """Value Required NAME (\\S+)
Value STATE (up|down)

Start
  ^Name +State
  ^${NAME} +${STATE} -> Record
  ^\\s*$$
  ^. -> Error
"""


def test_every_unknown_line_is_reported_and_the_rest_is_read() -> None:
    lines = ["Name State", "a up", "what?", "b down", "  and this"]
    parsed = Template(TABLE).parse("\r\n".join(lines))
    assert [list(row) for row in parsed.rows] == [["a", "up"], ["b", "down"]]
    assert parsed.unmatched == ("what?", "and this")


def test_a_megabyte_of_garbage_is_counted_and_quoted_in_part() -> None:
    parsed = Template(TABLE).parse("\x00garbage ! " * 20 + "\n" + "zz\n" * 300_000)
    assert parsed.unmatched_total == 300_001
    assert len(parsed.unmatched) == UNMATCHED_SHOWN
    assert all(len(line) <= 200 for line in parsed.unmatched)


def test_what_is_quoted_moves_no_cursor() -> None:
    assert Template(TABLE).parse("Name State\n\x1b[2Jgone\x07 ?\n").unmatched == ("\ufffd[2Jgone\ufffd ?",)


def test_a_line_of_a_megabyte_is_refused_without_a_look() -> None:
    slow = TABLE.replace("${STATE} ->", "${STATE}(a*)*(a*)*$$ ->")
    parsed = Template(slow).parse("Name State\nx up" + "a" * 1_000_000 + "b\ny down\n")
    assert (parsed.unmatched_total, [row[0] for row in parsed.rows]) == (1, ["y"])


BLOCKS = """Value Required NAME (\\S+)
Value SPEED (\\d+)
Value Required STATE (up|down)

Start
  ^port \\S+ -> Continue.Record
  ^port ${NAME}$$
  ^ speed ${SPEED}$$
  ^ state ${STATE}$$
  ^\\s*$$
  ^. -> Error
"""


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("port a\n speed 1\n state up\nport b\n speed 2\n state down\n", []),
        ("port a\n speed 1\n state up\n speed 2\n state down\n", ["line 4: the answer has a second value for SPEED"]),
        (" speed 1\n state up\nport b\n state down\n", ["line 3: the answer has a record without NAME"]),
        ("port a\n speed 1\nport b\n state down\n", ["line 3: the answer has a record without STATE"]),
        ("port a\n state up\nport b\n", ["line 3: the answer has a record without STATE"]),
    ],
)
def test_records_that_do_not_hold(text: str, output: list[str]) -> None:
    """A line that begins a record was lost, or one that completes it."""
    contradictions = Template(BLOCKS).parse(text).contradictions
    assert len(contradictions) >= len(output)
    assert [one.removesuffix(" within one record") for one in contradictions[: len(output)]] == output


def test_a_record_that_nothing_completes() -> None:
    template = Template(f"{BLOCKS}\nEOF\n")
    assert template.parse("port a\n state up\n").contradictions == ("line 2: the answer ends within a record",)


def test_lines_that_cannot_carry_the_fact_are_passed_over() -> None:
    lines = LineRules(carries=["^port", "(?i)state"], harmless=["^Total ports: "])
    text = "port a\n colour red\n state up\nTotal ports: 1\n"
    parsed = Template(BLOCKS).parse(text, lines)
    assert (parsed.refused, parsed.unmatched, len(parsed.rows)) == (0, ("colour red",), 1)
    assert Template(BLOCKS).parse("port a\n Statement 5\n state up\n", lines).refused == 1
    assert Template(BLOCKS).parse(text).refused == 2


SLOW = "(?:a+ ?)+b$$"


def test_a_rule_that_may_take_too_long_is_named() -> None:
    quick, slow = Template(TABLE), Template(TABLE.replace("${STATE} ->", "${STATE} " + SLOW + " ->"))
    assert costly_places(quick) == []
    assert costly_places(slow) == ["line 6: exponential"]


def test_lines_are_not_tried_where_they_could_take_too_long() -> None:
    """Three repeats that end nowhere in particular: cubic, and fit for the line of a table only."""
    cubic = TABLE.replace("${STATE} ->", "${STATE}.*x.*y.*z ->")
    row = "x up" + "x y " * 30
    parsed = Template(cubic).parse(f"Name State\n{row}z\n{row * 20}z\n")
    assert (len(parsed.rows), parsed.refused) == (1, 1)


def test_an_answer_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventready.facts.parsing.template.PARSING_SECONDS", 0.0)
    assert "processor time" in Template(TABLE).parse("Name State\n" + "a up\n" * 1_000).reason


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
    found = silent_places(Template(loose))
    assert len(found) == 3
    assert "line 4 goes to End" in found[1]
