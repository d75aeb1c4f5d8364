"""Journals are only appended to, and notice every change."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from eventready.core.errors import StoreError, UsageError
from eventready.core.records import Stream
from eventready.store.database.tables import JournalRow
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry, _sealed

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


@pytest.mark.parametrize("recorded", ["yesterday", "2026-11-25T01:00:00", ""])
def test_a_time_that_is_none_is_damage_also_when_sealed_again(tmp_path: Path, recorded: str) -> None:
    path = tmp_path / "e.db"
    with Store(path) as store:
        say(store, "một")
        with store._database.writing() as session:
            row = session.scalars(select(JournalRow)).one()
            row.recorded = recorded
            row.sha256 = _sealed(row)
    with Store(path) as store:
        problems = [problem.what for problem in store.verify().problems]
        assert any("number 1 (1.1a) is damaged" in what for what in problems), problems
        with pytest.raises(StoreError, match=r"number 1 .* is damaged"):
            store.journal(stream_of("attestation")).entries()
