"""What every store must do, whatever the database."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from eventready.core.clock import Clock
from eventready.core.errors import StoreError, UsageError
from eventready.store.database.tables import RunRow
from eventready.store.documents import compress, load_run
from eventready.store.run import Run, Summary
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from tests.store.conftest import Document


def stored(store: Store, clock: Clock, document: Document, **changes: Any) -> Run:
    schema = changes.pop("schema", SCHEMA)
    return store.finish({**document(store.begin("le-30-4", clock), **changes), "schema": schema})


def test_a_finished_run_comes_back_as_it_was(place: str, clock: Clock, document: Document) -> None:
    with Store(place) as store:
        run = stored(store, clock, document)
    with Store(place) as again:
        assert again.notices == ()
        assert dict(again.get(run.id).document) == dict(run.document)
        assert run.intact()


def test_ids_sort_by_the_events_time(store: Store, clock: Clock) -> None:
    assert re.fullmatch(r"20220425-0700\d\d-[0-9a-f]{4}", store.begin("le-30-4", clock))


def test_an_id_that_is_taken_is_drawn_again(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["20220425-070000-aaaa", "20220425-070000-aaaa", "20220425-070000-bbbb"])
    monkeypatch.setattr("eventready.store.store.new_run_id", lambda _moment: next(drawn))
    assert [store.begin("e", clock), store.begin("e", clock)] == ["20220425-070000-aaaa", "20220425-070000-bbbb"]


def test_runs_are_chained(store: Store, clock: Clock, document: Document) -> None:
    first, second = stored(store, clock, document), stored(store, clock, document)
    assert first.document["previous"] is None
    assert second.document["previous"] == first.document["sha256"]
    proof = store.verify()
    assert (proof.intact, proof.runs, proof.head) == (True, 2, second.document["sha256"])


def test_names(store: Store, clock: Clock, document: Document) -> None:
    first, second = stored(store, clock, document), stored(store, clock, document)
    under_way = store.begin("le-30-4", clock)
    assert store.get("latest").id == second.id
    assert store.get("previous").id == first.id
    assert store.get(first.id[:-1]).id in (first.id, second.id) or first.id[:-1] == second.id[:-1]
    for name, words in (
        ("20220425", "is a prefix of 2 runs"),
        ("latets", "Did you mean latest?"),
        (first.id[:-2] + "zz", "Did you mean"),
        ("", "There is no run ''"),
        (under_way, "is not finished"),
    ):
        with pytest.raises(UsageError, match=re.escape(words)):
            store.get(name)


def test_an_empty_store_says_what_to_do(store: Store, clock: Clock, document: Document) -> None:
    with pytest.raises(UsageError, match=r"No run is stored yet. Run `eventready audit`"):
        store.get("latest")
    stored(store, clock, document)
    with pytest.raises(UsageError, match="without a previous one"):
        store.get("previous")


def test_evidence_is_kept_once_and_comes_back(store: Store, clock: Clock, document: Document) -> None:
    texts = ["show clock\n07:00", "", "Tiếng Việt\x00\x1b[31m", "half a pair \udc80", "x" * 2_000_000]
    hashes = [store.evidence(text) for text in texts + texts]
    assert hashes[:5] == hashes[5:]
    stored(store, clock, document, evidence=hashes[0])
    back = store.texts([*hashes, "0" * 64])
    assert [back[name] for name in hashes[:3]] == texts[:3]
    assert back[hashes[3]] == "half a pair \\udc80"
    assert len(back) == 5
    assert store.verify().evidence == 5


def test_evidence_from_many_threads(store: Store, clock: Clock, document: Document) -> None:
    def device(number: int) -> None:
        for output in range(8):
            store.evidence(f"device {number % 40} output {output}\n" * 20)

    threads = [threading.Thread(target=device, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored(store, clock, document)
    proof = store.verify()
    assert (proof.intact, proof.evidence) == (True, 320)


def test_two_stores_at_once(place: str, clock: Clock, document: Document) -> None:
    """Two audits that overlap: neither thinks that the other died, and the chain has both."""
    with Store(place) as one, Store(place) as other:
        a, b = one.begin("le-30-4", clock), other.begin("le-30-4", clock)
        with Store(place) as third:
            assert third.notices == ()
        shared = one.evidence("the same text"), other.evidence("the same text")
        second, first = other.finish(document(b, evidence=shared[1])), one.finish(document(a, evidence=shared[0]))
        assert first.document["previous"] == second.document["sha256"]
        assert one.verify().intact


def test_closing_in_the_middle_marks_the_run(place: str, clock: Clock, document: Document) -> None:
    with Store(place) as store:
        kept = stored(store, clock, document)
        store.begin("le-30-4", clock)
    with Store(place) as again:
        assert [entry.state for entry in again.runs()] == ["finished", "interrupted"]
        assert again.get("latest").id == kept.id
        assert again.verify().intact


def test_runs_of_other_devices_are_no_comparison(store: Store, clock: Clock, document: Document) -> None:
    def run(*names: str) -> Run:
        devices = [{"name": name, "role": "router", "venues": [], "reachable": True} for name in names]
        return store.finish({**document(store.begin("event", clock)), "devices": devices})

    whole, drill, other = run("core-1", "core-2"), run("core-1"), run("core-1", "core-3")
    again = run("core-1", "core-2")
    before = store.before(again)
    assert before
    assert before.id == whole.id
    assert [summary.id for summary in store.trend(again)] == [whole.id, other.id]
    assert store.before(drill) is None


def test_a_full_run_has_all_devices_its_event_and_its_document(store: Store, clock: Clock, document: Document) -> None:
    def run(devices: int, event: str = "event") -> str:
        listed = [{"name": f"r{number}", "reachable": True} for number in range(devices)]
        return store.finish({**document(store.begin(event, clock), event=event), "devices": listed}).id

    pruned, kept = run(2), run(2)
    run(1), run(2, "another")
    assert store.full_runs("event", 2) == (pruned, kept)
    assert store.full_runs("event", 2, rehearsal=False) == (), "all of them are rehearsals"
    store.prune(clock, keep=3)
    assert store.full_runs("event", 2) == (kept,)
    assert store.full_runs("event", 3) == ()


def test_trend_is_of_the_same_event_and_before(store: Store, clock: Clock, document: Document) -> None:
    runs = [stored(store, clock, document, status=status) for status in ("fail", "warn", "pass")]
    other = store.finish(document(store.begin("other", clock), event="other"))
    assert [summary.id for summary in store.trend(runs[2])] == [runs[0].id, runs[1].id]
    assert [summary.counts for summary in store.trend(runs[2])] == [{"fail": 1}, {"warn": 1}]
    assert [summary.id for summary in store.trend(runs[2], limit=1)] == [runs[1].id]
    assert store.trend(other) == ()
    before = store.before(runs[1])
    assert before is not None
    assert before.id == runs[0].id
    assert store.before(runs[0]) is None


def test_list_has_what_a_person_wants_to_see(store: Store, clock: Clock, document: Document) -> None:
    run = stored(store, clock, document)
    entry = store.runs()[0]
    assert entry.summary == Summary.of(run)
    assert entry.summary.ratio == 0.75
    assert entry.summary.rehearsal


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "eventready.run/1"}, r"field 'schema': .*eventready\.run/1"),
        ({"clock": {"event": 5}}, r"field 'clock\.event': "),
        ({"devices": [{"name": "r1", "reachable": "yes"}]}, r"field 'devices\.0\.reachable': "),
        ({"colour": "red"}, r"field 'colour': "),
    ],
    ids=lambda change: str(change)[:30],
)
def test_a_run_of_another_version_or_shape_is_refused_with_its_field_and_stays_in_the_list(
    store: Store, clock: Clock, document: Document, tmp_path: Path, *, change: dict[str, Any], words: str
) -> None:
    run = stored(store, clock, document)
    forged = Run.sealed({**run.document, **change})
    with store._database.writing() as session:
        session.execute(update(RunRow).values(document=compress(forged.document)))
    with pytest.raises(StoreError, match=words):
        store.get("latest")
    path = tmp_path / "run.json"
    path.write_bytes(b"".join(forged.json()))
    with pytest.raises(UsageError, match=words):
        load_run(path)
    assert [entry.id for entry in store.runs()] == [run.id]
    assert store.before(stored(store, clock, document)) is None
