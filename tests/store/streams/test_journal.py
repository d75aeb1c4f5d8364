"""Journals are only appended to, notice every change, and come to databases of before."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.schema import DropTable

from eventready.core.errors import StoreError, UsageError
from eventready.core.strings.json_text import canonical
from eventready.store.database.connection import Database, _url
from eventready.store.database.tables import TABLES_BY_VERSION, VERSION
from eventready.store.records.stream import Stream
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry
from tests.store.conftest import Document

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)


def stream_of(name: str) -> Stream[Any]:
    """Stream of any records."""
    return Stream(name, dict[str, Any])


def say(store: Store, word: str, stream: str = "attestation") -> JournalEntry[Any]:
    """Append one word."""
    return store.journal(stream_of(stream)).append(lambda _: ("1.1a", {"word": word}), NOW)


def words(store: Store, stream: str = "attestation") -> list[str]:
    """All that was appended."""
    return [entry.body["word"] for entry in store.journal(stream_of(stream)).entries()]


def test_entries_keep_their_order_and_content(store: Store) -> None:
    made = [say(store, word) for word in ("một", "hai", "ba")]
    assert [entry.position for entry in made] == [1, 2, 3]
    assert store.journal(stream_of("attestation")).entries() == tuple(made)
    assert store.journal(stream_of("attestation")).entries("1.1b") == ()
    for key, found in ((None, [made[0], made[2]]), ("1.1a", [made[0], made[2]]), ("1.1b", [])):
        assert (
            store.journal(stream_of("attestation")).latest(2, lambda entry: entry.body["word"] != "hai", key) == found
        )
    assert store.journal(stream_of("attestation")).latest(2, bool) == made[1:]
    say(store, "khác", "incident")
    assert (words(store), words(store, "incident")) == (["một", "hai", "ba"], ["khác"])
    assert store.verify().intact


def test_nothing_is_recorded_when_the_decision_is_not_to(store: Store) -> None:
    say(store, "một")

    def refuse(entries: Sequence[JournalEntry[Any]]) -> tuple[str, Mapping[str, Any]]:
        assert [entry.body["word"] for entry in entries] == ["một"]
        raise UsageError("no")

    with pytest.raises(UsageError):
        store.journal(stream_of("attestation")).append(refuse, NOW)
    assert words(store) == ["một"]
    assert say(store, "hai").position == 2


def test_appenders_wait_for_each_other(place: str) -> None:
    def count(entries: Sequence[JournalEntry[Any]]) -> tuple[str, Mapping[str, Any]]:
        return "k", {"word": str(len(entries))}

    def work() -> None:
        with Store(place) as store:
            for _ in range(5):
                store.journal(stream_of("incident")).append(count, NOW)

    Store(place).close()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Store(place) as store:
        assert words(store, "incident") == [str(number) for number in range(20)]
        assert store.verify().intact


@pytest.mark.parametrize(
    ("statement", "output"),
    [
        ("UPDATE eventready_journal SET body = '{}' WHERE position = 2", "number 2 (1.1a) was altered"),
        ("UPDATE eventready_journal SET key = '1.1b' WHERE position = 2", "number 2 (1.1b) was altered"),
        ("DELETE FROM eventready_journal WHERE position = 2", "1 attestation(s) before number 3 are missing"),
        ("DELETE FROM eventready_journal WHERE position = 3", "The last 1 attestation(s) are missing"),
        ("DELETE FROM eventready_journal_head", "The head of the stream attestation is missing"),
        ("UPDATE eventready_journal_head SET head = 'x'", "do not end where their head says"),
    ],
)
def test_what_was_altered_is_named(tmp_path: Path, statement: str, output: str) -> None:
    path = tmp_path / "e.db"
    with Store(path) as store:
        for word in ("một", "hai", "ba"):
            say(store, word)
    with sqlite3.connect(path) as raw:
        raw.execute(statement)
    raw.close()
    with Store(path) as store:
        problems = [problem.what for problem in store.verify().problems]
        assert any(output in what for what in problems), problems
        if "was altered" in output:
            with pytest.raises(StoreError, match=r"number 2 .* is damaged or was altered"):
                store.journal(stream_of("attestation")).entries()


def _as_of(place: str, version: int) -> None:
    """Take the tables of later versions away."""
    database = Database(place)
    with database.writing() as session:
        for later in range(version + 1, VERSION + 1):
            for table in TABLES_BY_VERSION[later]:
                session.execute(DropTable(table))
        session.execute(text("UPDATE eventready_ledger SET version = :version"), {"version": version})
    database.close()


@pytest.mark.parametrize("version", range(1, VERSION))
def test_an_earlier_database_is_brought_up_to_date_in_place(place: str, document: Document, version: int) -> None:
    with Store(place) as store:
        kept = store.finish(document("20220425-070000-aaaa"))
    _as_of(place, version)
    with Store(place) as store:
        assert canonical(store.get("latest").document) == canonical(kept.document)
        say(store, "một")
        assert words(store) == ["một"]
        again = store.finish({**document("20220425-070000-bbbb"), "findings": None})
        assert again.document["previous"] == kept.document["sha256"]
        assert store.verify().intact
    database = Database(place)
    with database.reading() as session:
        assert session.execute(text("SELECT version FROM eventready_ledger")).scalar_one() == VERSION
    database.close()


def test_two_that_open_an_earlier_database_at_once(place: str) -> None:
    Store(place).close()
    _as_of(place, 1)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with Store(place) as store:
                say(store, "x")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with Store(place) as store:
        assert words(store) == ["x"] * 4


@pytest.mark.parametrize("version", range(1, VERSION))
def test_killed_while_upgrading_it_is_still_the_earlier_one(place: str, document: Document, version: int) -> None:
    with Store(place) as store:
        kept = store.finish(document("20220425-070000-aaaa"))
    _as_of(place, version)
    script = """
        import os, signal, sys
        from eventready.store.database import connection as database
        before = database._upgrade
        def upgrade(connection):
            before(connection)
            os.kill(os.getpid(), signal.SIGKILL)
        database._upgrade = upgrade
        database.Database(sys.argv[1])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), place], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    engine = create_engine(_url(place))
    with engine.connect() as raw:
        assert raw.execute(text("SELECT version FROM eventready_ledger")).scalar_one() == version
        assert not {table.name for table in TABLES_BY_VERSION[VERSION]} & set(inspect(raw).get_table_names())
    engine.dispose()
    with Store(place) as store:
        assert canonical(store.get("latest").document) == canonical(kept.document)
        assert store.verify().intact
