"""Signed heads of the chain reveal a rewritten chain; pruning keeps it verifiable."""

from __future__ import annotations

import dataclasses
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eventready.core.clock import Clock
from eventready.core.errors import RefusedError, UsageError
from eventready.store.documents import compress, decompress
from eventready.store.records import Stream
from eventready.store.run import Run
from eventready.store.store import Store
from eventready.workspace.keys.signing_keys import PrivateKey, load_private, make_key
from tests.store.conftest import Document


@pytest.fixture
def key(tmp_path: Path) -> PrivateKey:
    make_key(tmp_path / "keys" / "own.pem", "Operator A")
    return load_private(str(tmp_path / "keys" / "own.pem"), tmp_path, "Operator A")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "e.db"


def fill(path: Path, clock: Clock, document: Document, count: int = 3) -> list[str]:
    made = []
    with Store(path) as store:
        for number in range(count):
            name = store.evidence(f"output {number}")
            made.append(store.finish(document(store.begin("fair", clock), evidence=name)).id)
    return made


def rewrite(path: Path) -> None:
    """Turn every run READY and seal the chain again, as somebody with access to the database can."""
    with sqlite3.connect(path) as raw:
        previous, rows = None, raw.execute("SELECT id, document FROM eventready_run ORDER BY position").fetchall()
        for run_id, data in rows:
            plain = decompress(data)
            for verdict in plain["verdicts"]:
                verdict["verdict"] = "READY"
            run = Run.sealed({**plain, "previous": previous})
            sha256 = run.document["sha256"]
            raw.execute("UPDATE eventready_run SET document=?, sha256=?, previous=? WHERE id=?",
                        (compress(run.document), sha256, previous, run_id))  # fmt: skip
            previous = sha256
        raw.execute("UPDATE eventready_ledger SET head=?", (previous,))


def test_a_rewritten_chain_is_revealed_by_its_signed_head(
    path: Path, clock: Clock, document: Document, key: PrivateKey
) -> None:
    fill(path, clock, document)
    with Store(path) as store:
        kept = store.sign_head(key, clock)
        found = store.verify([key.public])
        assert found.intact
        assert found.reach == kept
    rewrite(path)
    with Store(path) as store:
        assert store.verify().intact, "without a key nothing is noticed"
        assert "run number 3 is not the one signed by Operator A" in store.verify([key.public]).problems[0].what
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM eventready_checkpoint")
    with Store(path) as store:
        assert store.verify([key.public]).reach is None
        assert not store.verify([key.public], [kept]).intact, "a checkpoint kept outside still reveals it"


def test_a_forged_checkpoint_is_named(path: Path, clock: Clock, document: Document, key: PrivateKey) -> None:
    fill(path, clock, document)
    with Store(path) as store:
        forged = dataclasses.replace(store.sign_head(key, clock), position=2)
        assert "invalid signature" in store.verify([key.public], [forged]).problems[0].what
        assert store.verify([], [forged]).intact, "a key that is not trusted proves nothing"


def test_an_empty_chain_is_not_signed(path: Path, clock: Clock, key: PrivateKey) -> None:
    with Store(path) as store, pytest.raises(UsageError, match="No run is stored yet"):
        store.sign_head(key, clock)


def test_pruning_keeps_the_chain_and_removes_unused_evidence(
    path: Path, clock: Clock, document: Document, key: PrivateKey
) -> None:
    ids = fill(path, clock, document, 4)
    with Store(path) as store:
        trial = store.prune(clock, keep=1, dry_run=True)
        assert [entry.state for entry in store.runs()] == ["finished"] * 4
        done = store.prune(clock, keep=1)
        assert store.heads([1, 4, 9]).keys() == {1, 4}
        assert (trial.runs, trial.evidence) == (done.runs, done.evidence) == (tuple(ids[:3]), 3)
        assert [entry.state for entry in store.runs()] == ["pruned"] * 3 + ["finished"]
        found = store.verify()
        assert (found.intact, found.runs, found.pruned, found.evidence) == (True, 4, 3, 1)
        assert store.get("latest").id == ids[3]
        assert len(store.trend(store.get("latest"))) == 3, "summaries stay"
        with pytest.raises(UsageError, match="are pruned"):
            store.get(ids[0])
        store.finish(document(store.begin("fair", clock), evidence=store.evidence("output 0")))
        assert store.verify().intact, "evidence that was pruned is stored again"


def test_a_document_removed_without_a_record_is_named(path: Path, clock: Clock, document: Document) -> None:
    ids = fill(path, clock, document)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE eventready_run SET state='pruned', document=NULL WHERE id=?", (ids[0],))
    with Store(path) as store:
        (problem,) = [found for found in store.verify().problems if found.run]
        assert problem.what == "The document is missing, and no pruning is recorded for it"


def test_pruning_by_age_and_during_an_audit(path: Path, clock: Clock, document: Document) -> None:
    ids = fill(path, clock, document)
    with Store(path) as store:
        assert store.prune(clock, before=datetime(2020, 1, 1, tzinfo=UTC)).runs == ()
        store.begin("fair", clock)
        with pytest.raises(RefusedError, match="an audit is running"):
            store.prune(clock, keep=1)
    with Store(path) as store:
        assert store.prune(clock, before=datetime(2030, 1, 1, tzinfo=UTC)).runs == tuple(ids[:2]), "the latest stays"


def test_evidence_of_journals_stays(path: Path, clock: Clock, document: Document) -> None:
    fill(path, clock, document)
    with Store(path) as store:
        backup = store.evidence("running configuration")
        store.finish(document(store.begin("fair", clock)))
        store.journal(Stream("incident", dict[str, Any])).append(lambda _: ("x", {"evidence": backup}), clock.real())
        store.prune(clock, keep=1)
        assert store.texts([backup]) == {backup: "running configuration"}
