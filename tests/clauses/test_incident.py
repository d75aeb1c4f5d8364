"""An incident is what its log says, and its notices have limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from eventready.core.errors import UsageError
from eventready.incidents.incident import (
    ADDRESSEES,
    HOWS,
    STAGES,
    Action,
    Addressee,
    How,
    Incident,
    IncidentLogEntry,
    Notice,
    replay,
)
from eventready.incidents.log import Given, Report, find, incidents, open_incident, update_incident
from eventready.incidents.text import incident_lines, incident_plain
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry
from eventready.workspace.settings.event import NoticeLimits
from eventready.workspace.workspace import Workspace
from tests.clauses.conftest import clock, moment

NOW = moment("2022-04-29 19:00")
LIMITS = NoticeLimits()
OPENED = IncidentLogEntry(
    NOW,
    "Trực ca",
    began=NOW,
    noticed=NOW,
    venue="hall",
    place="Hội trường",
    services=("mobile",),
    kind="outage",
    summary="Đứt cáp",
)


def notice(to: Addressee, minutes: int, how: How = "phone", *, final: bool = False) -> Notice:
    """A notice that was given so many minutes after it was noticed."""
    return Notice(to, "X", "A", NOW + timedelta(minutes=minutes), how, final)


def _replayed(log: Iterable[tuple[str, IncidentLogEntry]]) -> tuple[Incident, ...]:
    return replay(JournalEntry("incident", position, key, "", body, "") for position, (key, body) in enumerate(log, 1))


def status(notices: Sequence[Notice], minutes: int, limits: NoticeLimits = LIMITS) -> dict[tuple[str, str], str]:
    """How each notice stands so many minutes after the incident was noticed."""
    incident = _replayed([("SC-1", OPENED), ("SC-1", IncidentLogEntry(NOW, "A", notices=tuple(notices)))])[0]
    demands = incident.demands(limits, NOW + timedelta(minutes=minutes))
    return {(demand.to, demand.stage): demand.status for demand in demands}


@pytest.mark.parametrize(("stage", "minutes"), [("first", 30), ("written", 120), ("final", 1440)])
def test_the_limits(stage: str, minutes: int) -> None:
    for to in ADDRESSEES:
        assert status([], minutes)[to, stage] == "waiting"
        assert status([], minutes + 1)[to, stage] == "overdue"


@pytest.mark.parametrize(
    ("given", "stage", "expected"),
    [
        (notice("department", 30), "first", "given"),
        (notice("department", 31), "first", "late"),
        (notice("department", 10, "in_person"), "first", "given"),
        (notice("department", 10, "email"), "first", "overdue"),  # by telephone, says the rule
        (notice("department", 10, "email"), "written", "given"),
        (notice("department", 121, "letter"), "written", "late"),
        (notice("department", 10), "written", "overdue"),
        (notice("department", 130, "email"), "final", "overdue"),
        (notice("department", 130, "email", final=True), "final", "given"),
        (notice("department", 100, "email", final=True), "written", "given"),
        (notice("police", 10), "first", "overdue"),  # the other one was told
    ],
)
def test_which_notice_serves(given: Notice, stage: str, expected: str) -> None:
    assert status([given], 2000)["department", stage] == expected


def test_limits_are_the_workspace_s() -> None:
    tight = NoticeLimits(first=10, written=20, final=30)
    assert status([], 11, tight)["police", "first"] == "overdue"
    with pytest.raises(ValidationError, match="must ascend"):
        NoticeLimits(first=60, written=30)


def test_the_earliest_notice_counts() -> None:
    assert status([notice("police", 50), notice("police", 20)], 60)["police", "first"] == "given"


def test_a_record_of_everything(workspace: Workspace) -> None:
    with Store.of_workspace(workspace.path) as store:
        report = Report("Trực ca", summary="Đứt cáp", venue="hall", services=("mobile", "internet"), subscribers=900)
        made = open_incident(report, workspace.event, store, clock("2022-04-29 19:00"))
        assert (made.id, made.place, made.kind, made.restored) == ("SC-20220429-01", "Hội trường", "outage", None)
        found = Report(
            "Trực ca", notices=(Given("department", "phone"), Given("police", "phone")), actions=("Gọi đội",)
        )
        update_incident("latest", found, workspace.event, store, clock("2022-04-29 19:20"))
        ended = Report("NOC", cause="Máy xúc", restored=moment("2022-04-29 20:00"), subscribers=1200)
        last = update_incident("01", ended, workspace.event, store, clock("2022-04-29 20:10"))
        assert incidents(store) == (last,)
    assert (last.summary, last.cause, last.subscribers) == ("Đứt cáp", "Máy xúc", 1200)
    assert last.restored == moment("2022-04-29 20:00")
    assert [(n.to, n.recipient, n.how) for n in last.notices] == [
        ("department", "Sở Thông tin và Truyền thông", "phone"),
        ("police", "Công an phường", "phone"),
    ]
    assert [(action.by, action.text) for action in last.actions] == [("Trực ca", "Gọi đội")]
    assert (last.by, last.entries) == ("Trực ca", 3)
    assert last.rehearsal


def test_names_count_by_the_day_it_began(workspace: Workspace) -> None:
    with Store.of_workspace(workspace.path) as store:
        report = Report("A", summary="x", venue="hall", services=("mobile",))
        names = [
            open_incident(report, workspace.event, store, clock(at)).id
            for at in ("2022-04-29 19:00", "2022-04-29 23:50", "2022-04-30 00:10")
        ]
        assert names == ["SC-20220429-01", "SC-20220429-02", "SC-20220430-01"]
        yesterday = Report("A", summary="x", venue="hall", services=("mobile",), began=moment("2022-04-29 23:59"))
        assert open_incident(yesterday, workspace.event, store, clock("2022-04-30 01:00")).id == "SC-20220429-03"
        known = incidents(store)
        assert find("02", known).id == "SC-20220429-02"
        assert find("sc-20220430-01", known).id == "SC-20220430-01"
        for wrong, output in (("01", "is the end of 2 names"), ("SC-20220430-02", "Did you mean"), ("", "no incident")):
            with pytest.raises(UsageError) as caught:
                find(wrong, known)
            assert output in str(caught.value)
        with pytest.raises(UsageError) as caught:
            find("01", known)
        assert "Hãy nêu một trong SC-20220429-01, SC-20220430-01." in caught.value.render("vi")


GOOD = Report("A", summary="x", venue="hall", services=("mobile",))
BAD: Mapping[str, tuple[dict[str, Any], str]] = {
    "nobody": ({"by": " "}, "who reports it. Give --by"),
    "nothing": ({"summary": "\x00 "}, "what happened. Give --summary"),
    "nowhere": ({"venue": None}, "the place of the incident is missing. Give --venue or --place"),
    "no such venue": ({"venue": "hal"}, "Did you mean 'hall'"),
    "no service": ({"services": ()}, "the affected service is missing"),
    "fewer than nobody": ({"subscribers": -1}, "-1 subscribers cannot be"),
    "too many": ({"subscribers": 10**12}, "cannot be"),
    "tomorrow": ({"began": moment("2022-04-30 19:00")}, "lies ahead"),
    "noticed before": ({"began": NOW, "noticed": NOW - timedelta(minutes=5)}, "noticed before that"),
    "restored before": ({"restored": NOW - timedelta(minutes=5), "began": NOW}, "restored before that"),
    "restored tomorrow": ({"restored": moment("2022-04-30 19:00")}, "lies ahead"),
    "told before": (
        {"began": NOW, "notices": (Given("police", "phone", at=NOW - timedelta(minutes=1)),)},
        "notice was given before that",
    ),
    "told tomorrow": ({"notices": (Given("police", "phone", at=moment("2022-04-30")),)}, "lies ahead"),
    "no police known": ({"venue": "square", "notices": (Given("police", "phone"),)}, "names no police station"),
    "a final word": ({"notices": (Given("police", "phone", final=True),)}, "given in writing"),
    "a book": ({"cause": "x" * 5000}, "more than 4,000"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_hold_is_not_recorded(workspace: Workspace, name: str) -> None:
    from dataclasses import replace

    change, output = BAD[name]
    with Store.of_workspace(workspace.path) as store:
        with pytest.raises(UsageError) as caught:
            open_incident(replace(GOOD, **change), workspace.event, store, clock("2022-04-29 19:00"))
        assert output in str(caught.value)
        assert incidents(store) == ()


def test_an_update_of_nothing_is_not_recorded(workspace: Workspace) -> None:
    with Store.of_workspace(workspace.path) as store:
        at = clock("2022-04-29 19:00")
        with pytest.raises(UsageError, match="no incident is on record"):
            update_incident("latest", Report("A", cause="x"), workspace.event, store, at)
        open_incident(GOOD, workspace.event, store, at)
        for report, output in (
            (Report("A"), "nothing is said"),
            (Report("A", restored=moment("2022-04-29 18:00")), "restored before that"),
        ):
            with pytest.raises(UsageError, match=output):
                update_incident("latest", report, workspace.event, store, at)
        assert incidents(store)[0].entries == 1


def test_numbers_in_what_people_wrote_are_masked(workspace: Workspace) -> None:
    report = Report(
        "Ông A 0912345678", summary="gọi 0912345678", venue="hall", services=("mobile",), actions=("0912345678",),
        cause="0912345678", notices=(Given("police", "phone", "Ông B 0912345678"),),
    )  # fmt: skip
    with Store.of_workspace(workspace.path) as store:
        made = open_incident(report, workspace.event, store, clock("2022-04-29 19:00"))
    demands = made.demands(LIMITS, NOW)
    assert "0912345678" in repr(made)
    assert "345678" not in "\n".join(incident_lines(made, workspace.event, demands, "vi"))
    assert "345678" not in repr(incident_plain(made, demands))


def test_the_log_outlives_the_process(workspace: Workspace) -> None:
    for _ in range(2):
        with Store.of_workspace(workspace.path) as store:
            open_incident(GOOD, workspace.event, store, clock("2022-04-29 19:00"))
    with Store.of_workspace(workspace.path) as store:
        assert [incident.id for incident in incidents(store)] == ["SC-20220429-01", "SC-20220429-02"]
        assert store.verify().intact


# Replaying: nothing that was recorded is lost, and incidents do not mix.

UPDATES = st.builds(
    IncidentLogEntry,
    at=st.just(NOW),
    by=st.sampled_from(["A", "B"]),
    cause=st.sampled_from(["", "x", "y"]),
    subscribers=st.none() | st.integers(0, 9),
    restored=st.sampled_from([None, NOW + timedelta(hours=1)]),
    services=st.sampled_from([(), ("wifi",)]),
    actions=st.lists(st.just(Action(NOW, "A", "z")), max_size=2).map(tuple),
    notices=st.lists(
        st.builds(notice, st.sampled_from(ADDRESSEES), st.integers(0, 99), st.sampled_from(HOWS)), max_size=2
    ).map(tuple),
)
LOGS = st.lists(st.tuples(st.sampled_from(["SC-1", "SC-2"]), UPDATES), max_size=12)


@given(LOGS)
def test_replay_keeps_everything_and_mixes_nothing(log: list[tuple[str, IncidentLogEntry]]) -> None:
    entries = [("SC-1", OPENED), ("SC-2", replace(OPENED, venue="square")), *log]
    found = {incident.id: incident for incident in _replayed(entries)}
    assert list(found) == ["SC-1", "SC-2"]
    for key, incident in found.items():
        own = [body for name, body in entries if name == key]
        assert incident.entries == len(own)
        assert len(incident.actions) == sum(len(body.actions) for body in own)
        assert len(incident.notices) == sum(len(body.notices) for body in own)
        causes = [body.cause for body in own if body.cause]
        assert incident.cause == (causes[-1] if causes else "")
        assert (incident.restored is not None) is any(body.restored for body in own)
        # The same alone as among others.
        assert _replayed([entry for entry in entries if entry[0] == key]) == (incident,)


@given(LOGS, st.integers(0, 3000))
def test_a_notice_more_makes_none_overdue(log: list[tuple[str, IncidentLogEntry]], minutes: int) -> None:
    entries = [("SC-1", OPENED), *(("SC-1", body) for _, body in log)]
    now = NOW + timedelta(minutes=minutes)
    incident = _replayed(entries)[0]
    before = {(d.to, d.stage) for d in incident.overdue(LIMITS, now)}
    more = IncidentLogEntry(NOW, "A", notices=(notice("police", 5),))
    after = {(d.to, d.stage) for d in _replayed([*entries, ("SC-1", more)])[0].overdue(LIMITS, now)}
    assert after <= before
    assert len(incident.demands(LIMITS, now)) == len(STAGES) * len(ADDRESSEES)


def test_a_notice_serves_no_stage_twice() -> None:
    assert Notice("police", "x", "A", NOW, "email").serves("first") is False
