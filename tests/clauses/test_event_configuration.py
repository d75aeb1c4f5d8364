"""Lines that a plan set for the event: the deadline by which they are off the devices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eventready.clauses.gather import gather
from eventready.core.clock import Clock
from eventready.core.strings.json_text import canonical
from eventready.store.change_steps import ChangeHeader, DeviceOutcome, Ended
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.workspace.workspace import load_workspace
from tests.clauses.conftest import Call, deadlines_of, moment

END = "2022-04-29T23:00:00+07:00"


def stored(
    folder: Path, change: str, outcomes: dict[str, str], *, plan: str = "p-1", until: str = END, **header: Any
) -> None:
    """Put a change into the workspace's store, with the end of its lines."""
    summary: dict[str, Any] = {"id": plan, "intents": ["backup"], "sha256": "ab" * 32}
    if until:
        summary["until"] = {"at": until, "window": "event"}
    with Store.of_workspace(folder) as store:
        opening = ChangeHeader("an", "nms-1", plan, event_time="2022-04-24T20:00:00+07:00", rehearsal=True, **header)
        store.changes.begin(
            change, event="le-30", plan=canonical({"plan": summary, "approvals": []}), devices=(), header=opening
        )
        found = {device: DeviceOutcome(outcome) for device, outcome in outcomes.items()}
        store.changes.finish(change, Ended("", 0, True, found))


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ("2022-04-25 07:00", "open"),
        ("2022-04-27 08:00", "near"),
        ("2022-04-30 07:00", "due"),
        ("2022-05-13 23:00", "due"),
        ("2022-05-13 23:01", "late"),
    ],
)
def test_the_end_is_a_deadline_with_fourteen_days(folder: Path, now: str, status: str) -> None:
    """The note names the devices and the command."""
    stored(folder, "c-1", {"r2": "new", "r10": "new", "r3": "old", "r4": "by_hand"})
    (found,) = deadlines_of("configuration", folder, now)
    assert (found.id, found.status, found.due) == ("configuration-p-1", status, moment("2022-04-29 23:00"))
    assert found.title.render("en") == "Off the devices: backup of p-1"
    assert found.note is not None
    assert found.note.render("en") == ("on r2, r4 and r10; late after 13/05/2022 23:00: `eventready plan --remove p-1`")
    assert "còn trên r2, r4 và r10" in found.note.render("vi")


def test_lines_that_are_gone_are_done(folder: Path) -> None:
    """By a rollback, or by a removal of the plan; by a part of the devices they are not."""
    stored(folder, "c-1", {"r1": "new", "r2": "old"})
    stored(folder, "c-2", {"r2": "new"})
    stored(folder, "c-3", {"r1": "new"}, plan="p-3", until="", rolls_back="c-1")
    (found,) = deadlines_of("configuration", folder, "2022-05-20 07:00")
    assert (found.status, found.note and found.note.render("en")[:6]) == ("late", "on r2;")
    stored(folder, "c-4", {"r2": "new"}, plan="p-4", until="", removes="p-1")
    (found,) = deadlines_of("configuration", folder, "2022-05-20 07:00")
    assert (found.status, found.note) == ("done", None)
    stored(folder, "c-5", {"r2": "new"}, plan="p-5", until="", rolls_back="c-4")
    assert deadlines_of("configuration", folder, "2022-05-20 07:00")[0].status == "late"


def test_no_deadline_without_lines(folder: Path) -> None:
    """Of a plan without an end, and of a change that reached no device."""
    stored(folder, "c-1", {"r1": "new"}, until="")
    stored(folder, "c-2", {"r1": "old", "r2": "untouched"}, plan="p-2")
    assert deadlines_of("configuration", folder) == []


def test_a_removal_proves_no_clause(folder: Path) -> None:
    """It is applied, and its intents are gone."""
    stored(folder, "c-1", {"r1": "new"})
    stored(folder, "c-2", {"r1": "new"}, plan="p-2", until="", removes="p-1")
    first, second = gather(load_workspace(folder), Clock(marked=True)).changes
    assert (first.status, second.status) == ("rolled_back", "applied")
    assert not first.in_force
    assert not second.in_force


def test_the_list_and_the_change_name_the_end(folder: Path, call: Call) -> None:
    """For people and for programs."""
    stored(folder, "c-1", {"r1": "new"})
    rows = json.loads(call("-o", "json", "duties", "deadlines").out)
    (row,) = [row for row in rows if row["kind"] == "configuration"]
    assert (row["id"], row["due"]) == ("configuration-p-1", "2022-04-29T23:00+07:00")
    assert "off the devices by 29/04/2022 23:00 (end of event)" in call("--lang", "en", "changes", "show", "c-1").out


def audited(folder: Path, present: int | None, status: str = "", at: str = "2022-05-03T07:00:00+07:00") -> None:
    """Store an audit with the number of lines of the plan on r1; None for an unread device."""
    clock = Clock.starting("2022-05-03 07:00")
    row = {"plan": "p-1", "ended": END, "present": present, "changed": 0, "absent": 0}
    unread = {"device": "r1", "fact": "event_configuration", "status": "unreachable", "reason": "no answer"}
    read = {"device": "r1", "fact": "event_configuration", "status": "parsed", "rows": [row]}
    waived = {"check": "event_configuration", "device": "r1", "subject": "p-1", "status": status}
    with Store.of_workspace(folder) as store:
        name = store.begin("le-30", clock)
        store.finish(
            {
                **{"schema": SCHEMA, "id": name, "event": "le-30", "started": at, "finished": at},
                "devices": [{"name": device.name, "reachable": True} for device in load_workspace(folder).devices],
                "clock": {"event": at, "rehearsal": True},
                "observations": [unread if present is None else read],
                "findings": [waived] if status else [],
            }
        )


@pytest.mark.parametrize(
    ("present", "status", "found"),
    [(0, "", "done_late"), (2, "", "late"), (None, "", "late"), (2, "warn", "late"), (2, "waived", "done_late")],
)
def test_an_audit_after_the_event_decides(folder: Path, present: int | None, status: str, found: str) -> None:
    """Lines taken away by hand are gone, waived lines stay by the word of a person; an unread device has them."""
    stored(folder, "c-1", {"r1": "new"})
    audited(folder, present, status, "2022-05-20T07:00:00+07:00")
    assert [one.status for one in deadlines_of("configuration", folder, "2022-05-21 07:00")] == [found]


def test_an_audit_before_the_last_change_decides_nothing(folder: Path) -> None:
    """The lines were put on the device after it."""
    audited(folder, 0, at="2022-04-20T07:00:00+07:00")
    stored(folder, "c-1", {"r1": "new"})
    assert [one.status for one in deadlines_of("configuration", folder, "2022-05-21 07:00")] == ["late"]
