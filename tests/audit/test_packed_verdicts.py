"""Verdicts of a large fleet are compressed in memory; the document has the same bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eventready.audit.run_builder import with_packed_verdicts
from eventready.evaluation.verdicts import Readiness
from eventready.store.documents import compress, decompress
from eventready.store.run import Run, canonical

#: Texts without lone surrogates, which no document takes.
TEXTS = st.text(st.characters(codec="utf-8"))
VERDICTS = st.lists(
    st.fixed_dictionaries({
        "venue": TEXTS, "service": TEXTS, "verdict": st.sampled_from(Readiness),
        "because": st.lists(TEXTS).map(tuple), "reasons": st.lists(TEXTS).map(tuple),
    })
)  # fmt: skip


@given(verdicts=VERDICTS)
def test_packed_verdicts_have_the_canonical_bytes(verdicts: list[dict[str, object]]) -> None:
    plain = {"id": "r", "started": "2022-04-25", "verdicts": verdicts, "zone": "z"}
    packed = with_packed_verdicts(plain)
    assert canonical(packed) == canonical(plain)
    assert Run.sealed(packed).intact()
    assert decompress(compress(packed)) == decompress(compress(plain)) == packed
