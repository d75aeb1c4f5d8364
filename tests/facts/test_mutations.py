"""Damaged outputs: lines lost, repeated or swapped, the rest lost, log lines in between, leftovers of a pager.

Whatever the damage, a row is one of those of the whole output, or lacks what stood in the lost lines; an output with
rows is never `empty`, and a cut one is not complete without all rows. Other line ends and a prompt drawn twice change
nothing. What an output cannot show is listed in mutations.yaml with its reason.

A few places of an output of each platform are tried, always the same ones; `make proofs` tries every line of every
output.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo

from eventready.core.strings.texts import lines_of
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import CompiledFact
from eventready.facts.records import Fact
from eventready.facts.saved import decode_output
from eventready.workspace.files.yaml_document import load_yaml
from tests.corpus.captured import Output, needs_captures
from tests.corpus.damage import AT_PLACE, OF_WHOLE, TERMINALS, Terminal
from tests.corpus.verdict import outputs as captured_outputs
from tests.platforms.samples import Sample, all_samples, platform_of
from tests.proofs.size import WHOLE, one_each

pytestmark = pytest.mark.slow

PLACES = 4
#: Kinds of damage whose places are tried; those of a session are fewer.
KINDS = {kind: 2 if kind in ("log_line", "log_in_word", "pager_line") else PLACES for kind in AT_PLACE}
EXEMPT: dict[str, dict[str, str]] = load_yaml(Path(__file__).with_name("mutations.yaml")).data


@dataclass(frozen=True)
class Printed:
    """An output of a device, and the fact that it answers."""

    id: str
    compiled: CompiledFact
    read: Callable[[], str]
    observe: Callable[[str], Observation]

    @property
    def fact(self) -> str:
        """The key of an exemption."""
        return f"{self.compiled.home} {self.compiled.name}"


def outputs() -> Iterator[Printed]:
    """The samples, and the captures where they are."""
    for sample in all_samples():
        if sample.case.startswith("ok"):
            yield Printed(sample.id, sample.compiled(), partial(getattr, sample, "text"), sample.observe)
    for output in captured_outputs():
        if not output.other:
            yield Printed(output.id, output.compiled, partial(_raw, output), output.observe)


def _raw(output: Output) -> str:
    return output.observed.raw


def places(output: Printed, lines: list[str], most: int) -> list[int]:
    """The places of damage: lines with text, all or some."""
    filled = [place for place, line in enumerate(lines) if line.strip()]
    if WHOLE or len(filled) <= most:
        return filled
    return sorted(random.Random(output.id).sample(filled, most))


def holds(row: Fact, whole: tuple[Fact, ...]) -> bool:
    """True for a row of the whole output, or one that lacks values or items of lists that it has there.

    A list that may be unknown is never empty for a lost line.
    """
    return any(row.subject == other.subject and _lacks_only(row, other) for other in whole)


def _lacks_only(row: Fact, other: Fact) -> bool:
    return all(_lacks(getattr(row, name), getattr(other, name), one) for name, one in type(row).model_fields.items())


def _lacks(mine: Any, theirs: Any, field: FieldInfo) -> bool:
    if mine == theirs or mine in (None, ""):
        return True
    return isinstance(mine, tuple) and set(mine) <= set(theirs) and (bool(mine) or field.default is not None)


def complaint(output: Printed, whole: tuple[Fact, ...], text: str, kind: str = "") -> str:
    """What is wrong with the observation of a damaged output."""
    observed = output.observe(text)
    if observed.status is Status.EMPTY:
        return "empty"
    strange: list[Any] = [row for row in observed.rows if not holds(row, whole)]
    if kind == "cut" and observed.complete and observed.status.measured and len(observed.rows) < len(whole):
        return f"complete, and {len(observed.rows)} of {len(whole)} rows"
    return f"another row: {strange[0]!r}" if strange else ""


def shows(terminal: Terminal, kind: str) -> bool:
    """True unless the damage is of log lines or a pager, and the terminal has none."""
    return bool(terminal.log or not kind.startswith("log_")) and bool(terminal.prompt or kind != "pager_line")


def platform(output: Printed) -> str:
    """Where its fact comes from."""
    return output.compiled.home


OUTPUTS = list(outputs())


@pytest.mark.parametrize(
    "output", one_each(OUTPUTS, lambda output: output.compiled.home, "damage"), ids=lambda output: output.id[-110:]
)
def test_damage_gives_no_other_rows_and_never_empty(output: Printed) -> None:
    text = output.read()
    whole = output.observe(text)
    if whole.status is not Status.PARSED:
        return
    exempt = EXEMPT.get(output.fact, {})
    found = [
        wrong
        for kind, most in KINDS.items()
        if kind not in exempt
        for wrong in complaints(output, whole.rows, kind, places(output, lines_of(text), most))
    ]
    assert not found


def complaints(output: Printed, whole: tuple[Fact, ...], kind: str, tried: Iterable[int]) -> Iterator[str]:
    """What is wrong after a damage at each of these places."""
    lines = lines_of(output.read())
    terminal = TERMINALS[output.compiled.home]
    for place in tried if shows(terminal, kind) else ():
        text = "\n".join(AT_PLACE[kind](lines, place, terminal)) + "\n"
        if wrong := complaint(output, whole, text, kind):
            yield f"{kind}, line {place + 1} {lines[place]!r}: {wrong}"


@pytest.mark.parametrize("home", sorted({output.compiled.home for output in OUTPUTS}))
def test_line_ends_and_a_prompt_drawn_twice_change_nothing(home: str) -> None:
    for output in OUTPUTS:
        if output.compiled.home == home:
            hold_for_every_damage_of_the_whole(output)


def hold_for_every_damage_of_the_whole(output: Printed) -> None:
    text = "\n".join(lines_of(output.read())) + "\n"
    whole = output.observe(text)
    terminal = TERMINALS[output.compiled.home]
    command = whole.command if output.compiled.questions is not None else output.compiled.command
    for kind, damage in OF_WHOLE.items():
        own_prompt = not terminal.prompt or whole.complete or command in text
        if whole.status is Status.PARSED and not (own_prompt and kind == "echoed_twice"):
            saved = decode_output(damage(text, command, terminal).encode())
            rows = output.observe(saved).rows
            named = kind == "echoed_twice" and output.compiled.spec.prompt  # a prompt that the output lacks
            assert rows == whole.rows or (named and all(holds(row, rows) for row in whole.rows)), (output.id, kind)


@needs_captures
@pytest.mark.skipif(not WHOLE, reason="of all damages: `make proofs`")
@pytest.mark.parametrize(("fact", "kind"), [(fact, kind) for fact, kinds in EXEMPT.items() for kind in kinds])
def test_an_exemption_is_needed(fact: str, kind: str) -> None:
    for output in (one for one in OUTPUTS if one.fact == fact):
        whole = output.observe(output.read())
        everywhere = range(len(lines_of(output.read())))
        if whole.status is Status.PARSED and any(complaints(output, whole.rows, kind, everywhere)):
            return
    raise AssertionError(f"no damage of the kind {kind} needs the exemption of {fact}")


HEADED = [one for one in all_samples() if one.case.startswith("ok") and one.compiled().headings]


@pytest.mark.parametrize("sample", one_each(HEADED, platform_of, "heading"), ids=lambda sample: sample.id)
def test_a_heading_that_comes_again_is_neither_empty_nor_another_value(sample: Sample) -> None:
    whole, lines = sample.observe(), lines_of(sample.text)
    heading = next(
        (at for at, line in enumerate(lines) if any(one.search(line) for one in sample.compiled().headings)), len(lines)
    )
    for place in range(heading + 1, len(lines)):
        observed = sample.observe("\n".join([*lines[:place], lines[heading], *lines[place:], ""]))
        assert observed.status is not Status.EMPTY
        assert set(map(repr, observed.rows)) <= set(map(repr, whole.rows))
