"""A word that the device does not have: where a platform knows the words of a column, another one costs the record.

`zork!` never becomes a protocol or a state, and behind a known word it leaves no row as it was.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from eventready.core.strings.texts import lines_of
from tests.platforms.samples import Sample, all_samples, platform_of
from tests.proofs.size import one_each

STRANGE = "zork!"
TRIED = 12
#: Fields with the words of a device, not with its names.
CLOSED = ("protocol", "state", "oper", "admin", "duplex", "mode", "level", "severity", "local_state", "link")
#: Facts of which a column after a known word is prose, and why.
PROSE = {
    ("linux", "service"): "the description of a unit follows its state",
    ("juniper_junos", "interface"): "the flags of a unit are many, and change with the release",
    ("nokia_sros", "interface"): "the name of a transceiver follows the kind of its port",
}
SAMPLES = [one for one in all_samples() if one.case.startswith("ok") and one.compiled().spec.parser == "textfsm"]
SAMPLES = [one for one in SAMPLES if one.compiled().spec.words]


def words_of(sample: Sample) -> set[str]:
    """The words in the tables of a fact, in small letters."""
    tables = sample.compiled().spec.words.values()
    return {word for table in tables for key in table for word in re.findall(r"[a-z][a-z-]+", key.lower())}


def places(sample: Sample) -> Iterator[tuple[int, int, int]]:
    """Line, begin and end of the words of a column in a sample, some of them, always the same ones."""
    known, headings, found = words_of(sample), sample.compiled().headings, {}
    for number, line in enumerate(lines_of(sample.text)):
        if any(heading.search(line) for heading in headings):
            continue
        for match in re.finditer(r"[A-Za-z][A-Za-z-]+", line):
            if match[0].lower() in known:
                found[re.sub(r"\d", "0", line[: match.end()])] = (number, *match.span())
    some = list(found.values())
    yield from random.Random(sample.id).sample(some, min(TRIED, len(some)))


@pytest.mark.slow
@pytest.mark.parametrize("sample", one_each(SAMPLES, platform_of, "closed"), ids=lambda sample: sample.id)
def test_a_word_that_is_none_costs_its_record(sample: Sample) -> None:
    whole, lines = sample.observe(), lines_of(sample.text)
    found = []
    for number, start, end in places(sample):
        line = lines[number]

        def rows(word: str, number: int = number, start: int = start, end: int = end, line: str = line) -> list[str]:
            text = [*lines[:number], line[:start] + word + line[end:], *lines[number + 1 :], ""]
            observed = sample.observe("\n".join(text))
            names = [name for row in observed.rows for name in CLOSED if STRANGE in str(getattr(row, name, ""))]
            if names:
                found.append(f"{line.strip()!r}: {STRANGE} is a {names[0]}")
            return [repr(row) for row in observed.rows]

        same = [*map(repr, whole.rows)]
        # a line of a record, and not a heading or what the fact passes over
        counts = rows(STRANGE) != same != rows("", start=0, end=len(line))
        if counts and rows(f"{line[start:end]} {STRANGE}") == same:
            found.append(f"{line.strip()!r}: {STRANGE} behind {line[start:end]!r} changes nothing")
    assert not found or (sample.platform, sample.fact) in PROSE
