"""Damaged outputs: a line lost, repeated, swapped with the next one, or all that follows it lost.

Whatever the damage, a row is one of those of the whole output, or lacks what stood in the lost lines, and an output
with rows is never `empty`. What an output cannot show is listed in mutations.yaml with its reason.

A few places of each output are tried, always the same ones; EVENTREADY_MUTATIONS=all tries every line of every output
(about ten minutes).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from eventready.core.text_lines import lines_of
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import CompiledFact
from eventready.facts.records import Fact
from eventready.workspace.files.yaml_document import load_yaml
from tests.corpus.captured import Output
from tests.corpus.verdict import outputs as captured_outputs
from tests.platforms.samples import all_samples

pytestmark = pytest.mark.slow

EVERYWHERE = os.environ.get("EVENTREADY_MUTATIONS") == "all"
PLACES = 12
KINDS = ("lost", "repeated", "swapped", "cut")
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


def damaged(lines: list[str], kind: str, place: int) -> list[str]:
    """The lines with one of KINDS done to the line at `place`."""
    if kind == "lost":
        return [*lines[:place], *lines[place + 1 :]]
    if kind == "repeated":
        return [*lines[:place], lines[place], *lines[place:]]
    if kind == "swapped":
        return [*lines[:place], *lines[place + 1 : place + 2], lines[place], *lines[place + 2 :]]
    return lines[: place + 1]


def places(output: Printed, lines: list[str]) -> list[int]:
    """The places of damage: lines with text, all or some."""
    filled = [place for place, line in enumerate(lines) if line.strip()]
    if EVERYWHERE or len(filled) <= PLACES:
        return filled
    return sorted(random.Random(output.id).sample(filled, PLACES))


def holds(row: Fact, whole: tuple[Fact, ...]) -> bool:
    """True for a row of the whole output, or one that lacks values or items of lists that it has there."""
    return any(row.subject == other.subject and _lacks_only(row, other) for other in whole)


def _lacks_only(row: Fact, other: Fact) -> bool:
    pairs = [(getattr(row, name), getattr(other, name)) for name in type(row).model_fields]
    return all(
        mine == theirs or mine in (None, "", ()) or (isinstance(mine, tuple) and set(mine) <= set(theirs))
        for mine, theirs in pairs
    )


def complaint(output: Printed, whole: tuple[Fact, ...], text: str) -> str:
    """What is wrong with the observation of a damaged output."""
    observed = output.observe(text)
    if observed.status is Status.EMPTY:
        return "empty"
    strange: list[Any] = [row for row in observed.rows if not holds(row, whole)]
    return f"another row: {strange[0]!r}" if strange else ""


OUTPUTS = list(outputs())
SEEN: set[tuple[str, str]] = set()


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: output.id)
def test_damage_gives_no_other_rows_and_never_empty(output: Printed) -> None:
    text = output.read()
    whole = output.observe(text)
    if whole.status is not Status.PARSED:
        return
    lines = lines_of(text)
    found = []
    for kind in KINDS:
        for place in places(output, lines):
            wrong = complaint(output, whole.rows, "\n".join(damaged(lines, kind, place)) + "\n")
            if wrong and kind in EXEMPT.get(output.fact, {}):
                SEEN.add((output.fact, kind))
            elif wrong:
                found.append(f"{kind}, line {place + 1} {lines[place]!r}: {wrong}")
    assert not found


@pytest.mark.skipif(not EVERYWHERE, reason="EVENTREADY_MUTATIONS is not `all`")
def test_every_exemption_is_needed() -> None:
    assert {(fact, kind) for fact, kinds in EXEMPT.items() for kind in kinds} <= SEEN
