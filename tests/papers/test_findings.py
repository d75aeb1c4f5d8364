"""Findings of a run read from its rows, where most passes are counted without being decoded."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventready.clauses.proof import index_findings
from eventready.core.language import Language
from eventready.core.strings.json_text import canonical
from eventready.papers.material import findings as module
from eventready.papers.material.findings import RunContext, RunFindings
from eventready.papers.material.results import MeasureHeap
from eventready.store.run import Run
from eventready.store.run_parts import Items, Parts
from eventready.store.run_records import SCHEMA, RunDevice, RunHeader

AWKWARD = st.sampled_from(["", "1", ',"evidence":', ',"venues":["x"]', '"status":"pass"', '},{"blind":false,"check":"'])
FINDING = st.fixed_dictionaries(
    {
        "device": st.sampled_from("abcđ"), "check": st.sampled_from(["cpu", "link"]), "subject": AWKWARD,
        "status": st.sampled_from(["pass", "pass", "pass", "fail", "not_measured", "waived"]),
        "blind": st.booleans(), "duties": st.sampled_from([[], ["1.2a"], ["1.2a", "2"]]), "evidence": st.just(["e"]),
        "params": st.sampled_from([{}, {"status": "pass"}, {"venues": ["y"]}]), "message": AWKWARD,
        "value": st.sampled_from([None, 1, 2.5]), "limit": st.sampled_from([None, 3]),
        "venues": st.sampled_from([[], ["v"], ["v", "w"]]), "waiver": st.just(""),
    },
).map(lambda finding: {**finding, **({"was": "not_measured"} if finding["status"] == "waived" else {})})  # fmt: skip


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FINDING, max_size=12), st.sampled_from([-1, 2, 100]), st.sampled_from([1, 100]))
def test_rows_of_devices_are_read_as_a_whole_document_is(
    monkeypatch: pytest.MonkeyPatch, entries: list[dict[str, Any]], named: int, kept: int
) -> None:
    monkeypatch.setattr(module, "NAMED_PASSES", named)
    monkeypatch.setattr("eventready.papers.material.results.KEPT", kept)
    entries.sort(key=itemgetter("device", "check"))
    rows = [(name, {b"": canonical(list(found))[1:-1]}) for name, found in groupby(entries, itemgetter("device"))]
    whole, stored = (
        Run.of({"schema": SCHEMA, "findings": entries}),
        Run(Parts.of({"schema": SCHEMA}).with_parts({"findings": Items.of_devices(lambda: rows)})),
    )
    indexed, all_indexed = (
        {check: sorted(found, key=lambda one: one.status == "pass") for check, found in index_findings(run).items()}
        for run in (stored, whole)
    )
    assert indexed == all_indexed
    context = RunContext.of(RunHeader(devices=(RunDevice("a", venues=("v",)),)), Language("en"))
    heaps = MeasureHeap(), MeasureHeap()
    read, expected = (RunFindings.of(run, context, heap.add) for run, heap in zip((stored, whole), heaps, strict=True))
    assert read == expected
    assert list(read.passes) == list(expected.passes)
    assert heaps[0].measures() == heaps[1].measures()
