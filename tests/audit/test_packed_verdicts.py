"""Verdicts of a large fleet are compressed in memory; the document has the same bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eventready.audit.run_builder import with_references
from eventready.evaluation.verdicts import Readiness, Verdict
from eventready.store.documents import compress, decompress
from eventready.store.run import Run, canonical

#: Texts without lone surrogates, which no document takes.
TEXTS = st.text(st.characters(codec="utf-8"))
VERDICTS = st.lists(
    st.builds(
        Verdict, TEXTS, TEXTS, st.sampled_from(Readiness), st.just(()),
        st.lists(st.lists(TEXTS).map(lambda names: canonical(names)[1:-1])).map(tuple),
    )
)  # fmt: skip


@given(verdicts=VERDICTS)
def test_packed_verdicts_have_the_canonical_bytes(verdicts: list[Verdict]) -> None:
    entries = [{"venue": v.venue, "service": v.service, "verdict": v.verdict, "reasons": v.reasons} for v in verdicts]
    begun = {"id": "r", "started": "2022-04-25", "verdicts": entries, "zone": "z"}
    complete = [{**entry, "because": verdict.because} for entry, verdict in zip(entries, verdicts, strict=True)]
    plain, packed = {**begun, "verdicts": complete}, with_references(begun, verdicts)
    assert canonical(packed) == canonical(plain)
    assert Run.sealed(packed).intact()
    assert decompress(compress(packed)) == decompress(compress(plain)) == packed
