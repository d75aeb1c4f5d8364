"""The corpora as a whole: nothing false, nearly all read, and the lists of exceptions of outputs that exist."""

from __future__ import annotations

from tests.corpus.captured import UNREAD, needs_captures
from tests.corpus.genieparser import OTHERS
from tests.corpus.verdict import AT_LEAST, Outcome, of_capture, outputs, share


@needs_captures
def test_nearly_all_captures_are_read_and_none_is_false() -> None:
    found = [of_capture(output) for output in outputs()]
    assert sum(verdict.outcome is not Outcome.OUTSIDE for verdict in found) > 290
    assert share(found) >= AT_LEAST
    assert not [verdict for verdict in found if verdict.false]


@needs_captures
def test_every_output_of_the_list_is_one_of_a_corpus() -> None:
    known = {(output.fact, output.name) for output in outputs()}
    named = [(fact, path) for facts in UNREAD.values() for fact, paths in facts.items() for path in paths]
    assert set(named) <= known
    assert len(set(named)) == len(named)
    assert all(why.strip() for facts in UNREAD.values() for paths in facts.values() for why in paths.values())
    assert all(reason.strip() for reason in OTHERS.values())
