"""Verdicts of a large fleet are compressed in memory; the document has the same bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eventready.audit.run_builder import with_references
from eventready.evaluation.verdicts import Readiness, Verdict
from eventready.store.documents import compress, decompress
from eventready.core.strings.json_text import canonical
from eventready.store.run import Parts, Run
from eventready.store.run_walk import ServiceWalk, StoredSentence, WalkHop, WalkUsers, walk_of

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


@given(verdicts=VERDICTS)
def test_packed_verdicts_have_the_canonical_bytes(verdicts: list[Verdict]) -> None:
    entries = [{"venue": v.venue, "service": v.service, "verdict": v.verdict, "reasons": v.reasons} for v in verdicts]
    begun = {"id": "r", "started": "2022-04-25", "verdicts": entries, "zone": "z"}
    complete = [
        {**entry, "because": verdict.because, "walk": walk(verdict).to_json()}
        for entry, verdict in zip(entries, verdicts, strict=True)
    ]
    plain, packed = {**begun, "verdicts": complete}, with_references(begun, verdicts, walk)
    assert canonical(packed) == canonical(plain)
    assert Run.sealed(packed).intact()
    assert decompress(compress(packed)) == decompress(compress(plain)) == packed
    stored = Run(Parts.split(canonical(packed)))
    assert [walk_of(entry) for entry in stored.each("verdicts")] == list(map(walk, verdicts))
    assert stored.verdicts == tuple((one.venue, one.service, str(one.verdict)) for one in verdicts)
