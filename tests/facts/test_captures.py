"""Real output: every capture of a command that a platform uses is read without a line left over, and read right.

Beside each capture lie the rows that ntc-templates makes of it (see tests/corpus). What is not read is listed in
unread.yaml with its reason.
"""

from __future__ import annotations

import pytest

from eventready.facts.observation import Status
from tests.corpus.captured import name_of, needs_captures
from tests.corpus.ntc import EXCEPTIONS, NtcOutput, disagreement, expected_rows, outputs

ALL = list(outputs())


@needs_captures
@pytest.mark.parametrize("output", ALL, ids=lambda output: output.id[-110:])
def test_a_capture_is_read_right_or_excused(output: NtcOutput) -> None:
    assert not output.status_complaint()
    wrong = output.disagreements(output.observed)
    if output.excuse:
        assert wrong, "captures.yaml excuses what holds"
    else:
        assert not wrong


@needs_captures
def test_every_excuse_is_of_a_capture() -> None:
    known = {(output.fact, name_of(output.file)) for output in ALL}
    listed = {(fact, capture) for fact, entries in EXCEPTIONS.items() for capture in entries}
    assert listed <= known
    assert all(reason.strip() for entries in EXCEPTIONS.values() for reason in entries.values())


@needs_captures
def test_the_comparison_compares() -> None:
    """A value changed beside a capture is noticed."""
    noticed = 0
    for output in ALL:
        if output.observed.status is not Status.PARSED:
            continue
        rows = expected_rows(output.file)
        altered = [{key: "99" if isinstance(value, str) else value for key, value in row.items()} for row in rows]
        noticed += bool(disagreement(output.compiled, output.observed, altered))
    assert noticed
