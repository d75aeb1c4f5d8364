"""A platform of a workspace whose patterns backtrack: refused when loaded, or ended within its processor time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from eventready.change.errors import UnreadableConfiguration
from eventready.change.forms.known_forms import form_of
from eventready.core.errors import PlatformError
from eventready.core.strings.pattern import exponent, find_in_answer, search_exponent
from eventready.facts.interpret import interpret
from eventready.facts.observation import Status
from eventready.facts.parsing import line_pattern
from eventready.facts.parsing.line_pattern import LinePattern, LineRules, watched
from eventready.facts.parsing.parsed import LONGEST_LINE, ParsingTooLong
from eventready.facts.parsing.parsers import TemplateParser
from eventready.facts.platform import load_platform
from eventready.platforms.loader import describe, platform_names
from eventready.platforms.model import BOUNDED, ChangeSpec, GuardSpec, PlatformSpec
from eventready.session.reply import Reply
from tests.facts.folders import FACTS, PLATFORM, write_platform

CATASTROPHIC = r"^(\w+ ?)+$"


@pytest.mark.attack(family="patterns that backtrack")
@pytest.mark.parametrize(
    "line",
    [
        f"    carries: ['{CATASTROPHIC}']\n",
        f"    counts: ['{CATASTROPHIC}']\n",
        f"    subtotals: ['{CATASTROPHIC}']\n",
        f"    headings: ['{CATASTROPHIC}']\n",
        f"    trailers: ['{CATASTROPHIC}']\n",
        f"    silent: ['{CATASTROPHIC}']\n",
        f"    items: {{state: '{CATASTROPHIC}'}}\n",
        f"    where: {{STATE: '{CATASTROPHIC}'}}\n",
        f"    expand: {{STATE: ['{CATASTROPHIC}']}}\n",
    ],
)
def test_a_catastrophic_pattern_is_refused_when_loaded(tmp_path: Path, line: str) -> None:
    at = "    empty: ['^% BFD is not configured']\n"
    folder = write_platform(tmp_path, facts=FACTS.replace(at, at + line))
    with pytest.raises(PlatformError, match=r"facts\.yaml:\d+.*may take too long to fail"):
        load_platform("testing", [folder])


@pytest.mark.attack(family="patterns that backtrack")
@pytest.mark.parametrize(
    ("old", "new"),
    [("'^% BFD is not configured'", f"'{CATASTROPHIC}'"), ("/^adm/", rf"/{CATASTROPHIC}/")],
)
def test_so_are_words_and_the_words_of_none(tmp_path: Path, old: str, new: str) -> None:
    folder = write_platform(tmp_path, facts=FACTS.replace(old, new))
    with pytest.raises(PlatformError, match="may take too long to fail"):
        load_platform("testing", [folder])


@pytest.mark.attack(family="patterns that backtrack")
@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("session", f"  pager: '{CATASTROPHIC}'"),
        ("session", f"  noise: ['{CATASTROPHIC}']"),
        ("change", f"  complete: '{CATASTROPHIC}'"),
        ("change", f"  volatile: ['{CATASTROPHIC}']"),
        ("change", f"  single: [{{line: '{CATASTROPHIC}'}}]"),
        ("change", "  rebuilt: [{section: 'x (.*)', cascades: '\\1(a|aa)+'}]"),
        ("change", f"  questions: {{'{CATASTROPHIC}': y}}"),
        ("change", f"  effects: {{route: '{CATASTROPHIC}'}}"),
        ("change", "  management: ['.*a.*b.*c']"),
    ],
)
def test_so_is_a_pattern_of_a_session_or_a_change(tmp_path: Path, section: str, line: str) -> None:
    """A device would be met by it: with a prompt, a log line, or a line of its configuration."""
    text = PLATFORM.replace("  noise: ['^\\*log ']\n", "")
    text += "change:\n  guards: [{kind: inverse}]\n"
    folder = write_platform(tmp_path, platform=text.replace(f"{section}:\n", f"{section}:\n{line}\n"))
    with pytest.raises(PlatformError, match=r"platform\.yaml:\d+.*may take too long to fail"):
        describe("testing", [folder])


@pytest.mark.attack(family="patterns that backtrack")
@pytest.mark.parametrize("key", ["read_only", "never_sent", "configuration"])
def test_so_is_a_pattern_of_commands(tmp_path: Path, key: str) -> None:
    text = "".join(f"{line}\n" for line in PLATFORM.split("\n") if not line.startswith(f"{key}:"))
    folder = write_platform(tmp_path, platform=f"{text}{key}: ['{CATASTROPHIC}']\n")
    with pytest.raises(PlatformError, match=r"platform\.yaml:\d+.*may take too long to fail"):
        describe("testing", [folder])


@pytest.mark.parametrize("name", platform_names())
def test_the_patterns_of_the_package_are_cheap(name: str) -> None:
    describe(name).document.validate(PlatformSpec, context={BOUNDED: True})


@pytest.mark.parametrize("lines", [["x" * 11_000], ["x" * 1_000] * 101])
def test_a_configuration_with_lines_too_long_is_not_compared(lines: list[str]) -> None:
    spec = ChangeSpec(read="show run", guards=(GuardSpec(kind="inverse"),))
    long, usual = "\n".join(lines), "\n".join("x" * 200 for _ in range(20_000))
    with pytest.raises(UnreadableConfiguration, match="r1 has lines too long to compare"):
        form_of(spec).read({"show run": long}, device="r1")
    assert form_of(spec).read({"show run": usual}, device="r1").tree
    assert find_in_answer("x", usual)
    assert find_in_answer("x", long) is None


#: Steps that all patterns of a fact together may take on one line; a core takes some 5e7 in a second. The clock is read
#: behind each line as long as this, and ends the answer after PARSING_SECONDS.
STEPS = 3e8


def steps_on_a_line(patterns: Sequence[LinePattern], length: int) -> float:
    return sum(float(length) ** search_exponent(one.pattern) for one in patterns if one.longest >= length)


@pytest.mark.parametrize("name", platform_names())
def test_no_line_stalls_a_fact_of_the_package(name: str) -> None:
    """So that an answer ends in the threads of a small audit, where nothing can end it from outside."""
    platform = load_platform(name)
    assert platform.packaged
    for fact in platform.facts.values():
        known = [fact.empty, fact.headings, fact.counts, fact.subtotals, fact.trailers, fact.silent]
        lines = [*map(LinePattern, fact.spec.carries or ()), *(pattern for group in known for pattern in group)]
        around = max(steps_on_a_line(lines, length) for length in {LONGEST_LINE, *(one.longest for one in lines)})
        states = fact.parser.template.states.items() if isinstance(fact.parser, TemplateParser) else ()
        rules = fact.parser.template.machine.states if isinstance(fact.parser, TemplateParser) else {}
        costs = [sum(state.longest ** exponent(rule.regex) for rule in rules[at]) for at, state in states]
        assert around + max(costs, default=0) < STEPS, fact.name


def test_a_platform_of_a_workspace_is_not_of_the_package(tmp_path: Path) -> None:
    assert not load_platform("testing", [write_platform(tmp_path)]).packaged


def test_an_answer_that_costs_too_much_is_unparsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_platform(tmp_path, facts=FACTS.replace("'^% BFD is not configured'", "'a*a*b'"))
    compiled = load_platform("testing", [folder]).facts["bfd_session"]
    monkeypatch.setattr(line_pattern, "PARSING_SECONDS", 0.0)
    answer = "Peer      State   Port\n" + f"{'a' * 300}\n" * 100
    observed = interpret("r1", "bfd_session", compiled, Reply("show bfd", answer))
    assert observed.status is Status.UNPARSED
    assert "processor time" in observed.reason


def test_a_line_too_long_for_a_pattern_may_carry_the_fact() -> None:
    costly = r"x.*y.*z"
    long = "x" * 8_000
    assert LinePattern(costly).longest < len(long)
    assert LinePattern(costly).search(long) is None
    assert LineRules([costly]).may_carry(long)
    assert not LineRules([costly]).may_carry("other")
    assert not LineRules(None, [costly]).harmless(long)


def test_the_clock_is_read_for_long_lines_and_among_short_ones() -> None:
    assert list(watched(["a"] * 3, 60)) == ["a"] * 3
    for lines in (["x" * 201], ["a"] * 65):
        with pytest.raises(ParsingTooLong):
            list(watched(["", *lines], -1.0))
