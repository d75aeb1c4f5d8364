"""Changes on record: durable before they are taken, locks that outlive a crash, and one who works on each."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from eventready.core.errors import RefusedError, StoreError, UsageError
from eventready.core.strings.json_text import canonical
from eventready.store import changes as changes_module
from eventready.store.change_steps import (
    Apply,
    Arm,
    Backup,
    ChangeHeader,
    Compare,
    DeviceOutcome,
    Done,
    Ended,
    GoBack,
    Precheck,
    StoredConfiguration,
)
from eventready.store.changes import Changes, StepEntry
from eventready.store.database.connection import Database
from eventready.store.evidence import PackedEvidence
from eventready.store.store import Store
from eventready.store.streams.journal import Journal

pytestmark = pytest.mark.slow

NEW, UNTOUCHED = DeviceOutcome.NEW, DeviceOutcome.UNTOUCHED
PLAN = b'{"approvals":[],"plan":{"id":"p-1","sha256":"ab"}}'
OPENING = ChangeHeader(by="an.nguyen", host="nms-1")


def begin(store: Store, change: str = "c-1", devices: tuple[str, ...] = ("core-1", "core-2")) -> Changes:
    store.changes.begin(change, event="le-30-4", plan=PLAN, devices=devices, header=OPENING)
    return store.changes


def test_a_change_from_its_beginning_to_its_end(store: Store) -> None:
    changes = begin(store)
    backup = PackedEvidence.of("hostname core-1\n")
    kept = StoredConfiguration("ab", (("show run", backup.name),))
    changes.record("c-1", StepEntry(Backup("core-1", kept), (backup,)))
    assert store.texts([backup.name]) == {backup.name: "hostname core-1\n"}, "there at once, not at the end of a run"
    changes.record("c-1", StepEntry(Done("core-1", NEW), releases_lock=True))
    assert [hold.device for hold in changes.locks()] == ["core-2"]
    changes.record("c-1", StepEntry(Done("core-2", UNTOUCHED), releases_lock=True))
    changes.finish("c-1", Ended("", 0, True, {"core-1": NEW, "core-2": UNTOUCHED}))
    record = changes.get("latest")
    assert [(step.device, step.step) for step in record.steps] == [
        ("", "begun"), ("core-1", "backup"), ("core-1", "done"), ("core-2", "done"), ("", "ended")
    ]  # fmt: skip
    assert (record.plan, record.entry.ended is not None, changes.locks()) == (PLAN, True, ())
    assert record.entry.outcomes == {"core-1": "new", "core-2": "untouched"}
    assert store.verify().problems == ()


def test_a_forged_outcome_is_refused_with_its_place(store: Store) -> None:
    begin(store, "c-1")
    with store._database.writing() as session:
        session.execute(text("""UPDATE eventready_change SET outcomes = '{"core-1": "gone"}'"""))
    with pytest.raises(StoreError, match=r"outcomes\.core-1"):
        store.changes.get("c-1")


def test_an_id_that_is_taken_is_drawn_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["20220425-070000-aaaa", "20220425-070000-bbbb"])
    monkeypatch.setattr(changes_module, "new_run_id", lambda _moment: next(drawn))
    begin(store, "c-20220425-070000-aaaa")
    assert store.changes.new_id(datetime(2022, 4, 25, 7, tzinfo=UTC)) == "c-20220425-070000-bbbb"


def test_the_second_engineer_is_reported_who_and_since_when(store: Store) -> None:
    changes = begin(store)
    with pytest.raises(RefusedError, match=r"core-2 is locked by change c-1, begun by an.nguyen on nms-1 at 20"):
        begin(store, "c-2", ("agg-1", "core-2"))
    assert [entry.id for entry in changes.entries()] == ["c-1"], "what was refused has left no trace"
    assert [hold.device for hold in changes.locks()] == ["core-1", "core-2"], "agg-1 is free"
    assert begin(store, "c-3", ("agg-1",)).locks()[0].since


def test_two_begin_at_once_and_one_gets_it(place: str) -> None:
    found: list[str] = []
    with Store(place) as one, Store(place) as other:
        gate = threading.Barrier(2)

        def go(store: Store, change: str) -> None:
            gate.wait()
            try:
                begin(store, change)
                found.append("begun")
            except RefusedError:
                found.append("refused")

        threads = [threading.Thread(target=go, args=pair) for pair in ((one, "c-1"), (other, "c-2"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == ["begun", "refused"]
        assert len(one.changes.entries()) == 1


_APPROVAL = {"by": "b", "key": "", "at": "", "signature": "s-binh"}
APPROVED = canonical({"plan": {"id": "p-1"}, "approvals": [_APPROVAL]})


def begin_approved(store: Store, change: str, device: str, seen: list[dict[str, str]]) -> None:
    """Begin a change with an approval that counts once."""

    def admit(used: Mapping[str, str]) -> None:
        seen.append(dict(used))
        if used:
            raise RefusedError("the approval is used up")

    header = replace(OPENING, plan="p-1")
    store.changes.begin(change, event="le-30-4", plan=APPROVED, devices=[device], header=header, admit=admit)


def test_a_refused_admission_leaves_nothing(store: Store) -> None:
    seen: list[dict[str, str]] = []
    begin_approved(store, "c-1", "core-1", seen)
    with pytest.raises(RefusedError, match="used up"):
        begin_approved(store, "c-2", "core-2", seen)
    assert seen == [{}, {"s-binh": "c-1"}] == [{}, store.changes.used_approvals("p-1")]
    assert [entry.id for entry in store.changes.entries()] == ["c-1"]
    assert [hold.device for hold in store.changes.locks()] == ["core-1"]
    assert store.verify().problems == (), "nothing of the refused change is in the journal"
    begin(store, "c-3", ("core-2",))


def test_two_use_an_approval_at_once_and_one_gets_it(place: str) -> None:
    """On other devices, so that no lock decides: the admission reads in the transaction that records."""
    found: list[str] = []
    with Store(place) as one, Store(place) as other:
        gate = threading.Barrier(2)

        def go(store: Store, change: str, device: str) -> None:
            gate.wait()
            try:
                begin_approved(store, change, device, [])
                found.append("begun")
            except RefusedError:
                found.append("refused")

        threads = [
            threading.Thread(target=go, args=given) for given in ((one, "c-1", "core-1"), (other, "c-2", "core-2"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == ["begun", "refused"]
        assert len(one.changes.entries()) == 1


def test_many_threads_share_transactions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one transaction is under way the others gather for the next."""
    changes = begin(store)
    transactions = 0
    under_way, all_wait = threading.Event(), threading.Event()
    writing = Database.writing

    @contextmanager
    def counted(self: Database) -> Iterator[Any]:
        nonlocal transactions
        transactions += 1
        under_way.set()
        assert all_wait.wait(20)
        with writing(self) as session:
            yield session

    monkeypatch.setattr(Database, "writing", counted)

    def note(number: int) -> None:
        changes.record("c-1", StepEntry(Apply("core-1", number)))

    first = threading.Thread(target=note, args=(0,))
    first.start()
    assert under_way.wait(20)
    others = [threading.Thread(target=note, args=(number,)) for number in range(1, 33)]
    for thread in others:
        thread.start()
    while len(changes._waiting) < 32:
        pass
    all_wait.set()
    for thread in (first, *others):
        thread.join()
    assert transactions == 2
    monkeypatch.undo()
    assert {step.body for step in changes.get("c-1").of("core-1")} == {Apply("core-1", number) for number in range(33)}
    assert store.verify().problems == ()


def test_what_cannot_be_recorded_is_an_error_for_everyone_who_waits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = begin(store)

    def full(*_: object) -> None:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    failures: list[str] = []

    def note(number: int) -> None:
        try:
            changes.record("c-1", StepEntry(Apply("core-1", number)))
        except StoreError as error:
            failures.append(error.what)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "write", full)
        threads = [threading.Thread(target=note, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == ["The disk is full"] * 8
    assert changes.get("c-1").of("core-1") == ()
    changes.record("c-1", StepEntry(Compare("core-1")))
    assert [step.step for step in changes.get("c-1").of("core-1")] == ["compare"], "when there is room again"


_CARRIER = """
    import sys, time
    from eventready.store.change_steps import ChangeHeader
    from eventready.store.change_steps import Arm
    from eventready.store.changes import StepEntry
    from eventready.store.store import Store
    with Store(sys.argv[1]) as store:
        header = ChangeHeader(by="an", host="nms-1")
        store.changes.begin("c-1", event="e", plan=b'{"plan":{}}', devices=["core-1"], header=header)
        with store.changes.exclusive("c-1"):
            store.changes.record("c-1", StepEntry(Arm("core-1", "inverse")))
            print("armed", flush=True)
            time.sleep(60)
"""


def test_kill_9_keeps_the_step_and_the_lock_and_lets_one_go_on(place: str) -> None:
    call = [sys.executable, "-c", textwrap.dedent(_CARRIER), place]
    with Store(place) as store, subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as carrier:
        assert carrier.stdout is not None
        assert carrier.stdout.readline() == "armed\n"
        assert store.changes.is_active("c-1")
        with (
            pytest.raises(RefusedError, match=r"c-1, begun by an on nms-1 at .*, is running in another process"),
            store.changes.exclusive("c-1"),
        ):
            pass
        os.kill(carrier.pid, 9)
        carrier.wait()
        assert not store.changes.is_active("c-1")
        assert [step.step for step in store.changes.get("c-1").steps] == ["begun", "arm"]
        with pytest.raises(RefusedError, match="--resume c-1"):
            begin(store, "c-2", ("core-1",))
        with store.changes.exclusive("c-1"), Store(place) as second:
            assert second.changes.is_active("c-1")


@pytest.mark.parametrize(
    ("name", "words"),
    [("c-", "is a prefix of 2 changes"), ("x", "There is no change 'x'"), ("", "There is no change ''")],
)
def test_names_that_do_not_serve(store: Store, name: str, words: str) -> None:
    with pytest.raises(UsageError, match="There is no recorded change"):
        store.changes.get("latest")
    begin(store, "c-1", ())
    begin(store, "c-20", ())
    assert store.changes.get("c-2").entry.id == "c-20"
    with pytest.raises(UsageError, match=words):
        store.changes.get(name)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("UPDATE eventready_change SET plan = 'x'", "The plan was altered (change c-1)"),
        ('UPDATE eventready_change SET header = \'{"by": "other"}\'', "was altered (change c-1)"),
        ("DELETE FROM eventready_change", "The change is missing (change c-1)"),
        ("DELETE FROM eventready_journal WHERE position = 2", "The last 1 change step(s) are missing"),
        ("UPDATE eventready_journal SET body = '{}' WHERE position = 2", "The change step number 2 (c-1) was altered"),
    ],
)
def test_verify_names_what_was_altered(tmp_path: Path, harm: str, words: str) -> None:
    with Store(tmp_path / "e.db") as store:
        begin(store).record("c-1", StepEntry(Arm("core-1", "inverse")))
        with store._database.writing() as session:
            session.execute(text(harm))
        assert any(words in problem.what for problem in store.verify().problems), store.verify().problems


def test_an_altered_plan_is_not_handed_out(tmp_path: Path) -> None:
    with Store(tmp_path / "e.db") as store:
        begin(store)
        with store._database.writing() as session:
            session.execute(text("UPDATE eventready_change SET plan = 'x'"))
        record = store.changes.get("c-1")
        assert (record.plan, record.altered, record.planned.plan.waves) == (b"", True, ())
        assert [step.step for step in record.steps] == ["begun"], "the journal suffices for a way back"


def test_a_device_is_at_work_from_its_arming_to_its_end(tmp_path: Path) -> None:
    """The watch leaves it alone for this time only; see `Changes.armed`."""
    with Store(tmp_path / "e.db") as store:
        changes = begin(store, devices=("core-1", "core-2"))
        found = []
        for step in (
            Precheck("core-1"),
            Arm("core-1", "inverse"),
            Apply("core-1", 3),
            Done("core-1", DeviceOutcome.UNPROVEN),
            GoBack("core-1"),
            Done("core-1", DeviceOutcome.OLD),
        ):
            changes.record("c-1", StepEntry(step))
            found.append([lock.device for lock in changes.armed()])
        assert found == [[], ["core-1"], ["core-1"], [], ["core-1"], []]
