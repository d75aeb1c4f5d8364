"""Lists of a run as rows, written while its devices are read."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from eventready.core.clock import Clock
from eventready.core.errors import StoreError, UsageError
from eventready.core.strings.json_text import canonical
from eventready.store.run import Run
from eventready.store.run_items import ACROSS, LISTS, ItemsOfDevice
from eventready.store.run_records import HEADER, RunHeader
from eventready.store.store import Store
from tests.store.conftest import Document
from tests.store.test_crash import start

#: Names that a database's collation would order otherwise.
NAMES = ("Core-1", "access_9", "core-1", "core 2", "Đà-1", "zz")


def findings(device: str, *checks: str) -> dict[str, bytes]:
    """Two findings of each check, as an audit packs them."""
    return {check: canonical([finding(device, check, n) for n in range(2)])[1:-1] for check in sorted(checks)}


def finding(device: str, check: str, number: int) -> dict[str, Any]:
    return {"check": check, "device": device, "subject": f"port\n{number}", "status": "fail", "evidence": []}


def items(device: str) -> tuple[ItemsOfDevice, ...]:
    observed = canonical([{"device": device, "fact": "cpu", "status": "parsed", "rows": [], "evidence": ""}])[1:-1]
    return (
        ItemsOfDevice.of("observations", device, {"": observed}),
        ItemsOfDevice.of("findings", device, findings(device, "cpu", "memory")),
    )


def across(device: str) -> ItemsOfDevice:
    return ItemsOfDevice.of("findings", device, findings(device, "link", "a_first"), ACROSS)


def header(document: Document, run_id: str) -> dict[str, Any]:
    return {**document(run_id), "observations": None, "findings": None}


def begun(document: Document) -> RunHeader:
    """Header of a run in progress."""
    plain = {key: value for key, value in header(document, "").items() if key not in (*LISTS, "verdicts")}
    return HEADER.read_plain({**plain, "state": "interrupted"})


def stored(store: Store, clock: Clock, document: Document) -> Run:
    """A run whose devices arrive in any order."""
    run_id = store.begin("le-30-4", clock)
    for name in Random(4).sample(NAMES, len(NAMES)):
        store.keep_items(run_id, items(name))
    store.keep_items(run_id, [across(name) for name in ("", *NAMES[1:])])
    return store.finish(header(document, run_id))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row is written when it arrives."""
    monkeypatch.setattr("eventready.store.run_items._BATCH", 1)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 1000])
def test_rows_are_the_document_byte_for_byte(
    store: Store, clock: Clock, document: Document, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("eventready.store.run_items._BATCH", batch)
    run = stored(store, clock, document)
    whole = {
        **document(run.id),
        "previous": None,
        "observations": [
            {"device": name, "fact": "cpu", "status": "parsed", "rows": [], "evidence": ""} for name in sorted(NAMES)
        ],
        "findings": [
            finding(name, check, number)
            for name in ("", *sorted(NAMES))
            for check in ("a_first", "cpu", "link", "memory")
            if (check in {"cpu", "memory"} and name) or (check in {"a_first", "link"} and name != NAMES[0])
            for number in range(2)
        ],
    }
    sealed = Run.sealed(whole)
    for found in (run, store.get("latest")):
        assert b"".join(found.document.pieces()) == b"".join(sealed.document.pieces())
        assert json.loads(b"".join(found.json())) == dict(sealed.document)
    assert store.verify().intact


@pytest.mark.slow
def test_a_check_of_both_kinds_keeps_all_its_findings(store: Store, clock: Clock, document: Document) -> None:
    run_id = store.begin("le-30-4", clock)
    store.keep_items(run_id, items("a"))
    store.keep_items(run_id, [ItemsOfDevice.of("findings", "a", findings("a", "cpu"), ACROSS)])
    run = store.finish(header(document, run_id))
    assert [found.check for found in run.findings()] == ["cpu"] * 4 + ["memory"] * 2


def test_a_document_without_items_has_empty_lists(store: Store, clock: Clock, document: Document) -> None:
    run = store.finish(header(document, store.begin("le-30-4", clock)))
    assert run.intact()
    assert (run.document["findings"], run.document["observations"]) == ([], [])


BEGUN = """
    import sys, time
    from eventready.core.clock import Clock
    from eventready.store.store import Store
    from tests.store.conftest import _document
    from tests.store.test_run_items import begun, items
    from eventready.store import run_items
    run_items._BATCH = 1
    store = Store(sys.argv[1])
    clock = Clock.starting("2022-04-25 07:00")
    run_id = store.begin("le-30-4", clock, begun(_document))
    for name in ("b", "a"):
        store.keep_items(run_id, items(name))
    print(run_id, flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
def test_kill_9_leaves_an_interrupted_run_with_what_was_read(place: str) -> None:
    process = start(BEGUN, place)
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with Store(place) as store:
        run = store.get(run_id, interrupted=True)
        assert (run.id, run.document["state"]) == (run_id, "interrupted")
        assert [found.device for found in run.observations()] == ["a", "b"]
        for name in ("latest", run_id):
            with pytest.raises(UsageError):
                store.get(name)
        assert store.verify().intact


@pytest.mark.slow
def test_a_store_that_closes_keeps_what_was_read(place: str, clock: Clock, document: Document) -> None:
    with Store(place) as store:
        run_id = store.begin("le-30-4", clock, begun(document))
        store.keep_items(run_id, items("a"))
    with Store(place) as store:
        assert [found.device for found in store.get(run_id, interrupted=True).observations()] == ["a"]


@pytest.mark.usefixtures("at_once")
def test_a_run_taken_for_interrupted_and_pruned_is_not_finished_without_its_rows(
    place: str, clock: Clock, document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a run without a store is a file here
    with Store(place) as store, Store(place) as other:
        run_id = store.begin("le-30-4", clock, begun(document))
        store.keep_items(run_id, items("a"))
        assert other._interrupt([run_id]) == (run_id,)
        other.prune(clock, keep=1)
        with pytest.raises(StoreError, match="pruned"):
            store.finish(header(document, run_id))
        assert store.verify().intact


def altered(data: bytes) -> bytes:
    return zlib.compress(zlib.decompress(data).replace(b"fail", b"pass"))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (altered, "The document was altered"),
        (lambda _data: b"junk", "The document is damaged"),
        (lambda _data: zlib.compress(b"cpu {"), "The document is damaged"),
        (lambda _data: None, "The document was altered"),
    ],
    ids=["altered", "junk", "no JSON", "removed"],
)
def test_verify_names_a_run_with_an_altered_row(
    tmp_path: Path, clock: Clock, document: Document, harm: Callable[[bytes], bytes | None], words: str
) -> None:
    with Store(tmp_path / "e.db") as store:
        run = stored(store, clock, document)
        with sqlite3.connect(tmp_path / "e.db") as raw:
            where = "WHERE key = 'findings' AND device = 'zz' AND part = 0"
            (data,) = raw.execute(f"SELECT data FROM eventready_run_items {where}").fetchone()
            if (instead := harm(data)) is None:
                raw.execute(f"DELETE FROM eventready_run_items {where}")
            else:
                raw.execute(f"UPDATE eventready_run_items SET data = ? {where}", (instead,))
        raw.close()
        assert [(found.run, found.what) for found in store.verify().problems] == [(run.id, words)]


def test_a_run_pruned_while_it_is_read_is_no_empty_run(store: Store, clock: Clock, document: Document) -> None:
    old = stored(store, clock, document)
    left = store.begin("le-30-4", clock, begun(document))
    store.keep_items(left, items("a"))
    store.close()
    new = stored(store, clock, document)
    store.prune(clock, keep=1)
    with pytest.raises(StoreError, match="pruned"):
        list(old.findings())
    with store._database.reading() as session:
        assert set(session.scalars(text("SELECT run FROM eventready_run_items"))) == {new.id}
    with pytest.raises(UsageError):
        store.get(left)
    assert store.verify().intact


def test_rows_that_cannot_be_written_wait(
    tmp_path: Path, clock: Clock, document: Document, monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    def full(*_: object) -> None:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    with Store(tmp_path / "e.db") as store:
        run_id = store.begin("le-30-4", clock)
        store.keep_items(run_id, items("b"))
        with monkeypatch.context() as patch:
            patch.setattr("eventready.store.run_items._insert", full)
            store.keep_items(run_id, items("a"))
            with pytest.raises(StoreError) as caught:
                store.finish(header(document, run_id))
            assert "The run is in" in str(caught.value), "read from memory and the database"
        run = store.finish(header(document, run_id))
        assert [found.device for found in run.observations()] == ["a", "b"]
        assert store.verify().intact
