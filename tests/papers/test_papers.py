"""What papers say: the outline, what was not measured in words, numbers hidden, nothing taken for good."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from eventready.checks.registry import all_checks
from eventready.core.errors import RefusedError
from eventready.core.language import Language
from eventready.core.messages import Lang
from eventready.incidents.incident import Action, Incident
from eventready.papers.document.formats import render
from eventready.papers.document.model import Document, Heading, Table
from eventready.papers.document.profile import Profile
from eventready.papers.document.renderers.markdown import to_markdown
from eventready.papers.kinds.final import final
from eventready.papers.kinds.incident import incident_report
from eventready.papers.kinds.roster_list import roster_list
from eventready.papers.kinds.weekly import weekly
from eventready.papers.material.material import DutyList, DutyPerson, Material, Week
from eventready.papers.material.results import TOPICS, topic_of
from eventready.store.run import Run
from tests.papers.documents import HOSTILE, broken, healthy, hostile, scene
from tests.papers.papers import MONDAY, duty_list, incident, material, papers, profile
from tests.papers.reading import docx_text, header_text, pdf_pages, pdf_text, squashed
from tests.zones import TZ

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parent / "golden"


def _text(document: Document) -> str:
    return docx_text(render(document, "docx")).replace("\u00a0", " ")


def _weekly(of: Material) -> str:
    return _text(weekly(of, profile()))


@pytest.mark.parametrize("kind", ["weekly", "roster", "incident", "final", "plan"])
def test_golden(kind: str) -> None:
    """The whole paper as Markdown. After a wanted change: EVENTREADY_GOLDEN=write pytest tests/papers."""
    made = to_markdown(papers(material())[kind]).decode()
    path = GOLDEN / f"{kind}.md"
    if os.environ.get("EVENTREADY_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


def test_the_outline_of_the_weekly_report() -> None:
    sections = [b.text for b in weekly(material(), profile()).blocks if isinstance(b, Heading) and b.level == 1]
    assert sections == [
        "I. CÔNG TÁC CHỈ ĐẠO, TRIỂN KHAI",
        "II. KẾT QUẢ THỰC HIỆN",
        "III. SỰ CỐ, TỒN TẠI, NGUYÊN NHÂN",
        "IV. KẾ HOẠCH TUẦN TỚI",
        "V. ĐỀ XUẤT, KIẾN NGHỊ",
    ]


def test_a_weekly_report_has_at_most_five_pages_and_an_annex_of_one(tmp_path: Path) -> None:
    crowded = broken()
    for number in range(300):
        crowded.found("core-2", f"check_{number % 7}", "fail", "checks:subject.down", subject=f"port {number}")
        crowded.found(f"edge-{number}", "uplink", "warn", "checks:subject.down", subject="Te0/1")
    for run in (None, crowded.settle().run):
        document = weekly(material(run), profile())
        assert len(document.annexes) == 1
        pages = pdf_pages(render(document, "pdf"))
        annex = next(number for number, page in enumerate(pages) if page.lstrip().startswith("Phụ lục"))
        assert annex <= 5
        assert len(pages) == annex + 1
    assert "mục khác nêu trong bảng tính" in _text(document)
    (sheet,) = [table for heading, table in document.sheets if heading == document.annexes[0].title.capitalize()]
    assert len(sheet.rows) > 600


def test_the_tables_of_what_is_good_are_only_in_the_workbook() -> None:
    document = weekly(material(), profile())
    assert {table.name for _, table in document.sheets} >= {"Thiết bị", "Chỉ tiêu", "Nhiệm vụ"}
    assert "chi tiết tại Phụ lục I" in _text(document)
    workbook = openpyxl.load_workbook(io.BytesIO(render(document, "xlsx")))
    assert {"Thiết bị", "Chỉ tiêu", "Nhiệm vụ"} <= set(workbook.sheetnames)


def test_coverage_names_what_the_equipment_does_not_report() -> None:
    text = _weekly(material())
    assert (
        "Lúc 07 giờ 00 ngày 25/04/2022, đã kết nối 9 trên 10 thiết bị và đọc được 21 trên 28 phép đo mà thiết bị có "
        "thể cung cấp (75%). Có 9 mục chưa có kết quả do thiết bị hoặc phép đo không thành công. Có 2 mục mà loại "
        "thiết bị đang dùng không cho biết, phải kiểm tra bằng cách khác."
    ) in text
    assert "Có 11 mục chưa đo được, chưa thể kết luận là đạt hay không đạt" in text
    assert "1 thiết bị không kết nối được (edge-dt-1), làm 6 mục chưa có kết luận." in text
    assert "không được tính là đạt" in text


def test_coverage_names_the_records_that_were_not_read() -> None:
    made = broken()
    observation = made.document["observations"][0]
    observation["unread"] = [{"subject": "10.255.0.32", "reason": "strange"}]
    text = _weekly(material(made.run))
    place = f"{observation['device']} {observation['fact']}: 10.255.0.32"
    assert f"1 phép đo chỉ đọc được một phần và không được tính; chưa đọc được: {place}." in text


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("paper", [weekly, final])
def test_values_read_in_an_unconfirmed_form_are_named_in_a_sentence(
    paper: Callable[[Material, Profile, Lang], Document], lang: Lang
) -> None:
    document = dict(healthy().run.document)
    first = next(o for o in document["observations"] if o["status"] == "parsed")
    document["observations"] = [{**o, "unconfirmed": True} if o is first else o for o in document["observations"]]
    platform = next(d["platform"] for d in document["devices"] if d["name"] == first["device"])
    needing = next(check for check in all_checks() if first["fact"] in check.needs)
    items = f"{Language(lang).platform(platform)} ({Language(lang).check(needing.name)}"
    after = replace(material(Run.of(document)), moment=datetime(2022, 5, 2, 8, 0, tzinfo=TZ))
    assert items in _text(paper(after, profile(lang), lang))
    assert items not in _text(paper(replace(after, run=healthy().run), profile(lang), lang))


def test_without_a_run_nothing_is_called_ready() -> None:
    text = _weekly(replace(material(), run=None, baseline=None, earlier=()))
    assert "chưa có lần kiểm tra thiết bị nào, vì vậy chưa thể kết luận" in text
    assert "Sẵn sàng" not in text.replace("mức độ sẵn sàng", "")
    assert "Thực hiện lần kiểm tra toàn bộ thiết bị đầu tiên." in text


def test_figures_from_outside_the_week_are_named() -> None:
    sentence = (
        "Trong tuần báo cáo không thực hiện lần kiểm tra nào; mọi số liệu dưới đây đo lúc 07 giờ 00 ngày 25/04/2022"
    )
    assert sentence not in _weekly(material())
    for monday in (date(2022, 5, 9), date(2022, 4, 18)):
        assert sentence in _weekly(replace(material(), week=Week(monday)))
    assert sentence not in _weekly(replace(material(), week=Week(date(2022, 5, 2))))


def test_a_final_report_before_the_end_of_the_event_is_refused_or_a_marked_draft() -> None:
    with pytest.raises(RefusedError, match="the event ends at 30/04/2022 23:00"):
        final(material(), profile())
    early = final(material(), profile(), draft=True)
    assert early.mark == "DỰ THẢO"
    assert "trước khi sự kiện bắt đầu" in _text(early)
    after = final(replace(material(), moment=MONDAY + timedelta(days=14)), profile())
    assert after.mark == ""


def test_a_paper_without_services_of_a_kind_has_no_sections_of_that_kind() -> None:
    event = material().event
    fixed = tuple(venue.model_copy(update={"services": ("fixed", "internet")}) for venue in event.venues)
    bare = replace(material(), event=event.model_copy(update={"venues": fixed, "operator": "telecom"}))
    heads = [block.text for block in weekly(bare, profile()).blocks if isinstance(block, Heading)]
    assert not [head for head in heads if "BTS" in head or "Wi-Fi" in head or "Bưu chính" in head]
    plan = [block.text for block in papers(bare)["plan"].blocks if isinstance(block, Heading)]
    assert not [head for head in plan if head.endswith(("Trạm BTS lưu động", "Wi-Fi tại các địa điểm"))]
    services = next(b for b in weekly(bare, profile()).blocks if isinstance(b, Table) and b.name == "Dịch vụ")
    assert [str(cell) for cell in services.rows[2]] == ["3", "Di động", *["Không thuộc phạm vi"] * 3]


def test_each_service_has_its_circuits_and_added_capacity() -> None:
    document = weekly(material(), profile())
    table = next(block for block in document.blocks if isinstance(block, Table) and block.name == "Dịch vụ")
    assert [str(row[2]) for row in table.rows] == [
        "Luồng E1: có 90/60 kênh cần thiết",
        "Kênh thuê riêng: có 4.000/2.000 Mbit/s cần thiết",
        "Kênh thoại: có 380/400 kênh cần thiết",
    ]
    assert [str(row[3]) for row in table.rows] == ["Chưa có xác nhận", "2.000 Mbit/s", "Chưa có xác nhận"]
    assert "14/04/2022" in table.note


def test_the_plan_has_attested_forms_and_names_those_that_are_missing() -> None:
    text = _text(papers(material())["plan"])
    assert "Máy phát 30 kVA" in text
    assert "viba" in text
    assert "Số liệu theo xác nhận lúc 09 giờ 00 ngày 14/04/2022" in text
    assert text.count("Chưa có số liệu xác nhận, cần bổ sung.") == 2


def test_an_audit_that_measured_nothing_says_so() -> None:
    empty = scene()
    text = _weekly(material(empty.settle().run))
    assert "Chưa đo được số liệu nào, vì vậy chưa thể kết luận dịch vụ nào là sẵn sàng." in text


def test_a_good_week_reads_like_one() -> None:
    text = _weekly(replace(material(healthy().run), incidents=()))
    assert "Không có nội dung nào không đạt hoặc phải cảnh báo." in text
    assert "Mọi nội dung cần đo đều đã đo được." in text
    assert "Không ghi nhận sự cố nào." in text


def test_no_workbook_of_incidents_is_not_the_same_as_none() -> None:
    text = _weekly(replace(material(), incidents=None, clauses=None, duty_list=None))
    assert "Sổ ghi sự cố chưa được tổng hợp" in text
    assert "Không ghi nhận sự cố nào." not in text
    assert "Danh sách trực chưa được lập" in text
    assert "Tình hình thực hiện nhiệm vụ này chưa được tổng hợp" in text


def test_only_incidents_of_the_week_or_open_ones_are_reported() -> None:
    old = replace(incident(), id="SC-OLD", summary="Sự cố tháng trước", began=incident().began.replace(month=3))
    still = replace(old, id="SC-OPEN", summary="Sự cố chưa xong", restored=None)
    text = _weekly(replace(material(), incidents=(incident(), old, still)))
    assert "Sự cố tháng trước" not in text
    assert "Sự cố chưa xong" in text
    assert "Đứt cáp quang" in text


def test_numbers_are_hidden_everywhere_but_in_the_duty_list() -> None:
    leaky = replace(incident(), summary="Báo anh Ước 0912 345 678 xử lý", cause="gọi +84 294 3850852")
    of = replace(material(), incidents=(leaky,))
    for kind, document in papers(of).items():
        shown = squashed(_text(document))
        assert ("0912004678" in shown) == (kind == "roster")
        assert "0912345678" not in shown
        assert "3850852" not in shown
    assert "0912***678" in _weekly(of)


def test_a_gap_in_the_roster_is_reported() -> None:
    assert "Ứng cứu thông tin: thiếu 45 phút." in _weekly(material())


def test_the_duty_list_is_people_by_days_with_the_shifts_as_an_annex() -> None:
    document = roster_list(material(), profile())
    (table,) = [block for block in document.blocks if isinstance(block, Table)]
    assert [column.title for column in table.columns] == [
        "STT", "Họ và tên", "Chức vụ", "Đơn vị", "Số điện thoại", "28/04", "29/04", "30/04", "01/05",
    ]  # fmt: skip
    assert table.rows[0][1:] == (
        "Nguyễn Văn Ước", "Kỹ sư", "Trung tâm Điều hành mạng", "0912004678", "LD", "CA-C1", "CA-C2", "UC*",
    )  # fmt: skip
    assert "*: sẵn sàng tại nhà" in table.note
    (shifts,) = document.annexes[0].blocks
    assert isinstance(shifts, Table)
    assert len(shifts.rows) == 15


def test_a_long_roster_has_a_table_for_every_few_days() -> None:
    days = tuple(date(2022, 4, 1) + timedelta(days=number) for number in range(24))
    person = DutyPerson("A", "", "", "", dict.fromkeys(days, ("LD",)))
    made = replace(duty_list(), days=days, people=(person,))
    document = roster_list(replace(material(), duty_list=made), profile())
    tables = [block for block in document.blocks if isinstance(block, Table)]
    assert [len(table.columns) - 5 for table in tables] == [10, 10, 4]


@pytest.mark.parametrize("duty_list", [None, DutyList("1", ())])
def test_an_empty_duty_list_is_refused(duty_list: DutyList | None) -> None:
    with pytest.raises(RefusedError, match="no roster"):
        roster_list(replace(material(), duty_list=duty_list), profile())


def test_an_incident_names_both_notices_and_the_one_that_is_missing() -> None:
    text = _text(papers(material())["incident"])
    assert "HỎA TỐC" in text
    assert "Thời điểm phát hiện: 21 giờ 10 ngày 20/04/2022." in text
    assert "21:52 20/04/2022 (trễ 12 phút)" in text
    assert "Chưa thông báo (trễ 4 ngày 9 giờ)" in text
    assert "Công an xã Long Đức" in text
    assert "thời gian gián đoạn 95 phút" in text
    assert "12.500" in text


def test_an_incident_that_is_not_over_is_not_called_over() -> None:
    now = material().moment
    open_one = Incident("SC-1", now, now, "", "NOC", (), "outage", "Mất điện", "Kíp trực")
    text = _text(incident_report(open_one, material(), profile()))
    assert "sự cố chưa được khắc phục xong" in text
    assert "Nguyên nhân đang được xác định." in text
    assert text.count("Chưa thông báo") == 6
    assert "trễ" not in text
    assert "Số thuê bao bị ảnh hưởng: đang xác định." in text


def test_a_notice_without_a_person_names_the_office_once() -> None:
    of = material()
    office = of.event.recipient.title.render("vi")
    given = replace(incident().notices[0], recipient=office)
    row = _text(incident_report(replace(incident(), notices=(given,)), of, profile())).partition("báo tin ban đầu")[0]
    assert f"({office})" not in row
    assert office in row


def test_actions_of_the_same_minute_stay_in_the_order_of_the_record() -> None:
    at = incident().began
    actions = (Action(at, "A", "Xác minh"), Action(at, "A", "Cô lập"))
    text = _text(incident_report(replace(incident(), actions=actions), material(), profile()))
    assert text.index("Xác minh") < text.index("Cô lập")


def test_the_plan_tells_redundancy_mobile_stations_and_what_is_missing() -> None:
    text = _text(papers(material(full=True))["plan"])
    assert "edge-hn-1 - edge-hn-2 (VRRP)" in text
    assert "trạm BTS lưu động" in text
    assert "Căn cứ Quyết định số 28/QĐ-BTC ngày 25/11/2021" in text
    bare = replace(material(), devices=())
    text = _text(papers(bare)["plan"])
    assert "chưa khai báo dự phòng, cần bổ sung" in text
    assert "Chưa khai báo trạm BTS lưu động nào" in text


def test_hostile_texts_stay_texts() -> None:
    of = material(hostile().run)
    for form in ("docx", "pdf", "md", "json", "xlsx"):
        for document in papers(of).values():
            assert render(document, form)
    text = _weekly(of)
    assert "R&D <x>" in text
    assert "</script><script>alert(1)</script>" in text
    assert HOSTILE[4] not in text
    assert squashed("a" * 300) in squashed(pdf_text(render(weekly(of, profile()), "pdf")))


@pytest.mark.parametrize("kind", ["weekly", "roster", "incident", "final", "plan"])
def test_a_rehearsal_is_marked_on_every_page_and_sheet(kind: str) -> None:
    document = papers(replace(material(), rehearsal=True))[kind]
    assert document.mark.startswith("DIỄN TẬP")
    pages = pdf_pages(render(document, "pdf"))
    assert all("DIỄN TẬP" in page for page in pages)
    headers = [header_text(render(document, "docx"), name) for name in ("word/header1.xml", "word/header2.xml")]
    assert all("DIỄN TẬP" in header for header in headers)
    workbook = openpyxl.load_workbook(io.BytesIO(render(document, "xlsx")))
    assert all(str(sheet["A1"].value).startswith("DIỄN TẬP") for sheet in workbook.worksheets)
    for form in ("md", "html"):
        shown = render(document, form).decode()
        assert "DIỄN TẬP" in shown.partition("<body")[2 if form == "html" else 0][:4000]
    assert "DIỄN TẬP" not in _text(papers(material())[kind])


def test_the_recipient_s_published_number_is_not_masked() -> None:
    recipient = material().event.recipient.model_copy(update={"phone": "02943.850852"})
    event = material().event.model_copy(update={"recipient": recipient})
    text = _weekly(
        replace(material(), event=event, incidents=(replace(incident(), summary="Gọi 02943.850852, 0912345678"),))
    )
    assert "Gọi 02943.850852, 0912***678" in text


def test_english_on_request() -> None:
    text = _text(papers(material(), "en")["weekly"])
    assert "SOCIALIST REPUBLIC OF VIET NAM" in text
    assert "Kính gửi" not in text
    assert "could not" in text or "not measured" in text


def test_every_check_has_a_topic() -> None:
    assert {topic_of(check.name) for check in all_checks()} == set(TOPICS)


def test_the_sheet_of_figures_has_the_nearest_to_their_limits_first() -> None:
    made = scene()
    for number in range(300):
        made.found("core-1", "utilisation", "pass", "checks:utilisation.load",
                   subject=f"port {number}", value=number / 10, limit=70)  # fmt: skip
    made.found("core-1", "optic", "fail", "checks:optic.power", subject="dark", value=-30.5, limit=-18)
    document = weekly(material(made.settle().run), profile())
    (table,) = [table for _, table in document.sheets if table.name == "Chỉ tiêu"]
    assert table.rows[0][3:6] == ("dark", "-30,5", "-18")
    assert table.rows[1][3:6] == ("port 299", "29,9", "70")


def test_a_window_at_some_venues_names_them() -> None:
    made = material()
    first, *others = made.event.windows
    placed = made.event.model_copy(update={"windows": (first.model_copy(update={"venues": ("van-hoa",)}), *others)})
    text = _text(papers(replace(made, event=placed))["plan"])
    assert f"{first.name_vi} (Trung tâm Văn hóa tỉnh): " in text
    assert text.count("(Trung tâm Văn hóa tỉnh): ") == 1
