"""A PostgreSQL server shared by two auditors, a watcher and a page: overlap, lost connections, dump and restore."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from eventready.core.clock import Clock
from eventready.core.errors import Exit, StoreError
from eventready.core.records import Stream
from eventready.store.database.connection import RunNotStored
from eventready.store.documents import load_run
from eventready.store.store import Store
from tests.store.conftest import Document
from tests.store.test_run_items import begun, header, items

pytestmark = pytest.mark.slow

#: Runs of each auditor, devices of a run.
RUNS, DEVICES = 3, 40


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run without storage is saved in the working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shared(server: str, request: pytest.FixtureRequest) -> str:
    """URL of an empty database."""
    name = f"s{abs(hash(request.node.nodeid)) % 10**12}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    return f"{server}/{name}"


def cut(shared: str) -> None:
    """End every connection to the database, as a restart of the server does."""
    name = shared.rpartition("/")[2]
    with psycopg.connect(shared.replace(name, "postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


def audit_once(store: Store, clock: Clock, document: Document, between: Callable[[], None] = lambda: None) -> str:
    run_id = store.begin("le-30-4", clock)
    for number in range(DEVICES):
        store.keep_items(run_id, items(f"d{number:02}"))
        if number == DEVICES // 2:
            between()
    return store.finish(header(document, run_id)).id


def test_two_auditors_a_watcher_and_a_page_share_a_server(
    shared: str, clock: Clock, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventready.store.run_items._BATCH", 8)
    failed: list[BaseException] = []
    audited = threading.Event()

    def guarded(work: Callable[[Store], None]) -> None:
        try:
            with Store(shared) as store:
                work(store)
        except BaseException as error:
            failed.append(error)

    def auditor(store: Store) -> None:
        for _ in range(RUNS):
            audit_once(store, clock, document)

    def watcher(store: Store) -> None:
        with store.exclusive("watch") as mine:
            assert mine
            while not audited.is_set():
                store.journal(Stream("watch", dict[str, Any])).append(
                    lambda _: ("core-1", {"state": "up"}), datetime.now(UTC)
                )

    def page(store: Store) -> None:
        while not audited.is_set():
            for entry in store.runs():
                if entry.state == "finished":
                    assert len(list(store.get(entry.id).observations())) == DEVICES

    auditors = [threading.Thread(target=guarded, args=(auditor,)) for _ in range(2)]
    others = [threading.Thread(target=guarded, args=(work,)) for work in (watcher, page)]
    for thread in (*auditors, *others):
        thread.start()
    for thread in auditors:
        thread.join()
    audited.set()
    for thread in others:
        thread.join()
    assert failed == []
    with Store(shared) as store:
        assert store.notices == ()
        assert [entry.state for entry in store.runs()] == ["finished"] * 2 * RUNS
        assert store.verify().problems == ()


def test_connections_lost_in_the_middle_of_an_audit_lose_nothing(
    shared: str, clock: Clock, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventready.store.run_items._BATCH", 8)
    with Store(shared) as store:
        run_id = audit_once(store, clock, document, lambda: cut(shared))
        run = store.get(run_id)
        assert [found.device for found in run.observations()] == [f"d{number:02}" for number in range(DEVICES)]
        assert store.verify().intact


def test_a_lock_lost_with_its_connection_is_noticed_and_that_of_a_lost_machine_ends(shared: str) -> None:
    with Store(shared) as leader, Store(shared) as standby, leader.exclusive("watch") as mine:
        assert mine
        leader.confirm("watch")
        probes = text("SELECT current_setting('tcp_keepalives_idle')")
        assert leader._alive._held["only watch"].execute(probes).scalar_one() == "15"  # type: ignore[attr-defined]  # PostgreSQL only
        cut(shared)
        with standby.exclusive("watch") as theirs:
            assert theirs
            with pytest.raises(StoreError):
                leader.confirm("watch")


def test_a_server_that_stays_away_leaves_an_interrupted_run(
    shared: str, clock: Clock, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventready.store.run_items._BATCH", 2)
    name = shared.rpartition("/")[2]
    with psycopg.connect(shared.replace(name, "postgres"), autocommit=True) as connection:
        with Store(shared) as store:
            run_id = store.begin("le-30-4", clock, begun(document))
            store.keep_items(run_id, items("a"))
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
            cut(shared)
            store.keep_items(run_id, items("b"))
            with pytest.raises(StoreError):
                store.finish(header(document, run_id))
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
    with Store(shared) as store:
        assert [entry.state for entry in store.runs()] == ["interrupted"]
        assert [found.device for found in store.get(run_id, interrupted=True).observations()] == ["a"]
        assert store.verify().intact


def test_many_readers_wait_for_a_connection(shared: str, clock: Clock, document: Document) -> None:
    with Store(shared) as store:
        run = store.get(audit_once(store, clock, document))
        found: list[int] = []

        def read() -> None:
            observations = iter(run.observations())
            next(observations)
            time.sleep(0.2)
            found.append(1 + len(list(observations)))

        threads = [threading.Thread(target=read) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [DEVICES] * 40


def test_a_dump_restored_elsewhere_is_verified(
    server: str, shared: str, clock: Clock, document: Document, tmp_path: Path
) -> None:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    with Store(shared) as store:
        kept = dict(store.get(audit_once(store, clock, document)).document)
        head = store.verify().head
    dump = tmp_path / "eventready.dump"
    restored = shared + "r"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {restored.rpartition('/')[2]} TEMPLATE template0".encode())
    subprocess.run([programs / "pg_dump", "--format=custom", f"--file={dump}", shared], check=True, timeout=60)
    subprocess.run([programs / "pg_restore", f"--dbname={restored}", dump], check=True, timeout=60)
    with Store(restored) as store:
        proof = store.verify()
        assert (proof.intact, proof.head) == (True, head)
        assert dict(store.get("latest").document) == kept


def test_a_server_lost_during_a_run_takes_no_reading_with_it(
    shared: str, clock: Clock, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows already in the server are handed back too: exit 4, and the run in a file."""
    monkeypatch.setattr("eventready.store.run_items._BATCH", 8)
    name = shared.rpartition("/")[2]
    whole: list[Any] = []
    for lost in (False, True):
        with Store(shared) as store, pytest.raises(RunNotStored) if lost else nullcontext() as caught:
            run_id = store.begin("le-30-4", clock)
            for number in range(DEVICES):
                store.keep_items(run_id, items(f"d{number:02}"))
            if lost:
                with psycopg.connect(shared.replace(name, "postgres"), autocommit=True) as connection:
                    connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            whole.append(store.finish(header(document, run_id)).document["findings"])
    assert caught is not None
    assert caught.value.exit == Exit.INCOMPLETE
    assert caught.value.rescued is not None
    assert [*caught.value.run.document["findings"]] == [*whole[0]]
    assert [*load_run(caught.value.rescued).document["findings"]] == [*whole[0]]
