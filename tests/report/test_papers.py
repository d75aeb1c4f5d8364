"""What papers say: the outline, what was not measured in words, numbers hidden, nothing taken for good."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from eventready.duty.named import CHECKS
from eventready.errors import RefusedError
from eventready.report.document.formats import render
from eventready.report.document.markdown import to_markdown
from eventready.report.document.model import Document, Heading, Table
from eventready.report.material import DutyList, Incident, Material, Week
from eventready.report.roster_list import roster_list
from eventready.report.topics import TOPICS, topic_of
from eventready.report.weekly import weekly
from tests.report.documents import HOSTILE, healthy, hostile, scene
from tests.report.papers import incident, material, papers, profile
from tests.report.reading import docx_text, pdf_text, squashed

GOLDEN = Path(__file__).parent / "golden"


def _text(document: Document) -> str:
    return docx_text(render(document, "docx")).replace("\u00a0", " ")


def _weekly(of: Material) -> str:
    return _text(weekly(of, profile()))


@pytest.mark.parametrize("kind", ["weekly", "roster", "incident", "final", "plan"])
def test_golden(kind: str) -> None:
    """The whole paper as Markdown. After a wanted change: EVENTREADY_GOLDEN=write pytest tests/report."""
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


def test_annexes_are_numbered_and_named_in_the_text() -> None:
    document = weekly(material(), profile())
    assert [a.label.replace("\u00a0", " ") for a in document.annexes] == [
        f"Phụ lục {n}" for n in ("I", "II", "III", "IV", "V")
    ]
    assert "chi tiết tại Phụ lục II" in _text(document)


def test_what_was_not_measured_is_said_in_words() -> None:
    text = _weekly(material())
    assert "Có 11 mục chưa đo được, chưa thể kết luận là đạt hay không đạt" in text
    assert "1 thiết bị không kết nối được (edge-dt-1), làm 6 mục chưa có kết luận." in text
    assert "không được tính là đạt" in text


def test_without_a_run_nothing_is_called_ready() -> None:
    text = _weekly(replace(material(), run=None, baseline=None, earlier=()))
    assert "chưa có lần kiểm tra thiết bị nào, vì vậy chưa thể kết luận" in text
    assert "Sẵn sàng" not in text.replace("mức độ sẵn sàng", "")
    assert "Thực hiện lần kiểm tra toàn bộ thiết bị đầu tiên." in text


def test_figures_of_an_earlier_week_are_called_that() -> None:
    said = "Trong tuần báo cáo không thực hiện lần kiểm tra nào"
    assert said not in _weekly(material())
    later = replace(material(), week=Week(date(2022, 5, 9)))
    assert f"{said}; số liệu dưới đây theo lần kiểm tra gần nhất, lúc 07 giờ 00 ngày 25/04/2022." in _weekly(later)
    assert said not in _weekly(replace(material(), week=Week(date(2022, 5, 2))))


def test_an_audit_that_measured_nothing_says_so() -> None:
    empty = scene()
    text = _weekly(material(empty.settle().run))
    assert "Chưa đo được số liệu nào, vì vậy chưa thể kết luận dịch vụ nào là sẵn sàng." in text


def test_a_good_week_reads_like_one() -> None:
    text = _weekly(replace(material(healthy().run), incidents=()))
    assert "Không có nội dung nào không đạt hoặc phải cảnh báo." in text
    assert "Mọi nội dung cần đo đều đã đo được." in text
    assert "Không ghi nhận sự cố nào." in text


def test_no_book_of_incidents_is_not_the_same_as_none() -> None:
    text = _weekly(replace(material(), incidents=None, clauses=None, duty_list=None))
    assert "Sổ ghi sự cố chưa được tổng hợp" in text
    assert "Không ghi nhận sự cố nào." not in text
    assert "Danh sách trực chưa được lập" in text
    assert "Tình hình thực hiện nhiệm vụ này chưa được tổng hợp" in text


def test_only_incidents_of_the_week_or_open_ones_are_told() -> None:
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


def test_a_gap_in_the_roster_is_told() -> None:
    assert "Ứng cứu thông tin: thiếu 45 phút." in _weekly(material())


def test_the_duty_list_has_the_columns_of_custom() -> None:
    tables = [b for b in roster_list(material(), profile()).blocks if isinstance(b, Table)]
    assert len(tables) == 5
    assert [c.title for c in tables[0].columns] == [
        "STT", "Họ và tên", "Chức vụ", "Đơn vị", "Nhiệm vụ", "Ca, thời gian trực", "Địa điểm", "Số điện thoại",
        "Ghi chú",
    ]  # fmt: skip


@pytest.mark.parametrize("duty_list", [None, DutyList("1", ())])
def test_an_empty_duty_list_is_refused(duty_list: DutyList | None) -> None:
    with pytest.raises(RefusedError, match="no roster"):
        roster_list(replace(material(), duty_list=duty_list), profile())


def test_an_incident_names_both_notices_and_the_one_that_is_missing() -> None:
    text = _text(papers(material())["incident"])
    assert "HỎA TỐC" in text
    assert "21:27 20/04/2022" in text
    assert "Chưa thông báo, đã quá hạn" in text
    assert "thời gian gián đoạn 95 phút" in text
    assert "12.500" in text


def test_an_incident_that_is_not_over_is_not_called_over() -> None:
    open_one = Incident("SC-1", incident().began, "NOC", (), "Mất điện")
    from eventready.report.incident import incident_report

    text = _text(incident_report(open_one, material(), profile()))
    assert "sự cố chưa được khắc phục xong" in text
    assert "Nguyên nhân đang được xác định." in text
    assert text.count("Chưa thông báo") == 2
    assert "Số thuê bao bị ảnh hưởng: đang xác định." in text


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


def test_a_rehearsal_says_that_it_is_one() -> None:
    assert "Văn bản diễn tập" in _weekly(replace(material(), rehearsal=True))
    assert "Văn bản diễn tập" not in _weekly(material())


def test_english_on_request() -> None:
    text = _text(papers(material(), "en")["weekly"])
    assert "SOCIALIST REPUBLIC OF VIET NAM" in text
    assert "Kính gửi" not in text
    assert "could not" in text or "not measured" in text


def test_every_check_has_a_topic() -> None:
    assert {topic_of(check) for check in CHECKS} == set(TOPICS)


def test_the_annex_of_figures_holds_the_worst_and_counts_the_rest() -> None:
    made = scene()
    for number in range(300):
        made.found("core-1", "utilisation", "pass", "{subject} {value}% used in its busier direction (limit {limit}%)",
                   subject=f"port {number}", value=number / 10, limit=70)  # fmt: skip
    made.found("core-1", "optic", "fail", "{subject} receives {value} dBm", subject="dark", value=-30.5, limit=-18)
    annex = weekly(material(made.settle().run), profile()).annexes[3]
    table = annex.blocks[0]
    assert isinstance(table, Table)
    assert len(table.rows) == 120
    assert table.rows[0][3:6] == ("dark", "-30,5", "-18")
    assert table.rows[1][3:6] == ("port 299", "29,9", "70")
    assert "còn 181 chỉ tiêu khác" in str(annex.blocks[1])
