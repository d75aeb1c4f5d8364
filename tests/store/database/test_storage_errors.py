"""Disks and files that do not do what they should: one sentence, nothing lost."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from eventready.core.clock import Clock
from eventready.core.errors import Exit, StoreError, UsageError
from eventready.store.database.connection import ENVIRONMENT, Database, OtherVersion, RunNotStored, database_location
from eventready.store.database.tables import VERSION
from eventready.store.documents import load_run
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from tests.store.conftest import Document


@pytest.mark.parametrize("version", [1, VERSION - 1, VERSION + 1])
def test_a_database_of_another_version_is_refused_and_left_alone(tmp_path: Path, version: int) -> None:
    path = tmp_path / "e.db"
    Store(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE eventready_ledger SET version = ?", (version,))
        raw.execute("DROP TABLE eventready_notification")
    raw.close()
    words = rf"format {version}; this one reads {VERSION}\). Read it with that version, or move it away"
    with pytest.raises(OtherVersion, match=words) as caught:
        Store(path)
    assert caught.value.exit is Exit.USAGE
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT version FROM eventready_ledger").fetchone() == (version,)
        assert not raw.execute("SELECT name FROM sqlite_master WHERE name = 'eventready_notification'").fetchall()
    raw.close()


@pytest.mark.parametrize(
    ("summary", "words"), [("{", "damaged"), ('{"findings": "x"}', r"summary of run \S+ is damaged: field '")]
)
def test_a_damaged_summary_of_a_run_is_a_sentence(
    tmp_path: Path, clock: Clock, document: Document, summary: str, words: str
) -> None:
    with Store(tmp_path / "e.db") as store:
        store.finish(document(store.begin("e", clock)))
        with sqlite3.connect(tmp_path / "e.db") as raw:
            raw.execute("UPDATE eventready_run SET summary = ?", (summary,))
        raw.close()
        with pytest.raises(StoreError, match=words):
            store.runs()


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be one" * 40, b"\xff" * 4096])
def test_a_file_that_is_not_a_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "e.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="Not an eventready database, or damaged"):
        Store(path)
    assert path.read_bytes() == content


def test_a_truncated_database(tmp_path: Path, clock: Clock, document: Document) -> None:
    path = tmp_path / "e.db"
    with Store(path) as store:
        for number in range(200):
            store.evidence(f"{number}" * 500)
        store.finish(document(store.begin("e", clock)))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(StoreError, match="damaged"), Store(path) as store:
        store.verify()


def test_a_text_of_the_database_that_is_none(tmp_path: Path, clock: Clock, document: Document) -> None:
    path = tmp_path / "e.db"
    with Store(path) as store:
        store.finish(document(store.begin("e", clock)))
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE eventready_run SET sha256 = CAST(X'FFFE41' AS TEXT)")
    raw.close()
    with pytest.raises(StoreError, match="The database is damaged"), Store(path) as store:
        store.verify()


def test_another_person_elses_database(tmp_path: Path) -> None:
    path = tmp_path / "e.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE invoices (id INTEGER)")
    raw.close()
    with pytest.raises(StoreError, match="belongs to another program: it has the table invoices"):
        Store(path)


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path / "file" / "e.db")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root:hunter2@db/x", "names mysql"),
        ("://", "is not a database URL"),
        ("sqlite://", "knows postgresql and sqlite"),
        ("postgresql://u:hunter2@127.0.0.1:1/x", "The database server does not answer"),
        ("postgresql://127.0.0.1:1/x?user=u&password=hunter2", "The database server does not answer"),
    ],
)
def test_urls_that_do_not_serve(url: str, words: str) -> None:
    with pytest.raises((StoreError, UsageError), match=words) as caught:
        Store(url)
    assert "hunter2" not in str(caught.value)


def test_the_environment_names_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert database_location(tmp_path) == str(tmp_path / ".eventready" / "eventready.db")
    monkeypatch.setenv(ENVIRONMENT, f"sqlite:///{tmp_path}/other.db")
    Store.of_workspace(tmp_path).close()
    assert (tmp_path / "other.db").exists()


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / ".eventready" / "e.db"
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.slow
def test_several_open_a_new_database_at_once(tmp_path: Path) -> None:
    """SQLite refuses the second of two who set a new file's journal mode at once, whatever its busy timeout says."""
    together = threading.Barrier(8)

    def open_new(path: Path) -> None:
        together.wait(timeout=60)
        Store(path).close()

    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            list(pool.map(open_new, [tmp_path / f"{number}.db"] * 8))


def test_pragmas(tmp_path: Path) -> None:
    with Database(tmp_path / "e.db").reading() as session:
        connection = session.connection()
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys")]
        assert found == ["wal", 1]
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def test_a_database_that_fails_at_the_end(
    tmp_path: Path, clock: Clock, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The audit has taken minutes and then the disk is full: the run is handed back and put beside."""
    store = Store(tmp_path / "e.db")
    run_id = store.begin("le-30-4", clock)

    def full(*_: object) -> None:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_chain", full)
        with pytest.raises(RunNotStored, match=r"The disk is full. The run is in .*run-.*json") as caught:
            store.finish(document(run_id))
    assert caught.value.run.id == run_id
    assert caught.value.rescued is not None
    assert dict(load_run(caught.value.rescued).document) == dict(caught.value.run.document)
    assert store.finish(document(run_id)).intact(), "when there is room again"
    store.close()


def test_evidence_that_cannot_be_written_waits(
    tmp_path: Path, clock: Clock, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path / "e.db") as store:
        run_id = store.begin("le-30-4", clock)

        def full(*_: object) -> None:
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

        with monkeypatch.context() as patch:
            patch.setattr("eventready.store.evidence._insert", full)
            names = [store.evidence(f"output {number}") for number in range(400)]
        store.finish(document(run_id, evidence=names[0]))
        assert len(store.texts(names)) == 400
        assert store.verify().intact


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("may not mount a small file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_disk_that_fills_up(small_disk: Path, clock: Clock, document: Document) -> None:
    path = small_disk / "e.db"
    with Store(path) as store:
        kept = store.finish(document(store.begin("le-30-4", clock), evidence=store.evidence("kept")))
        run_id = store.begin("le-30-4", clock)
        for _ in range(300):
            store.evidence(os.urandom(8000).hex())
        with pytest.raises(RunNotStored, match=r"The disk is full|cannot be read or written") as caught:
            store.finish(document(run_id))
        assert caught.value.run.id == run_id
        if caught.value.rescued:
            caught.value.rescued.unlink()
    subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
    with Store(path) as again:
        assert again.verify().problems == ()
        assert again.get("latest").id == kept.id


def test_a_disk_that_may_only_be_read(small_disk: Path, clock: Clock, document: Document) -> None:
    path = small_disk / "e.db"
    with Store(path) as store:
        store.finish(document(store.begin("le-30-4", clock)))
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StoreError) as caught:
        Store(path).begin("le-30-4", clock)
    assert str(path.parent) in str(caught.value)
    assert caught.value.do


@pytest.mark.slow
def test_a_limit_on_file_size(tmp_path: Path) -> None:
    """Not root, no mounts: the same, by a limit of the process."""
    script = """
        import os, signal, sys
        from eventready.core.clock import Clock
        from eventready.core.errors import StoreError
        from eventready.store.store import Store
        from tests.store.conftest import _document
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with Store(sys.argv[1]) as store:
            run_id = store.begin("le-30-4", Clock())
            for _ in range(300):
                store.evidence(os.urandom(8000).hex())
            try:
                store.finish(_document(run_id))
            except StoreError as error:
                print(error)
    """
    limit = 1_000_000
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), tmp_path / "e.db"],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "The disk" in done.stdout
    assert "The run is in" in done.stdout
    with Store(tmp_path / "e.db") as store:
        assert store.verify().problems == ()
    rescued = next(tmp_path.glob("run-*.json"))
    assert json.loads(rescued.read_text())["schema"] == SCHEMA


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "eventready.plan/2"}', "\x00", '{"schema'])
def test_a_run_file_that_is_not_one(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"run\.json"):
        load_run(path)
    with pytest.raises(UsageError, match="cannot be read"):
        load_run(tmp_path / "absent.json")
