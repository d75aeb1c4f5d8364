"""The commands: what they print, and how they leave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from icalendar import Calendar

from eventready.store.store import Store
from tests import forked
from tests.clauses.conftest import DUTIES, Call, Output, Write, clock, run_of, store_run

pytestmark = pytest.mark.slow


def document(output: Output) -> list[dict[str, object]]:
    """What was printed as JSON."""
    found = json.loads(output.out)
    assert isinstance(found, list)
    return found


def states(call: Call, *arguments: str, now: str = "2022-04-25 07:00") -> dict[str, str]:
    """The state of each clause."""
    return {
        str(row["clause"]): str(row["state"])
        for row in document(call("duties", *(("show",) if arguments else ()), "-o", "json", *arguments, now=now))
    }


def test_duties_lists_every_clause_that_is_ours_and_leaves_with_8(call: Call, folder: Path) -> None:
    output = call("duties")
    assert output.code == 8
    assert "1.1a  Phương án" in output.out
    assert "QUÁ HẠN" in output.out
    assert list(states(call)) == [
        "1.1a", "1.1d", "1.2a", "1.2g", "1.3a", "2.1c", "3.a", "3.g", "3.i", "3.k", "4.a", "4.b",
    ]  # fmt: skip
    # Reading leaves no trace.
    assert not (folder / ".eventready").exists()


def test_duties_before_anything_is_due_leaves_with_0(call: Call) -> None:
    output = call("duties", now="2022-03-01 07:00")
    assert output.code == 0
    assert "QUÁ HẠN" not in output.out


def test_duties_as_json_names_owner_deadline_and_evidence(call: Call, tmp_path: Path) -> None:
    paper = tmp_path / "pa.pdf"
    paper.write_bytes(b"x")
    assert call("duties", "attest", "1.1a", "--by", "A", "--note", "b", "--file", paper).code == 0
    row = document(call("duties", "show", "1.1a", "-o", "json"))[0]
    assert (row["owner"], row["deadline"], row["late"]) == ("Kế hoạch", "2022-03-30T23:59+07:00", False)
    assert [(piece["kind"], piece["ref"]) for piece in row["evidence"]] == [("attestation", "A-0001")]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "code", "clauses"),
    [
        (("show", "1.3A"), 0, ["1.3a"]),
        (("show", "1.1a", "1.3a"), 8, ["1.1a", "1.3a"]),
        (("--state", "done"), 0, []),
        (("show", "3.k", "1.3a"), 0, ["1.3a", "3.k"]),
        (("--late",), 8, ["1.1a", "4.a"]),
    ],
)
def test_duties_narrowed(call: Call, arguments: tuple[str, ...], code: int, clauses: list[str]) -> None:
    output = call("duties", "-o", "json", *arguments)
    assert (output.code, [row["clause"] for row in document(output)]) == (code, clauses)


def test_duties_in_english(call: Call) -> None:
    assert "no audit has been made" in call("duties", "show", "1.3a", "--lang", "en").out


def test_duties_rest_on_the_latest_run(call: Call, folder: Path) -> None:
    assert states(call, "1.3a") == {"1.3a": "not_done"}
    run_id = store_run(folder, "fail", check="radio", now="2022-04-24 07:00")
    assert states(call, "1.3a") == {"1.3a": "not_done"}
    run_id = store_run(folder, "pass", "pass", check="radio")
    row = document(call("duties", "show", "1.3a", "-o", "json"))[0]
    assert (row["state"], row["evidence"][0]["ref"]) == ("done", run_id)  # type: ignore[index]
    store_run(folder, "pass", "fail", check="radio", now="2022-04-25 06:30")
    assert states(call, "1.3a") == {"1.3a": "in_progress"}
    # Signing for it changes nothing, and says so.
    output = call("duties", "attest", "1.3a", "--by", "A", "--note", "Wifi tốt")
    assert (output.code, "chỉ là ghi chú" in output.err) == (0, True)
    assert states(call, "1.3a") == {"1.3a": "in_progress"}


def test_a_clause_that_does_not_apply(write: Write, call: Call) -> None:
    proof = "proof: {documents: [assurance-plan]}"
    write(duties=DUTIES.replace(proof, f"{proof}, not_applicable: Đã có phương án chung"))
    output = call("duties", "show", "1.1a")
    assert (output.code, "không áp dụng" in output.out, "Đã có phương án chung" in output.out) == (0, True, True)


def test_the_operator_decides(write: Write, call: Call) -> None:
    from tests.clauses.conftest import EVENT

    write(event=EVENT.replace("operator: both", "operator: postal"))
    assert "1.1a" not in states(call)
    output = call("duties", "attest", "1.1a", "--by", "A", "--note", "b")
    assert (output.code, "doanh nghiệp `telecom`" in output.err, "`operator: postal`" in output.err) == (2, True, True)
    write(event=EVENT.replace("operator: both", "operator: post"))
    output = call("duties")
    assert (output.code, "'postal'" in output.err) == (2, True)


def test_a_workspace_without_duties(write: Write, call: Call, folder: Path) -> None:
    (folder / "inventory" / "duties.yaml").unlink()
    output = call("duties")
    assert (output.code, "Không có mục nào áp dụng" in output.err) == (0, True)


def test_a_roster_that_does_not_hold_is_reported_and_proves_nothing(call: Call, folder: Path) -> None:
    (folder / "inventory" / "roster.xlsx").write_bytes(b"no spreadsheet")
    output = call("duties", "show", "3.a")
    assert (output.code, "không có giá trị chứng minh" in output.err) == (0, True)
    assert "chưa có danh sách trực" in output.out


# attest


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("9.9", "--by", "A", "--note", "b"),
        ("1.1a", "--by", "A", "--note", "b", "--file", "missing.pdf"),
        ("1.1a", "--by", "A", "--note", "b"),
        ("3.i", "--note", "b"),
        ("3.i", "--by", "A"),
        ("3.i", "--by", "A", "--note", "b", "--set", "site"),
        ("3.i", "--by", "A", "--note", "b", "--set", "site=x", "--set", "site=y"),
        ("3.i", "--by", "A", "--note", "b", "--set", "site=x"),
        ("3.i", "--by", "A", "--note", "b", "--form", "missing.yaml"),
        ("3.i", "3.g", "--by", "A", "--note", "b"),
        ("--withdraw", "A-0001", "--by", "A", "--note", "b"),
        ("--form-template", "1.3a"),
        ("--form-template", "9.9"),
        ("list", "9.9"),
    ],
)
def test_attest_leaves_with_2_and_records_nothing(call: Call, arguments: tuple[str, ...]) -> None:
    output = call("duties", "attest", *arguments)
    assert (output.code, output.out) == (2, "")
    assert output.err.startswith("eventready: ")
    assert "Traceback" not in output.err
    assert document(call("duties", "attest", "list", "-o", "json")) == []


def test_attest_and_list_mask_numbers(call: Call) -> None:
    fields = ("--set", "number=0912 345 678", "--set", "unit=BCĐ 0987654321", "--set", "group=steering")
    output = call(
        "duties", "attest", "1.1d", "--by", "Ông A 0912345678", "--note", "gọi 0912345678", *fields, "-o", "json"
    )
    assert output.code == 0
    for result in (
        output,
        call("duties", "attest", "list"),
        call("duties", "attest", "list", "1.1d", "-o", "json"),
        call("duties", "show", "1.1d"),
    ):
        assert result.out
        assert "345678" not in result.out + result.err
        assert "654321" not in result.out + result.err
    row = document(call("duties", "attest", "list", "-o", "json"))[0]["rows"][0]  # type: ignore[index]
    assert (row["number"], row["unit"]) == ("0912***678", "BCĐ 0987***321")


def test_the_template_filled_in_is_taken(call: Call, tmp_path: Path) -> None:
    output = call("duties", "attest", "--form-template", "1.2g")
    assert (output.code, output.out.splitlines()[0]) == (0, "# Trạm BTS lưu động")
    form = tmp_path / "bts.yaml"
    values = {"id": "B1", "venue": "hall", "technology": "[4G]", "backhaul": "quang", "power": "máy nổ",
              "antenna": "a", "licence": "12/GP", "on_air": '"2022-04-24 08:00"', "tested": '"2022-04-24 09:00"',
              "alarms": "0"}  # fmt: skip
    lines = []
    for line in output.out.splitlines():
        key = line.strip(" -").split(":")[0]
        lines.append(line.replace(f"{key}:", f"{key}: {values[key]}", 1) if key in values else line)
    form.write_text("\n".join(lines), encoding="utf-8")
    assert call("duties", "attest", "1.2g", "--by", "A", "--note", "b", "--form", form).code == 0
    assert states(call, "1.2g") == {"1.2g": "done"}
    # The same station, off the air again.
    output = call("duties", "attest", "1.2g", "--by", "A", "--note", "b", "--form", form, "--set", "id=B1",
                  "--set", "venue=hall", "--set", "technology=4G", "--set", "backhaul=q", "--set", "power=p",
                  "--set", "antenna=a", "--set", "licence=12/GP")  # fmt: skip
    assert (output.code, "2 dòng" in output.out) == (0, True)
    assert states(call, "1.2g") == {"1.2g": "in_progress"}


def test_two_forms_of_a_clause(call: Call) -> None:
    output = call("duties", "attest", "--form-template", "1.1d")
    assert "Các biểu mẫu khác của mục này: test-calls" in output.err
    assert "success:" in call("duties", "attest", "--form-template", "test-calls").out
    found = document(call("duties", "attest", "--form-template", "1.1d", "-o", "json"))
    assert [form["form"] for form in found] == ["priority-numbers", "test-calls"]


def test_attest_says_that_a_form_is_still_empty(call: Call, tmp_path: Path) -> None:
    paper = tmp_path / "x.pdf"
    paper.write_bytes(b"x")
    output = call("duties", "attest", "3.g", "--by", "A", "--note", "b", "--file", paper)
    assert (output.code, "--form-template staff-acknowledgement" in output.err) == (0, True)
    assert states(call, "3.g") == {"3.g": "in_progress"}


def test_withdraw(call: Call) -> None:
    call("duties", "attest", "3.i", "--by", "A", "--note", "b", "--set", "site=NOC", "--set", "day=2022-04-24", "--set",
         "five_k=true", "--set", "reserve=1")  # fmt: skip
    assert states(call, "3.i") == {"3.i": "done"}
    output = call("duties", "attest", "--withdraw", "A-0001", "--by", "B", "--note", "nhầm ngày")
    assert (output.code, output.out) == (0, "Đã rút A-0001 của mục 3.i: 1 dòng, 0 tệp.\n")
    assert states(call, "3.i") == {"3.i": "not_done"}
    assert "đã rút: B: nhầm ngày" in call("duties", "attest", "list").out


# deadlines


def test_deadlines_leave_with_8_when_something_is_late(call: Call) -> None:
    assert call("duties", "deadlines", now="2022-03-20 07:00").code == 0
    output = call("duties", "deadlines")
    assert output.code == 8
    assert "QUÁ HẠN" in output.out
    assert "3 việc quá hạn" not in output.out
    found = {row["id"]: row["status"] for row in document(call("duties", "deadlines", "-o", "json"))}
    assert (found["weekly-2022-04-18"], found["weekly-2022-04-25"], found["freeze-1"]) == ("late", "near", "near")


def test_deadlines_hide_what_is_behind_unless_requested(call: Call) -> None:
    now = "2022-05-20 07:00"
    assert (
        "Freeze"
        not in call(
            "duties",
            "deadlines",
            now=now,
        ).out
    )
    assert "Freeze" in call("duties", "deadlines", "--all", now=now).out


def test_a_report_that_was_handed_over_is_no_longer_late(call: Call) -> None:
    fields = ("--set", "due=2022-04-25", "--set", "at=2022-04-25 09:00", "--set", "how=paper", "--set", "recipient=Sở")
    call("duties", "attest", "4.a", "--by", "A", "--note", "nộp tay", *fields, now="2022-04-25 09:10")
    found = {
        row["id"]: row["status"] for row in document(call("duties", "deadlines", "-o", "json", now="2022-04-26 07:00"))
    }
    assert (found["weekly-2022-04-18"], found["weekly-2022-04-25"]) == ("late", "done")


def test_an_audit_proves_a_test(call: Call, folder: Path) -> None:
    store_run(folder, "pass", now="2022-04-20 07:00")
    found = {row["id"]: row["status"] for row in document(call("duties", "deadlines", "-o", "json"))}
    assert found["test-audit-1"] == "done"


@pytest.mark.parametrize("less", [{"devices": []}, {"coverage": {"needed": 1, "measured": 0, "ratio": 0.0}}])
def test_an_audit_of_some_devices_or_without_a_measurement_proves_no_test(
    call: Call, folder: Path, less: dict[str, object]
) -> None:
    with Store.of_workspace(folder) as store:
        at = clock("2022-04-20 07:00")
        run = {**run_of("pass").document, "id": store.begin("le-30", at), "devices": [{"name": "r1", "venues": []}]}
        store.finish({**run, "clock": {"event": at.now().isoformat(), "rehearsal": True}, **less})
    found = {row["id"]: row["status"] for row in document(call("duties", "deadlines", "-o", "json"))}
    assert found["test-audit-1"] == "late"


def test_deadlines_as_a_calendar(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "new" / "lich.ics"
    output = call("duties", "deadlines", "--ics", path)
    assert output.code == 8
    count = len(document(call("duties", "deadlines", "-o", "json")))
    assert len(Calendar.from_ical(path.read_bytes()).walk("VEVENT")) == count
    output = call("duties", "deadlines", "--ics", tmp_path)
    assert (output.code, "đây là thư mục" in output.err) == (2, True)


def test_a_holiday_monday_is_announced(call: Call) -> None:
    output = call("duties", "deadlines", now="2022-04-08 09:00")
    line = next(row for row in document(call("duties", "deadlines", "-o", "json", now="2022-04-08 09:00"))
                if row["id"] == "weekly-2022-04-11")  # fmt: skip
    assert (line["status"], line["warn"]) == ("near", "2022-04-08T08:00+07:00")
    assert "ngày nghỉ" in output.out


# incident

NEW = ("incident", "new", "--by", "Trực ca", "--summary", "Đứt cáp", "--venue", "hall", "--service", "mobile")


def test_an_incident_from_its_beginning_to_its_end(call: Call) -> None:
    output = call(*NEW, "--subscribers", "900", now="2022-04-29 19:00")
    assert (output.code, output.out) == (0, "SC-20220429-01\n")
    assert "02943.850852" in output.err
    assert "29/04/2022 19:30" in output.err
    assert call("incident", "list", now="2022-04-29 19:29").code == 0
    for command in ("list", "show"):
        late = call("incident", command, now="2022-04-29 19:31")
        assert (late.code, "QUÁ HẠN" in late.out or "báo tin ban đầu" in late.out) == (8, True)
    assert call("duties", "deadlines", now="2022-04-29 19:31").code == 8
    result = ("--by", "Trực ca", "--notice", "department", "--notice", "police", "--notice-at", "2022-04-29 19:25")
    assert call("incident", "update", "latest", *result, now="2022-04-29 19:40").code == 0
    assert call("incident", "list", now="2022-04-29 20:59").code == 0
    final = ("--by", "NOC", "--notice", "department", "--notice", "police", "--how", "email", "--final",
             "--restored", "2022-04-29 20:00", "--cause", "Máy xúc", "--action", "Hàn cáp")  # fmt: skip
    assert call("incident", "update", "01", *final, now="2022-04-29 20:30").code == 0
    shown = call("incident", "show", now="2022-05-10 08:00")
    assert shown.code == 0
    for part in ("Máy xúc", "Hàn cáp", "Công an phường", "điện thoại", "thư điện tử", "900"):
        assert part in shown.out
    found = document(call("incident", "list", "-o", "json", now="2022-05-10 08:00"))[0]
    assert [notice["status"] for notice in found["notices"]] == ["given"] * 6  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "arguments",
    [
        ("new", "--summary", "x", "--venue", "hall", "--service", "mobile"),
        ("new", "--by", "A", "--summary", "x", "--venue", "hal", "--service", "mobile"),
        ("new", "--by", "A", "--summary", "x", "--venue", "hall", "--service", "radio"),
        ("new", "--by", "A", "--summary", "x", "--venue", "hall", "--service", "mobile", "--began", "sớm"),
        ("new", "--by", "A", "--summary", "x", "--venue", "hall", "--service", "mobile", "--subscribers", "nhiều"),
        ("update", "latest", "--by", "A", "--cause", "x"),
        ("update", "SC-20220429-01", "--by", "A"),
        ("show", "SC-20220429-09"),
        ("show",),
    ],
)
def test_incident_leaves_with_2(call: Call, arguments: tuple[str, ...]) -> None:
    output = call("incident", *arguments)
    assert (output.code, output.out) == (2, "")
    assert "Traceback" not in output.err
    assert call("incident", "list").code == 0


def test_no_incident_is_reported_and_leaves_no_trace(call: Call, folder: Path) -> None:
    output = call("incident", "list")
    assert (output.code, "Chưa ghi nhận sự cố nào." in output.err) == (0, True)
    assert document(call("incident", "list", "-o", "json")) == []
    assert not (folder / ".eventready").exists()


def test_limits_are_those_of_the_workspace(write: Write, call: Call) -> None:
    from tests.clauses.conftest import EVENT

    write(event=EVENT + "notice_limits: {first: 5, written: 10, final: 20}\n")
    call(*NEW, now="2022-04-29 19:00")
    assert call("incident", "list", now="2022-04-29 19:06").code == 8


# Rehearsals, and papers that went out


def real(folder: Path, *arguments: str) -> Output:
    """A command on the real clock, whatever the tester's own is."""
    import os

    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("EVENTREADY_") or name == "EVENTREADY_ALLOWED"
    }
    done = forked.run("-w", folder, *arguments, env=clean)
    return Output(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_what_was_rehearsed_does_not_count_when_it_is_serious(call: Call, folder: Path, tmp_path: Path) -> None:
    paper = tmp_path / "x.pdf"
    paper.write_bytes(b"x")
    call("duties", "attest", "1.1a", "--by", "A", "--note", "b", "--file", paper)
    call(*NEW)
    store_run(folder, "pass", check="radio")
    assert states(call, "1.1a", "1.3a") == {"1.1a": "done", "1.3a": "done"}
    output = real(folder, "duties", "show", "1.1a", "1.3a", "-o", "json")
    assert output.code == 8
    assert "3 records of rehearsals (a lab, or another clock) are not evidence" in output.err
    assert [row["state"] for row in document(output)] == ["not_done", "not_done"]
    listed = real(folder, "incident", "list")
    assert (listed.code, "SC-20220425-01" in listed.out) == (0, True)


def test_what_reached_the_department_counts(call: Call, folder: Path) -> None:
    from datetime import date

    from eventready.delivery.mail.delivery_log import DeliveryLog
    from eventready.delivery.mail.letter import PaperReference
    from eventready.delivery.mail.mail import Mail
    from eventready.delivery.mail.smtp import SubmitResult
    from eventready.store.store import Store
    from tests.clauses.conftest import clock

    to = "desk@example.org"
    paper = PaperReference("weekly-report", date(2022, 4, 25))
    mail = Mail(b"x", "Báo cáo", "us@example.org", (to,), "<1@example.org>", (), "f" * 64, paper)
    with Store.of_workspace(folder) as store:
        record = DeliveryLog(store, clock("2022-04-25 09:00"))
        with record.sending():
            queued = record.queue(mail, "0" * 64, [to])
            waiting = {row["id"]: row["status"] for row in document(call("duties", "deadlines", "-o", "json"))}
            record.attempt(queued, "localhost")
            record.ended(queued, SubmitResult((to,), answer="250 OK"))
    now = "2022-04-26 07:00"
    sent = {row["id"]: row["status"] for row in document(call("duties", "deadlines", "-o", "json", now=now))}
    assert (waiting["weekly-2022-04-25"], sent["weekly-2022-04-25"]) == ("near", "done")
