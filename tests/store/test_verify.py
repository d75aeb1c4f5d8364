"""Whatever is altered or taken away, `verify` names it."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventready.core.clock import Clock
from eventready.core.errors import StoreError
from eventready.store.documents import compress, decompress
from eventready.store.run import Run
from eventready.store.store import Store
from tests.store.conftest import Document


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "eventready.db"


@pytest.fixture
def ids(path: Path, clock: Clock, document: Document) -> list[str]:
    """Three runs with a piece of evidence each."""
    with Store(path) as store:
        made = []
        for number in range(3):
            name = store.evidence(f"output {number}")
            made.append(store.finish(document(store.begin("le-30-4", clock), evidence=name)).id)
        return made


@pytest.fixture
def raw(path: Path, ids: list[str]) -> Iterator[sqlite3.Connection]:
    """Somebody at the file behind our back."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        yield connection
    connection.close()


def problems(path: Path) -> list[tuple[str, str]]:
    with Store(path) as store:
        return [(problem.run, problem.what) for problem in store.verify().problems]


def test_untouched(path: Path, ids: list[str]) -> None:
    assert problems(path) == []


def test_an_altered_document(path: Path, ids: list[str], raw: sqlite3.Connection) -> None:
    data = raw.execute("SELECT document FROM eventready_run WHERE id = ?", (ids[1],)).fetchone()[0]
    document = decompress(data)
    document["findings"][0]["status"] = "pass"
    raw.execute("UPDATE eventready_run SET document = ? WHERE id = ?", (compress(document), ids[1]))
    assert problems(path) == [(ids[1], "The document was altered")]


def test_a_document_altered_and_sealed_again(path: Path, ids: list[str], raw: sqlite3.Connection) -> None:
    data = raw.execute("SELECT document FROM eventready_run WHERE id = ?", (ids[1],)).fetchone()[0]
    forged = Run.sealed({**decompress(data), "findings": []}).document
    raw.execute(
        "UPDATE eventready_run SET document = ?, sha256 = ? WHERE id = ?", (compress(forged), forged["sha256"], ids[1])
    )
    assert problems(path) == [(ids[2], "It does not follow the run before it")]


def test_a_document_that_is_damaged(path: Path, ids: list[str], raw: sqlite3.Connection) -> None:
    raw.execute("UPDATE eventready_run SET document = ? WHERE id = ?", (b"\x00junk", ids[0]))
    assert problems(path) == [(ids[0], "The document is damaged")]
    with Store(path) as store, pytest.raises(StoreError, match="is damaged"):
        store.get(ids[0])


@pytest.mark.parametrize("junk", [b"[]", b"null", b'{"half": ', b'"text"'])
def test_a_document_that_is_not_one(path: Path, ids: list[str], raw: sqlite3.Connection, junk: bytes) -> None:
    raw.execute("UPDATE eventready_run SET document = ? WHERE id = ?", (zlib.compress(junk), ids[2]))
    assert problems(path) == [(ids[2], "The document is damaged")]


def test_a_run_taken_out_of_the_middle(path: Path, ids: list[str], raw: sqlite3.Connection) -> None:
    raw.execute("DELETE FROM eventready_run WHERE id = ?", (ids[1],))
    assert problems(path) == [
        (ids[2], "1 run(s) before this one are missing"),
        (ids[2], "It does not follow the run before it"),
    ]


def test_the_latest_run_taken_away(path: Path, ids: list[str], raw: sqlite3.Connection) -> None:
    raw.execute("DELETE FROM eventready_run WHERE id = ?", (ids[2],))
    assert problems(path) == [("", "The last 1 run(s) are missing")]


def test_the_latest_run_forged(path: Path, ids: list[str], raw: sqlite3.Connection) -> None:
    data = raw.execute("SELECT document FROM eventready_run WHERE id = ?", (ids[2],)).fetchone()[0]
    forged = Run.sealed({**decompress(data), "findings": []}).document
    raw.execute(
        "UPDATE eventready_run SET document = ?, sha256 = ? WHERE id = ?", (compress(forged), forged["sha256"], ids[2])
    )
    assert problems(path) == [("", "The chain does not end where the ledger says")]


def test_a_run_renamed(path: Path, ids: list[str], raw: sqlite3.Connection) -> None:
    raw.execute("UPDATE eventready_run SET id = 'renamed' WHERE id = ?", (ids[0],))
    assert problems(path) == [("renamed", "The list names it differently from its document")]


def test_evidence_altered_and_lost(path: Path, ids: list[str], raw: sqlite3.Connection) -> None:
    names = [row[0] for row in raw.execute("SELECT sha256 FROM eventready_evidence ORDER BY sha256")]
    raw.execute("UPDATE eventready_evidence SET data = ? WHERE sha256 = ?", (zlib.compress(b"other"), names[0]))
    raw.execute("UPDATE eventready_evidence SET data = ? WHERE sha256 = ?", (b"junk", names[1]))
    raw.execute("DELETE FROM eventready_evidence WHERE sha256 = ?", (names[2],))
    found = problems(path)
    assert [what for run, what in found if not run] == [
        f"The evidence {names[0]} was altered",
        f"The evidence {names[1]} was altered",
    ]
    assert [what for run, what in found if run] == [f"The evidence {names[2]} is lost"]
    with Store(path) as store:
        assert store.texts(names) == {}
