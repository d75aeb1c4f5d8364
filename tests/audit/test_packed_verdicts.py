"""Verdicts of a large fleet are compressed in memory; the document has the same bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.audit.run_builder import with_verdicts
from eventready.core.strings.json_text import canonical
from eventready.evaluation.verdicts import Readiness, Verdict
from eventready.store.documents import compress, decompress
from eventready.store.run import Run
from eventready.store.run_parts import Parts
from eventready.store.run_records import RunHeader, RunVerdict
from eventready.store.run_walk import ServiceWalk, StoredSentence, WalkHop, WalkUsers

#: Texts without lone surrogates, which no document takes.
TEXTS = st.text(st.characters(codec="utf-8"))
VERDICTS = st.lists(
    st.builds(
        Verdict, TEXTS, TEXTS, st.sampled_from(Readiness), st.just(()),
        st.lists(st.lists(TEXTS).map(lambda names: canonical(names)[1:-1])).map(tuple),
    )
)  # fmt: skip


def walk(verdict: Verdict) -> ServiceWalk:
    """Walk with the texts of a verdict, and numbers that JSON writes in its own way."""
    hops = (WalkHop(verdict.venue, verdict.service, "adjacency"),)
    users = WalkUsers("served", (verdict.venue,), 3, verdict.service, hops, next=(verdict.venue,))
    return ServiceWalk("served", StoredSentence("checks:service_way.one", {"way": verdict.venue, "x": 1e-7}), (users,))


@pytest.mark.slow
@given(verdicts=VERDICTS)
def test_packed_verdicts_have_the_canonical_bytes(verdicts: list[Verdict]) -> None:
    packed = with_verdicts(RunHeader(id="r", started="2022-04-25"), verdicts, walk)
    run = Run(Parts.split(b"".join(packed.pieces())))
    assert b"".join(packed.pieces()) == canonical(dict(packed))
    assert Run.sealed(packed).intact()
    assert decompress(compress(packed)) == dict(packed)
    expected = [
        RunVerdict(one.venue, one.service, one.verdict.value, because=one.because, walk=walk(one)) for one in verdicts
    ]
    assert list(run.verdicts(whole=True)) == expected
    assert list(run.verdicts()) == [replace(one, because=()) for one in expected]
