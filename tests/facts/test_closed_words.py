"""Words of a closed column: a field with a vocabulary takes no other word, and none in place of another."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args, get_origin

from hypothesis import given
from hypothesis import strategies as st

from eventready.core.strings.texts import lines_of
from eventready.facts.observation import Status
from eventready.facts.platform import CompiledFact
from eventready.facts.records import Fact
from tests.platforms.samples import Sample, all_samples

#: No device prints it.
STRANGE = "zork!"
#: Fields whose words are those of a protocol or of a state machine, in records without a type for them.
WORDED = {"protocol", "state", "mode", "family"}
#: Fields in which another word is another value, and why.
OPEN: dict[tuple[str, str], str] = {
    (
        "osmocom_bsc saved_config",
        "saved",
    ): "two configurations are compared: another word is a difference",
    ("juniper_junos temperature", "state"): "the word was of the name of the sensor",
    ("huawei_enb cell", "admin"): "the heading of a column that is printed for locked cells alone",
}
WORD = re.compile(r"\S+")
SAMPLES = [one for one in all_samples() if one.case.startswith("ok")]


def closed(compiled: CompiledFact) -> tuple[str, ...]:
    """The fields of a fact with a vocabulary: of the record, of the platform, or of a protocol."""
    fields = compiled.kind.record.model_fields
    typed = {name for name, field in fields.items() if _has_vocabulary(field.annotation)}
    return tuple(sorted((typed | set(compiled.spec.words) | WORDED) & fields.keys()))


def _has_vocabulary(annotation: Any) -> bool:
    parts = get_args(annotation)
    return annotation is bool or get_origin(annotation) is Literal or any(map(_has_vocabulary, parts))


def changed(row: Fact, whole: tuple[Fact, ...], fields: tuple[str, ...]) -> list[str]:
    """The closed fields of a row with another word than in the whole answer."""
    same = [other for other in whole if other.subject == row.subject]
    known = {name: [None, "", *(getattr(other, name) for other in same or whole)] for name in fields}
    return [name for name in fields if getattr(row, name) not in known[name]]


@given(sample=st.sampled_from(SAMPLES), place=st.integers(0, 10_000))
def test_no_other_word_is_read_in_a_closed_column(sample: Sample, place: int) -> None:
    lines, compiled, whole = lines_of(sample.text), sample.compiled(), sample.observe()
    words = [(number, word) for number, line in enumerate(lines) for word in WORD.finditer(line)]
    number, word = words[place % len(words)]
    line = f"{lines[number][: word.start()]}{STRANGE}{lines[number][word.end() :]}"
    seen = sample.observe("\n".join([*lines[:number], line, *lines[number + 1 :], ""]))
    fields = tuple(name for name in closed(compiled) if (f"{compiled.home} {compiled.name}", name) not in OPEN)
    assert seen.status is not Status.EMPTY
    assert not [(row, found) for row in seen.rows if (found := changed(row, whole.rows, fields))]
