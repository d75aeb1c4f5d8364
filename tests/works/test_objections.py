"""Objections: until when, of which works, and the mail that a person sends."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from icalendar import Calendar as Ics

from eventready.clauses.calendar import Calendar
from eventready.clauses.ics import to_ics
from eventready.clauses.objections import harmful, object_until, objection_mail, objections
from eventready.core.errors import UsageError
from eventready.core.messages import Bilingual
from eventready.workspace.settings.circuits import Circuits, Provider
from eventready.workspace.workspace import Workspace, load_workspace
from tests.works.notices import work
from tests.zones import TZ

NOW = datetime(2022, 4, 20, 9, tzinfo=TZ)
NIGHT = {"from": "2022-04-29 20:00", "to": "2022-04-29 21:00"}
PROVIDER = Provider(id="carrier.example", email="noc@carrier.example", object_days=2)


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load_workspace(Path(__file__).parents[2])


def test_the_days_are_working_days_of_the_provider() -> None:
    """Tuesday, 3/5, after a long weekend: the last two working days before are Friday, 29/4, and Thursday, 28/4."""
    calendar = Calendar()
    late = work(**{"from": "2022-05-04 01:00", "to": "2022-05-04 02:00"})
    assert object_until(late, PROVIDER, calendar) == datetime(2022, 4, 28, 17, tzinfo=TZ)
    assert object_until(late, PROVIDER.model_copy(update={"object_days": 0}), calendar) == late.start


@pytest.mark.parametrize(
    ("values", "moment", "status"),
    [
        ({}, NOW, "open"),
        ({}, NOW + timedelta(days=6), "near"),
        ({}, NOW + timedelta(days=8), "late"),
        ({}, NOW + timedelta(days=30), "over"),
        ({"status": "cancelled"}, NOW, "over"),
        ({"accepted": {"by": "An", "at": "2022-04-21 08:00"}}, NOW + timedelta(days=8), "done"),
        ({"accepted": {"by": "An", "at": "2022-04-29 08:00"}}, NOW + timedelta(days=9), "done_late"),
    ],
)
def test_the_deadline_of_an_objection(workspace: Workspace, values: Any, moment: datetime, status: str) -> None:
    own = Workspace(workspace.path, workspace.event, (), circuits=Circuits((PROVIDER,)))
    (found,) = objections(own, [work(**NIGHT, **values)], moment)
    assert (found.kind, found.status) == ("works", status)
    assert found.title.render("vi") == "Đề nghị dời carrier.example/WO-1 ngày 29/04/2022 20:00"


def test_works_with_a_finding_alone_are_objected_to() -> None:
    works = (work(), work("WO-10"), work("WO-2"))
    subjects = ["carrier.example/WO-1 + own/x hall 2022-04-29 19:00", "carrier.example/WO-2"]
    run: Any = SimpleNamespace(open_findings=lambda _having: [SimpleNamespace(subject=one) for one in subjects])
    own: Any = SimpleNamespace(works=works)
    assert harmful(own, run) == (works[0], works[2])
    assert harmful(own, None) == ()


def test_the_draft_of_a_mail(workspace: Workspace) -> None:
    found = work(**NIGHT, uid="w1", sequence=3, objects=["CKT-A"])
    harm = [Bilingual("mất Internet", "Internet lost")]
    data = objection_mail(found, harm, workspace.event, PROVIDER, NOW, lang="vi")
    made = message_from_bytes(data, policy=policy.default)
    assert made["To"] == "noc@carrier.example"
    assert made["X-Unsent"] == "1"
    text, reply = [part.get_content() for part in made.walk() if not part.is_multipart()]
    assert "- Đêm khai mạc: 29/04/2022 19:00 - 29/04/2022 23:00" in text
    assert "- mất Internet" in text
    assert "trước 27/04/2022 17:00" in text
    (entry,) = Ics.from_ical(reply).events
    assert (entry["UID"], entry["SEQUENCE"], entry["ATTENDEE"].params["PARTSTAT"]) == ("w1", 3, "DECLINED")
    with pytest.raises(UsageError, match="no address"):
        objection_mail(found, harm, workspace.event, Provider(id="x"), NOW, lang="en")


def test_works_stand_in_the_calendar(workspace: Workspace) -> None:
    works = [work(**NIGHT, objects=["CKT-A"]), work("WO-2", **NIGHT, status="cancelled")]
    entries = Ics.from_ical(to_ics((), workspace.event, NOW, works=works)).events
    assert [(str(one["SUMMARY"]), str(one["STATUS"])) for one in entries] == [
        ("carrier.example/WO-1", "CONFIRMED"), ("carrier.example/WO-2", "CANCELLED"),
    ]  # fmt: skip
    assert entries[0].start == works[0].start
