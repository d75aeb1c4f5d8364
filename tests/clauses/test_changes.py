"""Changes on record as clauses see them: only what reached every device and still stands is evidence."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from eventready.clauses.changes import ChangeOnRecord, changes_on_record
from eventready.clauses.event_record import EventRecord
from eventready.clauses.gather import gather
from eventready.clauses.proof import of_changes
from eventready.core.clock import Clock
from eventready.core.messages import message
from eventready.core.records import Stream
from eventready.core.strings.json_text import canonical
from eventready.store.change_steps import STREAM, ChangeHeader, Compare, DeviceOutcome, Emergency, Ended
from eventready.store.changes import StepEntry
from eventready.store.database.tables import JournalRow
from eventready.store.store import Store
from eventready.store.streams import journal
from eventready.workspace.workspace import Workspace, load_workspace
from tests.clauses.conftest import DUTIES, Call, Write, duty, moment

EMERGENCY = Emergency("INC-7", "Nguyễn Văn A", "Trần Thị B")
CLAUSE = """\
  - {id: "9.9", vi: Dự phòng, en: Backup, applies_to: all, owner: Lõi, deadline: T-3,
     proof: {changes: [backup]}}
"""


def store_change(
    folder: Path,
    change: str,
    outcomes: Mapping[str, str],
    *,
    intents: tuple[str, ...] = ("backup",),
    ended: bool = True,
    event: str = "le-30",
    rehearsal: bool = True,
    **header: Any,
) -> None:
    """Put a change into the workspace's store, as `apply` leaves it."""
    plan = {"plan": {"id": f"p-{change}", "intents": list(intents)}, "approvals": []}
    with Store.of_workspace(folder) as store:
        when: dict[str, Any] = {"event_time": "2022-04-24T20:00:00+07:00", "rehearsal": rehearsal}
        opening = ChangeHeader("an.nguyen", "nms-1", **when, **header)
        store.changes.begin(change, event=event, plan=canonical(plan), devices=(), header=opening)
        found = {device: DeviceOutcome(outcome) for device, outcome in outcomes.items()}
        store.changes.finish(change, Ended("", 0, ended, found))


def on_record(folder: Path) -> dict[str, ChangeOnRecord]:
    with Store.of_workspace(folder) as store:
        return {change.id: change for change in changes_on_record(store.changes, "le-30")}


def record_of(folder: Path, *, rehearsal: bool = True) -> EventRecord:
    return gather(load_workspace(folder), Clock(marked=rehearsal))


@pytest.mark.parametrize(
    ("outcomes", "ended", "status"),
    [
        ({"r1": "new", "r2": "new"}, True, "applied"),
        ({"r1": "new", "r2": "old"}, True, "partly"),
        ({"r1": "new", "r2": "untouched"}, True, "partly"),
        ({"r1": "old", "r2": "untouched"}, True, "not_applied"),
        ({}, True, "not_applied"),
        ({"r1": "new", "r2": "unproven"}, False, "open"),
        ({"r1": "new", "r2": "new"}, False, "open"),
    ],
)
def test_how_a_change_stands(folder: Path, outcomes: dict[str, str], ended: bool, status: str) -> None:
    store_change(folder, "c-1", outcomes, ended=ended)
    change = on_record(folder)["c-1"]
    assert change.status == status
    assert change.in_force is (status == "applied")


@pytest.mark.parametrize(
    ("approved_by", "planner_signed", "one_person"),
    [((), False, False), (("Bình",), False, True), (("Bình",), True, False)],
)
def test_an_approval_without_the_planners_key_may_be_of_one_person(
    folder: Path, *, approved_by: tuple[str, ...], planner_signed: bool, one_person: bool
) -> None:
    store_change(folder, "c-1", {"r1": "new"}, approved_by=approved_by, planner_signed=planner_signed)
    assert on_record(folder)["c-1"].one_person is one_person


def test_what_was_taken_back_is_no_evidence_and_neither_is_taking_back(folder: Path) -> None:
    store_change(folder, "c-1", {"r1": "new", "r2": "new"})
    assert on_record(folder)["c-1"].in_force
    store_change(folder, "c-2", {"r1": "new", "r2": "old"}, rolls_back="c-1")
    assert on_record(folder)["c-1"].status == "partly"
    store_change(folder, "c-3", {"r1": "new", "r2": "new"}, rolls_back="c-1")
    changes = on_record(folder)
    assert (changes["c-1"].status, changes["c-3"].status) == ("rolled_back", "applied")
    assert not any(change.in_force for change in changes.values())


def test_a_rollback_that_took_nothing_back_changes_nothing(folder: Path) -> None:
    store_change(folder, "c-1", {"r1": "new"})
    store_change(folder, "c-2", {"r1": "old", "r2": "untouched"}, rolls_back="c-1")
    changes = on_record(folder)
    assert (changes["c-1"].status, changes["c-2"].status) == ("applied", "not_back")
    assert changes["c-2"].states == {"r1": "with_change", "r2": "with_change"}


def test_every_intent_of_the_plan_counts(folder: Path) -> None:
    store_change(folder, "c-1", {"r1": "new"}, intents=("backup", "priority"))
    found = of_changes(duty(changes=("backup", "priority", "other")), record_of(folder).changes)
    assert ([piece.ref for piece in found.evidence], len(found.missing)) == (["c-1", "c-1"], 1)


def test_a_clause_is_done_by_a_change_and_undone_by_its_rollback(write: Write) -> None:
    folder = write(duties=DUTIES + CLAUSE)
    workspace: Workspace = load_workspace(folder)

    def status() -> str:
        states = record_of(folder).clauses(workspace, moment("2022-04-25 07:00"))
        return next(state.state for state in states if state.duty.id == "9.9")

    assert status() == "not_done"
    store_change(folder, "c-1", {"r1": "new"})
    assert status() == "done"
    store_change(folder, "c-2", {"r1": "new"}, rolls_back="c-1")
    assert status() == "not_done"


def test_the_command_names_the_change(write: Write, call: Call) -> None:
    folder = write(duties=DUTIES + CLAUSE)
    store_change(folder, "c-1", {"r1": "new"})
    assert "backup applied" in call("-o", "json", "duties").out


def test_a_change_of_a_rehearsal_counts_in_rehearsals_only(folder: Path) -> None:
    store_change(folder, "c-1", {"r1": "new"})
    store_change(folder, "c-2", {"r1": "new"}, rehearsal=False)
    assert [one.id for one in record_of(folder).changes] == ["c-1", "c-2"]
    real = record_of(folder, rehearsal=False)
    assert [one.id for one in real.changes] == ["c-2"]
    assert message("clauses:record.rehearsals_left_out", n=1) in real.notices


def test_another_event_s_changes_prove_nothing_here(folder: Path) -> None:
    store_change(folder, "c-1", {"r1": "new"}, event="another")
    assert not on_record(folder)


def test_an_emergency_stands_there_with_its_names_and_ticket(folder: Path) -> None:
    store_change(folder, "c-1", {"r1": "new"}, emergency=EMERGENCY)
    change = on_record(folder)["c-1"]
    assert change.emergency_note is not None
    assert change.emergency_note.render("en") == "EMERGENCY: Nguyễn Văn A and Trần Thị B, ticket INC-7"
    assert change.emergency_note.render("vi") == "KHẨN CẤP: Nguyễn Văn A và Trần Thị B, phiếu INC-7"
    assert change.ended is not None
    assert change.ended >= change.began
    assert change.began.isoformat().startswith("2022-04-24T20:00")


@pytest.mark.parametrize("command", [("duties",), ("report", "weekly", "--format", "md", "--out", "-")])
def test_a_command_reads_the_first_step_of_each_change_once(
    write: Write, call: Call, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    folder = write(duties=DUTIES + CLAUSE)
    for number in range(3):
        store_change(folder, f"c-{number}", {"r1": "new"})
        with Store.of_workspace(folder) as store:
            store.changes.record(f"c-{number}", *(StepEntry(Compare("r1")) for _ in range(20)))
    read: list[str] = []
    decode = journal._entry

    def counted(stream: Stream[Any], row: JournalRow) -> journal.JournalEntry[Any]:
        if row.stream == STREAM.name:
            read.append(row.key)
        return decode(stream, row)

    monkeypatch.setattr(journal, "_entry", counted)
    call(*command)
    assert read == ["c-0", "c-1", "c-2"]


def test_an_altered_change_proves_nothing_and_is_reported(folder: Path) -> None:
    store_change(folder, "c-1", {"r1": "new"})
    with sqlite3.connect(folder / ".eventready" / "eventready.db") as connection:
        connection.execute("update eventready_change set plan = x'00'")
    record = record_of(folder)
    assert record.changes == ()
    (notice,) = record.notices
    assert not isinstance(notice, str)
    assert "damaged or was altered" in notice.render("en")
