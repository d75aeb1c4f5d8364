"""Every form prints an empty one, reads a filled one, and says what is still missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventready.clauses.attestations.form import Form
from eventready.clauses.attestations.forms import builtin_forms
from eventready.core.errors import UsageError
from eventready.workspace.settings.forms import load_forms
from eventready.workspace.workspace import Workspace
from tests.clauses.conftest import moment

NOW = moment("2022-04-25 07:00")
#: The forms of the example, and those of the product.
SPECS = {**load_forms(Path(__file__).parents[3] / "inventory" / "forms"), **builtin_forms()}
FORMS = {name: Form(spec) for name, spec in SPECS.items()}

STATION = {"id": "B1", "venue": "hall", "technology": "4G, 5G", "backhaul": "quang", "power": "máy nổ", "antenna": "a",
           "licence": "12/GP", "arrived": "2022-04-24 08:00", "on_air": "2022-04-25 08:00",
           "tested": "2022-04-25 09:00", "alarms": "0"}  # fmt: skip
SHEET = {"venue": "hall", "name": "BTS-01 TCH", "unit": "E", "demand": "10", "supply": "13.2"}
CIRCUIT = {"name": "E1", "unit": "kênh", "required": "30", "available": "60"}
NUMBER = {"number": "0912345678", "unit": "BCĐ", "group": "steering", "confirmed": "2022-04-15", "active": "true"}
PROMOTION = {"name": "30 năm", "service": "di động", "content": "giảm 20%", "from": "2022-04-28", "to": "2022-05-02",
             "scope": "toàn tỉnh", "notice": "15/TB"}  # fmt: skip
STOCK = {"kind": "vehicle", "name": "84A-000.01", "quantity": "1", "minimum": "1", "unit": "xe", "place": "kho",
         "keeper": "A"}  # fmt: skip
TEAM = {"name": "Tổ 1", "venue": "hall", "leader": "A", "phone": "0912345678", "members": "4"}
INSPECTION = {"site": "BC 1", "day": "2022-04-20", "step": "delivery", "inspector": "A"}
FOUND = {**INSPECTION, "finding": "thiếu dấu", "severity": "minor", "owner": "B", "due": "2022-04-22"}
DRIVER = {"driver": "A", "vehicle": "84C-1", "reminded": "2022-04-20", "acknowledged": "true"}
VEHICLE = {"vehicle": "84C-1", "day": "2022-04-20", "forbidden_goods": "false", "load_ok": "true", "papers_ok": "true"}
HAZARD = {"site": "kho", "what": "dây điện", "found": "2022-04-20 08:00", "removed": "2022-04-20 09:00"}
CONTROL = {"site": "KT1", "day": "2022-04-20", "checked": "90", "screening": "true", "seals": "true", "scans": "true"}
MAIL = {"kind": "KT1", "from": "2022-04-18", "to": "2022-04-24", "received": "9", "delivered": "9", "on_time": "9",
        "lost": "0"}  # fmt: skip
STAFF = {"unit": "NOC", "staff": "40", "acknowledged": "40", "day": "2022-04-20"}
COVID = {"site": "NOC", "day": "2022-04-20", "five_k": "true", "reserve": "2"}
SURVEY = {"point": "P1", "at": "2022-04-24 09:00", "rssi": "-60", "snr": "30"}
CALL = {"number": "0912345678", "at": "2022-04-24 09:00", "success": "true", "mos": "4.1"}
HANDED = {"due": "2022-04-25", "at": "2022-04-25 09:00", "how": "paper", "recipient": "Sở"}

#: By form: rows with which nothing is short.
WHOLE: Mapping[str, list[dict[str, str]]] = {
    "mobile-bts-commissioning": [STATION],
    "capacity-sheet": [SHEET],
    "circuit-table": [{**CIRCUIT, "service": service} for service in ("fixed", "internet", "mobile")],
    "priority-numbers": [NUMBER, {**NUMBER, "number": "0987654321", "group": "organising"}],
    "test-calls": [CALL],
    "promotions": [PROMOTION],
    "stock-list": [STOCK],
    "team-list": [TEAM, {**TEAM, "venue": "square"}],
    "wifi-survey": [SURVEY],
    "postal-inspections": [INSPECTION],
    "postal-findings": [{**FOUND, "closed": "2022-04-21"}],
    "drivers-acknowledgement": [DRIVER],
    "vehicle-checklist": [VEHICLE],
    "hazard-log": [HAZARD],
    "control-log": [CONTROL],
    "priority-items": [MAIL, {**MAIL, "kind": "hoa_toc", "to": "2022-04-18"}],
    "staff-acknowledgement": [STAFF],
    "3.i": [COVID],
    "weekly-report": [HANDED],
    "duty-list": [HANDED],
}

#: Form, rows, and what is said of them.
SHORT: list[tuple[str, list[dict[str, str]], str]] = [
    ("mobile-bts-commissioning", [{**STATION, "on_air": "", "tested": ""}], "trạm B1 chưa phát sóng"),
    ("mobile-bts-commissioning", [{**STATION, "tested": ""}], "trạm B1 chưa thử xong"),
    ("mobile-bts-commissioning", [{**STATION, "alarms": ""}], "trạm B1 chưa ghi số cảnh báo"),
    ("mobile-bts-commissioning", [{**STATION, "alarms": "2"}], "trạm B1 còn 2 cảnh báo"),
    ("capacity-sheet", [{**SHEET, "supply": "8.5"}], "BTS-01 TCH thiếu 1,5 E"),
    ("circuit-table", WHOLE["circuit-table"][:2], "chưa có dòng nào cho dịch vụ di động"),
    ("circuit-table", [*WHOLE["circuit-table"], {**CIRCUIT, "service": "mobile", "name": "TCH", "available": "28.5"}],
     "TCH thiếu 1,5 kênh"),
    ("priority-numbers", [WHOLE["priority-numbers"][0]], "chưa có số nào của Ban tổ chức"),
    ("priority-numbers", [*WHOLE["priority-numbers"], {**NUMBER, "number": "0977777777", "active": "false"}],
     "1 số chưa có hiệu lực (0977***777)"),
    ("test-calls", [{**CALL, "success": "false"}], "1 số gọi thử không thành công (0912***678)"),
    ("promotions", [{**PROMOTION, "from": "2022-03-01", "to": "2022-03-31"}],
     "không chương trình nào có hiệu lực trong dịp lễ (29/04/2022-29/04/2022)"),
    ("stock-list", [{**STOCK, "kind": "fuel", "name": "dầu", "quantity": "5", "minimum": "100", "unit": "lít"}, STOCK],
     "dầu còn 5/100 lít"),
    ("stock-list", [{**STOCK, "kind": "fuel"}], "chưa có phương tiện nào"),
    ("team-list", [TEAM], "chưa có tổ ứng cứu tại Square"),
    ("wifi-survey", [{**SURVEY, "rssi": "-68"}], "1/1 điểm đo không đạt (P1)"),
    ("wifi-survey", [{**SURVEY, "at": "2022-03-01 09:00"}], "không có lần đo nào trong 30 ngày qua"),
    ("postal-inspections", [FOUND], "1 thiếu sót quá hạn khắc phục: BC 1 (22/04/2022)"),
    ("postal-findings", [FOUND], "1 thiếu sót chưa khắc phục"),
    ("drivers-acknowledgement", [{**DRIVER, "acknowledged": "false"}], "1 lái xe chưa ký (A)"),
    ("vehicle-checklist", [{**VEHICLE, "load_ok": "false"}], "1 xe chưa đạt (84C-1)"),
    ("hazard-log", [{**HAZARD, "removed": ""}], "1 yếu tố chưa khắc phục (dây điện)"),
    ("control-log", [{**CONTROL, "seals": "false"}], "1 lượt kiểm soát chưa đạt (KT1 20/04/2022)"),
    ("priority-items", [{**MAIL, "delivered": "8", "on_time": "8", "lost": "1"}], "mất 1 bưu gửi ưu tiên"),
    ("priority-items", [{**MAIL, "on_time": "7"}], "2 bưu gửi phát trễ"),
    ("staff-acknowledgement", [{**STAFF, "acknowledged": "39"}], "mới phổ biến 39/40 người"),
    ("3.i", [{**COVID, "five_k": "false"}], "NOC chưa đủ 5K"),
    ("3.i", [{**COVID, "reserve": "0"}], "NOC chưa có người dự bị"),
]  # fmt: skip


def short(name: str, rows: list[dict[str, str]], workspace: Workspace) -> list[str]:
    """What a form says of rows, read, recorded and read again."""
    form = FORMS[name]
    recorded = [form.to_dict(form.read(row, workspace.event, NOW)) for row in rows]
    current, unreadable = form.current(recorded)
    assert unreadable == 0
    return [text.render("vi") for text in form.open_texts(current, workspace.event, NOW)]


def test_an_absent_telephone_number_is_shown_as_absent() -> None:
    form = FORMS["priority-numbers"]
    phone = next(name for name, field in form.spec.fields.items() if field.type == "phone")
    assert form.shown({phone: None, "note": "gọi 0912345678"}) == {phone: None, "note": "gọi 0912***678"}
    assert form.shown({phone: "0977777777"}) == {phone: "0977***777"}


def test_every_form_has_a_case() -> None:
    assert WHOLE.keys() == FORMS.keys()


@pytest.mark.parametrize("name", FORMS)
def test_a_filled_form_lacks_nothing(workspace: Workspace, name: str) -> None:
    assert short(name, WHOLE[name], workspace) == []


@pytest.mark.parametrize(("name", "rows", "output"), SHORT)
def test_what_is_short(workspace: Workspace, name: str, rows: list[dict[str, str]], output: str) -> None:
    assert output in short(name, rows, workspace)


@pytest.mark.parametrize("name", FORMS)
def test_the_template_is_a_file_that_only_wants_filling_in(workspace: Workspace, name: str, tmp_path: Path) -> None:
    form = FORMS[name]
    path = tmp_path / "form.yaml"
    path.write_text(form.template("en"), encoding="utf-8")
    data: Any = yaml.safe_load(form.template("en"))
    assert list(data["rows"][0]) == list(form.spec.fields)
    with pytest.raises(UsageError) as caught:
        form.read_file(path, workspace.event, NOW)
    for field in (name for name, field in form.spec.fields.items() if not field.optional):
        assert f"'{field}' is missing" in str(caught.value)
    filled = "rows:\n" + "".join(
        "".join(
            f"{'  - ' if number == 0 else '    '}{key}: {json.dumps(value, ensure_ascii=False)}\n"
            for number, (key, value) in enumerate(row.items())
        )
        for row in WHOLE[name]
    )
    path.write_text(filled, encoding="utf-8")
    assert [form.to_dict(row) for row in form.read_file(path, workspace.event, NOW)] == [
        form.to_dict(form.read(row, workspace.event, NOW)) for row in WHOLE[name]
    ]


@pytest.mark.parametrize(
    ("name", "change", "output"),
    [
        ("mobile-bts-commissioning", {"venue": "hal"}, "the venue 'hal' is not in event.yaml. Did you mean 'hall'?"),
        (
            "mobile-bts-commissioning",
            {"tested": "2022-04-23 08:00"},
            "arrives, goes on air and is tested in this order",
        ),
        ("mobile-bts-commissioning", {"tested": "2022-04-31 08:00"}, "a date that does not exist"),
        ("mobile-bts-commissioning", {"alarms": "vài"}, "'alarms' must be a whole number, not 'vài'"),
        ("mobile-bts-commissioning", {"ngay": "x"}, "unknown key 'ngay'"),
        ("mobile-bts-commissioning", {"bandd": "x"}, "Did you mean 'band'?"),
        ("circuit-table", {"required": "nhiều"}, "'required' must be a number"),
        ("circuit-table", {"required": "-1"}, "at least 0"),
        ("circuit-table", {"required": "inf"}, "'required'"),
        ("circuit-table", {"service": "mobil"}, "Did you mean 'mobile'?"),
        ("priority-numbers", {"number": "01234567890"}, "eleven digits of before 2018"),
        ("promotions", {"to": "2022-04-01"}, "ends before it begins. Swap `from` and `to`."),
        ("promotions", {"to": "30-4-2022"}, "'to' must be a date"),
        ("postal-inspections", {"finding": "x"}, "a finding has a severity"),
        ("postal-inspections", {"finding": "x", "severity": "minor"}, "Give `owner` and `due`."),
        ("postal-inspections", {"closed": "2022-04-19"}, "corrected before it was found"),
        ("hazard-log", {"removed": "2022-04-19 08:00"}, "removed before it was found"),
        ("priority-items", {"to": "2022-04-17"}, "the days end before they begin. Swap `from` and `to`."),
        ("priority-items", {"delivered": "10"}, "more is delivered and lost than was received"),
        ("priority-items", {"delivered": "8"}, "more is on time than was delivered"),
        ("staff-acknowledgement", {"acknowledged": "41"}, "more people have acknowledged than there are"),
        ("staff-acknowledgement", {"staff": "0", "acknowledged": "0"}, "at least 1"),
        ("3.i", {"five_k": "có"}, "'five_k' must be true or false"),
    ],
)
def test_fields_that_do_not_hold(workspace: Workspace, name: str, change: dict[str, str], output: str) -> None:
    with pytest.raises(UsageError) as caught:
        FORMS[name].read({**WHOLE[name][0], **change}, workspace.event, NOW)
    assert output in str(caught.value)
    assert f"--form-template {name}" in str(caught.value) or "venue" in change


def test_no_sentence_gives_a_number_away(workspace: Workspace, tmp_path: Path) -> None:
    form = FORMS["priority-numbers"]
    path = tmp_path / "form.yaml"
    path.write_text("rows:\n  - {number: 0912345678, unit: X, group: steering}\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        form.read_file(path, workspace.event, NOW)
    assert "form.yaml:2" in str(caught.value)
    assert "Put it in quotes." in str(caught.value)
    assert "345678" not in str(caught.value).replace("(0912345678)", "")
    with pytest.raises(UsageError) as caught:
        form.read({"number": "09 1234 567", "unit": "X", "group": "steering"}, workspace.event, NOW)
    assert "1234" not in str(caught.value).split("Write")[0]


@pytest.mark.parametrize(
    ("content", "output"),
    [
        (b"", "the file is empty"),
        (b"rows: []\n", "'rows' must not be empty"),
        (b"- a\n", "must hold `key: value` lines"),
        (b"rows: 3\n", "'rows' must be a list"),
        (b"dong:\n  - {a: 1}\n", "unknown key 'dong'"),
        (b"rows:\n  - 3\n", "must be a mapping"),
        (b"\xff\xfe", "not UTF-8"),
        (b"rows: [\n", "form.yaml:"),
    ],
)
def test_files_that_are_no_form(workspace: Workspace, tmp_path: Path, content: bytes, output: str) -> None:
    path = tmp_path / "form.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        FORMS["stock-list"].read_file(path, workspace.event, NOW)
    assert output in str(caught.value)


def test_every_row_that_does_not_hold_is_named(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "form.yaml"
    path.write_text(
        "rows:\n  - {unit: NOC, staff: 4, acknowledged: 5, day: 2022-04-20}\n  - {unit: X, staff: ba}\n",
        encoding="utf-8",
    )
    with pytest.raises(UsageError) as caught:
        FORMS["staff-acknowledgement"].read_file(path, workspace.event, NOW)
    for part in (
        "form.yaml:2: more people",
        "form.yaml:3: 'staff' must be a whole number",
        "'acknowledged' is missing",
    ):
        assert part in str(caught.value)


def test_vietnamese_in_either_form_is_one_text(workspace: Workspace) -> None:
    import unicodedata

    form = FORMS["staff-acknowledgement"]
    rows = [
        form.to_dict(form.read({**STAFF, "unit": unicodedata.normalize(kind, "Đội Ứng cứu")}, workspace.event, NOW))
        for kind in ("NFC", "NFD")
    ]
    assert len(form.current(rows)[0]) == 1


def test_a_refusal_knows_the_day_of_the_statement(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "loan.yaml").write_text(
        "title: {vi: Mượn, en: Loan}\nkey: [due]\nfields: {due: {type: date, vi: hạn, en: due}}\n"
        "refuse: [{when: due < today, vi: đã quá hạn, en: overdue}]\n",
        encoding="utf-8",
    )
    form = Form(load_forms(tmp_path)["loan"])
    form.read({"due": "2022-04-25"}, workspace.event, NOW)
    with pytest.raises(UsageError, match="overdue"):
        form.read({"due": "2022-04-24"}, workspace.event, NOW)
