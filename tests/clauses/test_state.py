"""A clause is done with evidence and nothing against it, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from eventready.clauses import proof
from eventready.clauses.attestations.attestation import Attachment, Attestation
from eventready.clauses.changes import ChangeOnRecord
from eventready.clauses.event_record import EventRecord
from eventready.clauses.proof import ClauseState, State
from eventready.core.messages import message
from eventready.delivery.mail.delivery_log import SentDocument
from eventready.incidents.incident import Incident, Notice
from eventready.roster.finding import Gap, RosterFinding, RosterReport
from eventready.store.run import Run
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.duties import ROSTER_ROLES, Duty, Proof
from eventready.workspace.settings.event import Event, Police
from eventready.workspace.settings.forms import load_forms
from eventready.workspace.workspace import Workspace
from tests.clauses.conftest import EXAMPLE_FORMS, duty, moment, run_of

NOW = moment("2022-04-25 07:00")
FORMS = load_forms(EXAMPLE_FORMS)
EVENT = Event.model_validate(
    {
        "id": "le-30",
        "name": "The festival",
        "operator": "both",
        "recipient": {"name": "Department", "email": "desk@example.org"},
        "venues": [{"id": "hall", "name": "Hall", "services": ["mobile"], "police": {"name": "Police"}}],
        "weekly_report": {"cut_off": "11:30", "latest": "12:00", "first": "2022-04-11", "last": "2022-05-02"},
        "duty_list_before": "2022-04-28 00:00",
    }
)
#: From bad to good; what does not apply is as good as done.
RANK: dict[State, int] = {"not_done": 0, "in_progress": 1, "done": 2, "not_applicable": 2}
ALL_ROLES = ("leadership", "command", "shift", "emergency", "operations")


def state(of: Duty, run: Run | None = None, now: datetime = NOW, event: Event = EVENT, **records: Any) -> ClauseState:
    """How one clause stands."""
    from pathlib import Path

    workspace = Workspace(Path(), event, records.pop("devices", ()), (of,), forms=FORMS)
    return EventRecord(run, **records).clauses(workspace, now)[0]


def change(intent: str, name: str) -> ChangeOnRecord:
    """A change that was applied everywhere."""
    return ChangeOnRecord(name, (intent,), NOW, NOW, "applied")


def signed(clause: str = "9.9", document: str = "", **more: Any) -> Attestation:
    """An attestation."""
    return Attestation("Nguyễn A", "đã ký", NOW, document, id="A-0001", clause=clause, recorded=NOW, **more)


def roster(*gaps: Gap, findings: tuple[RosterFinding, ...] = ()) -> RosterReport:
    """A roster's report."""
    return RosterReport(NOW, moment("2022-05-02 00:00"), findings, gaps, {})


GAP = Gap("LD", NOW, moment("2022-04-25 07:30"), 0, 1)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((), "not_done"),
        (("pass",), "done"),
        (("pass", "waived"), "done"),
        (("pass", "waived blind"), "done"),
        (("pass", "waived not_measured"), "in_progress"),
        (("waived",), "not_done"),
        (("pass", "warn"), "in_progress"),
        (("pass", "fail"), "in_progress"),
        (("pass", "not_measured"), "in_progress"),
        (("fail",), "not_done"),
        (("not_measured",), "not_done"),
    ],
)
def test_checks(statuses: tuple[str, ...], expected: str) -> None:
    run, words = run_of(*(status.split()[0] for status in statuses)), [one.partition(" ")[2] for one in statuses]
    findings = [
        {**finding, "was": "not_measured" if word else "", "blind": word == "blind"}
        for finding, word in zip(run.document["findings"], words, strict=True)
    ]
    assert state(duty(checks=("cpu",)), Run.of({**run.document, "findings": findings})).state == expected


def test_every_venue_of_a_clause_needs_a_pass() -> None:
    clause, whole = duty(checks=("cpu",), venues=("hall", "temple")), run_of("pass", "pass")
    first, second = whole.document["findings"]
    first["venues"], second["venues"] = ["hall"], ["temple"]
    assert state(clause, Run.of({**whole.document, "findings": [first, second]})).state == "done"
    found = state(clause, Run.of({**whole.document, "findings": [first, first]}))
    assert (found.state, found.reason.render("en")) == ("in_progress", "none of its checks passes at temple")
    assert found.reason.render("vi") == "chưa có nội dung kiểm tra nào đạt tại temple"


def test_no_run_is_no_evidence() -> None:
    found = state(duty(checks=("cpu",)), None)
    assert (found.state, found.evidence) == ("not_done", ())
    assert found.reason.render("vi") == "chưa có lần kiểm tra thiết bị nào"


def test_a_run_of_another_event_proves_nothing() -> None:
    assert state(duty(checks=("cpu",)), run_of("pass", event="tet")).state == "not_done"


def test_an_interrupted_run_does_not_finish_a_clause() -> None:
    assert state(duty(checks=("cpu",)), run_of("pass", state="interrupted")).state == "in_progress"


def test_an_audit_of_some_devices_does_not_finish_a_clause_of_all() -> None:
    clause, queries = duty(checks=("cpu",)), run_of("pass")
    queries.document["devices"].append({"name": "r0", "venues": ["hall"]})
    r0, r1 = (Device(name, "router", "frr", "192.0.2.1", venues=("hall",)) for name in ("r0", "r1"))
    assert state(clause, queries, devices=(r0,)).state == "done"
    found = state(clause, queries, devices=(r0, r1))
    assert (found.state, found.reason.render("en")) == ("in_progress", "the latest audit leaves 1 device out (r1)")
    assert found.reason.render("vi") == "lần kiểm tra gần nhất không gồm 1 thiết bị (r1)"
    elsewhere = replace(r1, venues=("temple",))
    assert state(duty(checks=("cpu",), venues=("hall",)), queries, devices=(r0, elsewhere)).state == "done"


def test_checks_of_something_else_prove_nothing() -> None:
    found = state(duty(checks=("radio",)), run_of("pass", check="cpu"))
    assert (found.state, found.reason.render("en")) == ("not_done", "the latest audit has none of its checks")


def test_only_the_checks_of_duties_yaml_concern_a_clause() -> None:
    clause = duty("1.2a", documents=("maintenance-minutes",))
    attested = (signed("1.2a", "maintenance-minutes"),)
    assert state(clause, run_of("fail", duties=["1.2a"]), attestations=attested).state == "done"
    named = duty("1.2a", checks=("*",), documents=("maintenance-minutes",))
    assert state(named, run_of("fail", duties=[]), attestations=attested).state == "in_progress"


def test_a_clause_of_one_venue_hears_of_no_other() -> None:
    clause = duty(checks=("radio",), venues=("hall",))
    here: dict[str, Any] = {"venues": ["hall", "square"]}
    there: dict[str, Any] = {"venues": ["square"]}
    assert state(clause, run_of("pass", check="radio", **here)).state == "done"
    assert state(clause, run_of("fail", check="radio", **here)).state == "not_done"
    assert (
        state(clause, run_of("pass", check="radio", **there)).reason.render("en")
        == "the latest audit has none of its checks"
    )
    # A finding without a venue is where its device is.
    run = run_of("pass", check="radio")
    placed = Run.of({**run.document, "devices": [{"name": "r0", "venues": ["hall"]}]})
    assert (state(clause, run).state, state(clause, placed).state) == ("not_done", "done")


@pytest.mark.parametrize("proof", [{"checks": ("cpu",)}, {"changes": ("backup",)}, {"roster": ("leadership",)}])
def test_what_devices_prove_cannot_be_signed_for(proof: dict[str, Any]) -> None:
    attested = (signed(files=(Attachment("x.pdf", "0" * 64, 1),)), signed(document="cpu"))
    found = state(duty(**proof), None, attestations=attested)
    assert (found.state, found.evidence) == ("not_done", ())


def test_a_check_is_held_against_the_names_of_a_clause_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def compared(check: str, glob: str) -> bool:
        calls.append(check)
        return fnmatchcase(check, glob)

    monkeypatch.setattr(proof, "fnmatchcase", compared)
    clause = duty(checks=("once_*",))
    assert state(clause, run_of(*["pass"] * 50, check="once_only")).state == "done"
    assert state(clause, run_of(*["pass"] * 50, check="twice")).state == "not_done"
    assert sorted(calls) == ["once_only", "twice"]


def test_changes_that_were_carried_out() -> None:
    clause = duty(changes=("backup", "priority"))
    backup, priority = change("backup", "C-1"), change("priority", "C-2")
    assert state(clause, changes=(backup,)).state == "in_progress"
    assert state(clause, changes=(backup, priority)).state == "done"


def test_vietnamese_reasons_have_the_names_of_checks_and_changes() -> None:
    clause = duty(checks=("mobile_bts",), changes=("priority",))
    failed = state(clause, run_of("fail", check="mobile_bts"))
    assert failed.reason.render("vi") == (
        "1 nội dung chưa đạt (Trạm BTS lưu động trên r0); chưa có nội dung kiểm tra nào đạt; "
        "chưa thực hiện thay đổi ưu tiên lưu lượng"
    )
    done = state(clause, run_of("pass", check="mobile_bts"), changes=(change("priority", "C-2"),))
    assert "đã thực hiện thay đổi ưu tiên lưu lượng (" in done.evidence[-1].text.render("vi")
    assert state(duty(changes=("own",)), None).reason.render("vi") == "chưa thực hiện thay đổi own"


def test_one_paper_of_two_is_a_beginning() -> None:
    clause = duty(documents=("maintenance-minutes", "line-measurements"))
    one, two = signed(document="maintenance-minutes"), signed(document="line-measurements")
    assert state(clause, attestations=(one,)).state == "in_progress"
    assert state(clause, attestations=(one, two)).state == "done"
    assert state(clause, attestations=(one, replace(two, clause="1.1"))).state == "in_progress"


def test_a_paper_that_was_sent_counts_without_signing() -> None:
    paper = SentDocument("assurance-plan", NOW, reference="<1@example.org>")
    found = state(duty(documents=("assurance-plan",)), sent=(paper,))
    assert (found.state, found.evidence[0].ref) == ("done", "<1@example.org>")


def test_a_withdrawn_word_and_a_lost_file_count_no_longer() -> None:
    clause = duty(documents=("assurance-plan",))
    attested = signed(document="assurance-plan", files=(Attachment("x.pdf", "0" * 64, 1),))
    assert state(clause, attestations=(attested,)).state == "done"
    assert state(clause, attestations=(replace(attested, withdrawn="B: nhầm"),)).state == "not_done"
    lost = replace(attested, files=(Attachment("x.pdf", "0" * 64, 1, sound=False),))
    found = state(clause, attestations=(lost,))
    assert (found.state, [text.render("en") for text in found.against]) == (
        "not_done",
        ["a file of A-0001 is lost or was altered"],
    )
    assert state(clause, attestations=(attested, lost)).state == "in_progress"


def test_a_signed_word() -> None:
    clause = duty(attestation="Lãnh đạo phụ trách")
    assert state(clause).state == "not_done"
    assert state(clause, attestations=(signed(),)).state == "done"


def test_a_form_without_rows_is_a_beginning() -> None:
    clause = duty("3.g", documents=("staff-acknowledgement",))
    row = {"unit": "NOC", "staff": 40, "acknowledged": 40, "day": "2022-04-20"}
    bare, full = signed("3.g", "staff-acknowledgement"), signed("3.g", "staff-acknowledgement", rows=(row,))
    short = signed("3.g", "staff-acknowledgement", rows=({**row, "acknowledged": 39},))
    assert state(clause, attestations=(bare,)).state == "in_progress"
    assert state(clause, attestations=(full,)).state == "done"
    assert state(clause, attestations=(short,)).reason.render("vi") == "mới phổ biến 39/40 người"
    # The later row about the same unit counts.
    assert state(clause, attestations=(short, full)).state == "done"
    assert state(clause, attestations=(full, short)).state == "in_progress"


def test_rows_that_the_form_no_longer_reads_speak_against_it() -> None:
    clause = duty("3.g", documents=("staff-acknowledgement",))
    found = state(clause, attestations=(signed("3.g", "staff-acknowledgement", rows=({"people": 3},)),))
    assert found.state == "in_progress"
    assert "can no longer be read" in found.reason.render("en")


@pytest.mark.parametrize(
    ("report", "expected"),
    [(None, "not_done"), (roster(), "done"), (roster(GAP), "not_done")],
)
def test_roster(report: RosterReport | None, expected: str) -> None:
    assert state(duty(roster=("leadership",)), roster=report).state == expected


def test_roles_of_the_roster_are_one_vocabulary() -> None:
    codes = Proof.model_validate({"roster": list(ROSTER_ROLES)})
    assert codes.roster == tuple(ROSTER_ROLES.values())
    assert {code: proof.ROLE_CODES[word] for code, word in ROSTER_ROLES.items()} == {
        code: code for code in ROSTER_ROLES
    }
    with pytest.raises(ValidationError, match="leadership"):
        Proof.model_validate({"roster": ["boss"]})


def test_a_role_of_which_no_person_is_required_is_not_filled() -> None:
    found = state(duty(roster=("leadership",)), roster=replace(roster(), unmanned=("LD",)))
    assert found.state == "not_done"
    assert found.reason.render("en") == "leadership: nobody is required, and at times nobody is there"
    assert state(duty(roster=("shift",)), roster=replace(roster(), unmanned=("LD",))).state == "done"


def test_a_gap_of_one_role_is_not_that_of_another() -> None:
    assert state(duty(roster=("shift",)), roster=roster(GAP)).state == "done"
    found = state(duty(roster=ALL_ROLES), roster=roster(GAP))
    assert (found.state, found.reason.render("vi")) == ("in_progress", "trực lãnh đạo: 30 phút không đủ người")


@pytest.mark.parametrize(
    ("rule", "severity", "expected"), [(3, "error", "in_progress"), (3, "warn", "done"), (7, "error", "done")]
)
def test_all_five_roles_want_a_roster_that_breaks_no_rule(rule: int, severity: Any, expected: str) -> None:
    report = roster(findings=(RosterFinding(rule, severity, message("roster:none")),))
    assert state(duty(roster=ALL_ROLES), roster=report).state == expected


def test_what_does_not_apply_has_a_reason_and_nothing_against_it() -> None:
    clause = duty(checks=("cpu",), due="2022-04-01 00:00", not_applicable="Không có Wifi")
    found = state(clause)
    assert (found.state, found.reason.render("vi"), found.late) == ("not_applicable", "Không có Wifi", False)
    assert state(clause, run_of("fail")).state == "not_done"


def test_past_its_deadline_it_is_not_done_and_late() -> None:
    clause = duty(checks=("cpu",), due="2022-04-25 06:59")
    assert (state(clause, run_of("pass", "fail")).state, state(clause, run_of("pass", "fail")).late) == (
        "not_done",
        True,
    )
    assert state(clause, run_of("pass")).late is False
    assert state(duty(checks=("cpu",), due="2022-04-25 07:00"), run_of("fail")).late is False


def test_weekly_reports() -> None:
    clause = duty("4.a", documents=("weekly-report",))
    assert state(clause, now=moment("2022-04-08 08:00")).state == "not_done"
    first = SentDocument("weekly-report", moment("2022-04-11 09:00"), moment("2022-04-11").date())
    second = SentDocument("weekly-report", moment("2022-04-18 09:00"), moment("2022-04-18").date())
    missed = state(clause, sent=(second,))
    assert (missed.state, missed.late, missed.deadline) == ("not_done", True, moment("2022-04-11 12:00"))
    kept = state(clause, sent=(first, second))
    assert (kept.state, kept.deadline) == ("done", moment("2022-04-25 12:00"))
    assert state(clause, now=moment("2022-04-25 12:01"), sent=(first, second)).late is True


def test_the_duty_list_is_sent_strictly_before() -> None:
    clause = duty("4.b", due="2022-04-27 23:59", documents=("duty-list",))
    after = moment("2022-05-01 00:00")
    assert state(clause, now=after, sent=(SentDocument("duty-list", moment("2022-04-27 23:59")),)).state == "done"
    assert state(clause, now=after, sent=(SentDocument("duty-list", moment("2022-04-28 00:00")),)).state == "not_done"


def test_what_was_sent_last_is_the_record_of_delivery() -> None:
    clause = duty("4.c", documents=("record-of-delivery",))
    assert (state(clause).state, state(clause).reason.render("en")) == ("not_done", "no delivery is on record")
    sent = tuple(SentDocument("plan", moment(f"2022-04-{day} 09:00"), reference=f"D-{day}") for day in (11, 18, 14))
    found = state(clause, sent=sent)
    assert (found.state, [proof.ref for proof in found.evidence]) == ("done", ["D-18"])


def incident(*notices: Notice) -> Incident:
    """An incident of seven o'clock."""
    return Incident("SC-1", NOW, NOW, "hall", "Hall", ("mobile",), "outage", "Mất điện", "A", notices=notices)


def test_incidents_and_their_notices() -> None:
    clause = duty("3.k", documents=("incident-report", "nearest-police"))
    calls = tuple(Notice(to, "x", "A", NOW, "phone") for to in ("department", "police"))
    finals = tuple(Notice(to, "x", "A", NOW, "email", final=True) for to in ("department", "police"))
    assert state(clause).state == "done"
    assert state(clause, incidents=(incident(),)).state == "in_progress"
    later = moment("2022-04-25 07:31")
    found = state(clause, now=later, incidents=(incident(),))
    assert (found.state, found.late, found.deadline) == ("not_done", True, moment("2022-04-25 07:30"))
    assert state(clause, now=later, incidents=(incident(*calls),)).state == "in_progress"
    assert state(clause, now=later, incidents=(incident(*calls, *finals),)).state == "done"


def test_a_venue_without_its_police() -> None:
    clause = duty("3.k", documents=("nearest-police",))
    assert state(clause).state == "done"
    venue = EVENT.venues[0].model_copy(update={"police": None})
    assert state(clause, event=EVENT.model_copy(update={"venues": (venue,)})).state == "not_done"
    assert Police(name="X").title.render("vi") == "X"


@pytest.mark.parametrize(
    ("operator", "ids"),
    [("telecom", ["T", "A"]), ("postal", ["P", "A"]), ("both", ["T", "P", "A"])],
)
def test_whose_clauses(workspace: Workspace, operator: str, ids: list[str]) -> None:
    duties = tuple(
        duty(name, checks=("cpu",)).model_copy(update={"applies_to": whose})
        for name, whose in (("T", "telecom"), ("P", "postal"), ("A", "all"), ("D", "department"))
    )
    event = workspace.event.model_copy(update={"operator": operator})
    found = EventRecord().clauses(replace(workspace, event=event, duties=duties), NOW)
    assert [clause.duty.id for clause in found] == ids


def test_a_postal_enterprise_without_devices_is_not_requested_for_audits() -> None:
    event = EVENT.model_copy(update={"operator": "postal"})
    clause = duty("3.f", checks=("*",), roster=("leadership",))
    assert state(clause, event=event, roster=roster()).state == "done"
    assert state(clause, event=EVENT, roster=roster()).state == "in_progress"


# Whatever is known, one more bad finding makes no clause better.

STATUSES = st.lists(st.sampled_from(["pass", "warn", "fail", "not_measured", "waived"]), max_size=6)
CLAUSES = st.builds(
    lambda checks, documents, word, due, na: duty(
        checks=checks,
        documents=documents,
        attestation=word,
        due=due,
        not_applicable=na,
    ),
    st.sampled_from([(), ("cpu",), ("*",)]),
    st.sampled_from([("assurance-plan",), ("assurance-plan", "drill-minutes")]),
    st.sampled_from(["", "ký"]),
    st.sampled_from([None, "2022-04-01 00:00", "2022-05-01 00:00"]),
    st.sampled_from(["", "không có"]),
)
SIGNED = st.lists(
    st.sampled_from([signed(document=name) for name in ("assurance-plan", "drill-minutes", "")]), max_size=3
)


@settings(deadline=None)
@given(CLAUSES, STATUSES, SIGNED, st.sampled_from(["fail", "warn", "not_measured"]))
def test_a_bad_finding_never_improves_a_clause(
    clause: Duty, statuses: list[str], attested: list[Attestation], bad: str
) -> None:
    run = run_of(*statuses)
    worse = run_of(*statuses, bad)
    before = state(clause, run, attestations=attested)
    after = state(clause, worse, attestations=attested)
    assert RANK[after.state] <= RANK[before.state]
    assert after.late >= before.late


@settings(deadline=None)
@given(CLAUSES, STATUSES, SIGNED)
def test_done_means_evidence_and_nothing_else(clause: Duty, statuses: list[str], attested: list[Attestation]) -> None:
    found = state(clause, run_of(*statuses), attestations=attested)
    if found.state == "done":
        assert found.evidence
        assert not found.missing
        assert not found.against
        if clause.proof.checks:
            assert "pass" in statuses
            assert not set(statuses) & {"fail", "warn", "not_measured"}
    if found.state == "not_applicable":
        assert found.reason.render("vi")
