"""Waivers in force after the event: the deadline by which they are out of waivers.yaml."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eventready.core.errors import Exit
from tests.clauses.conftest import Call, deadlines_of, moment


def waived(folder: Path, *until: str, check: str = "uplink") -> None:
    """Write waivers of a finding with these last days."""
    entries = [{"check": check, "device": "r1", "by": "An", "reason": "spare part", "until": day} for day in until]
    (folder / "inventory" / "waivers.yaml").write_text(json.dumps({"waivers": entries}), encoding="utf-8")


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ("2022-04-25 07:00", "open"),
        ("2022-05-01 08:00", "near"),
        ("2022-05-02 00:01", "due"),
        ("2022-05-16 00:00", "due"),
        ("2022-05-16 00:01", "late"),
    ],
)
def test_a_waiver_after_the_last_window_is_a_deadline_with_fourteen_days(folder: Path, now: str, status: str) -> None:
    """The deadline is the end of the last window; the note names the last day and the person."""
    waived(folder, "2022-12-31")
    (found,) = deadlines_of("waiver", folder, now)
    assert (found.status, found.due) == (status, moment("2022-05-02 00:00"))
    assert found.title.render("en") == "Out of waivers.yaml: uplink r1 *"
    assert found.title.render("vi") == "Bỏ khỏi waivers.yaml: uplink r1 *"
    assert found.note is not None
    assert found.note.render("en") == (
        "waived until 31/12/2022 by An, longer than the event; late after 16/05/2022 00:00"
    )
    assert "lâu hơn sự kiện" in found.note.render("vi")


@pytest.mark.parametrize("day", ["2022-04-29", "2022-05-02"])
def test_a_waiver_that_ends_with_the_event_is_no_deadline(folder: Path, day: str) -> None:
    """The last day of the last window is within the event."""
    waived(folder, day)
    assert not deadlines_of("waiver", folder)


@pytest.mark.parametrize(("day", "status"), [("2022-05-10", "done"), ("2022-05-20", "done_late")])
def test_a_waiver_that_ended_by_itself_is_done(folder: Path, day: str, status: str) -> None:
    """The end of a waiver is the begin of the next day."""
    waived(folder, day)
    assert [one.status for one in deadlines_of("waiver", folder, "2022-06-01 07:00")] == [status]


def test_alike_waivers_are_one_deadline_and_others_have_their_own(folder: Path) -> None:
    """The longest of alike waivers counts, in any order; an event without windows has no deadline."""
    for days in (("2022-06-01", "2022-12-31", "2022-05-20"), ("2022-12-31", "2022-06-01")):
        waived(folder, *days)
        (found,) = deadlines_of("waiver", folder, "2022-06-10 07:00")
        assert found.status == "late"
    before = found.id
    waived(folder, "2022-12-31", check="optic")
    assert [one.id for one in deadlines_of("waiver", folder)] != [before]
    path = folder / "inventory" / "event.yaml"
    event = path.read_text(encoding="utf-8")
    kept = [line for line in event.splitlines() if not line.startswith(("windows:", "  - {kind:"))]
    path.write_text("\n".join(kept), encoding="utf-8")
    assert not deadlines_of("waiver", folder)


def test_duties_deadlines_ends_with_the_exit_code_of_a_late_waiver(folder: Path, call: Call) -> None:
    """Taking the waiver out mends the exit code."""
    waived(folder, "2022-12-31")
    shown = call("-o", "json", "duties", "deadlines", now="2022-05-16 00:01")
    assert shown.code == Exit.DEADLINE
    assert [one["status"] for one in json.loads(shown.out) if one["kind"] == "waiver"] == ["late"]
    waived(folder)
    assert not deadlines_of("waiver", folder)
