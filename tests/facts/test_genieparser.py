"""Outputs of real equipment beside what genieparser makes of them: read right, or refused as unread.yaml says."""

from __future__ import annotations

import pytest

from tests.corpus.captured import needs_captures
from tests.corpus.genieparser import KEYS, GenieOutput, contradictions, outputs

ALL = [output for output in outputs() if not output.other]


@pytest.mark.slow
@needs_captures
@pytest.mark.parametrize("output", ALL, ids=lambda output: output.id)
def test_an_output_is_read_right_or_listed(output: GenieOutput) -> None:
    assert not output.status_complaint()
    assert not output.disagreements(output.observed)


@pytest.mark.slow
@needs_captures
def test_the_comparison_compares() -> None:
    """Most rows have values that genieparser has too: a changed one is noticed."""
    noticed: set[str] = set()
    for output in ALL:
        observed = output.observed
        if not observed.status.measured:
            continue
        expected = output.expected()
        for row in observed.rows:
            for field in KEYS.get(output.compiled.name, ()):
                value = getattr(row, field)
                if value not in (None, ""):
                    wrong = 999_999_999 if isinstance(value, (int, float)) and not isinstance(value, bool) else "wrong"
                    changed = row.model_copy(update={field: wrong})
                    noticed.update(
                        f"{output.compiled.name} {field}" for _ in contradictions(output.compiled, changed, expected)
                    )
    assert {f"{fact} {field}" for fact, fields in KEYS.items() for field in fields} == noticed
