"""The department's report of two operators, in every form."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.core.messages import Lang
from eventready.papers.document.formats import render
from eventready.papers.document.model import Document, Table
from eventready.papers.document.profile import load_profile
from eventready.papers.document.sources import sources
from eventready.papers.words import FORMS
from eventready.province.bundles.bundle import pack
from eventready.province.bundles.parts import FindingEntry, VerdictEntry
from eventready.province.bundles.receive import ReceivedBundles, receive
from eventready.province.overview import VenueNames
from eventready.province.province import province
from eventready.store.database.connection import ENVIRONMENT
from eventready.workspace.examples.example import copy_example
from eventready.workspace.settings.event import Event
from tests.papers.reading import docx_text, left_over, spoken
from tests.province.operators import ALPHA, BETA, EVENT, VENUES, Operators, alpha
from tests.zones import TZ

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def operators() -> Operators:
    return Operators.invented()


@pytest.fixture
def received(operators: Operators, tmp_path: Path) -> ReceivedBundles:
    return receive(operators.bundles(tmp_path), operators.wanted())


DEPARTMENT = {
    "id": EVENT,
    "name": "30 years",
    "name_vi": "Lễ kỷ niệm 30 năm tái lập tỉnh",
    "enterprise": "Sở Thông tin và Truyền thông",
    "province": "Trà Vinh",
    "office": {"parent": "Ủy ban nhân dân tỉnh Trà Vinh", "short": "STTTT"},
    "recipient": {"name": "People's Committee", "name_vi": "Ủy ban nhân dân tỉnh Trà Vinh", "email": "ubnd@example.vn"},
    "venues": [
        {"id": "hoi-nghi", "name": "Hall", "name_vi": "Trung tâm Hội nghị tỉnh", "services": ["wifi"]},
        {"id": "van-hoa", "name": "Culture", "name_vi": "Trung tâm Văn hóa tỉnh", "services": ["wifi"]},
        {"id": "den-tho", "name": "Temple", "name_vi": "Khu di tích lịch sử Đền thờ Bác Hồ", "services": ["mobile"]},
    ],
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    copy_example(tmp_path / "event")
    return tmp_path / "event"


@pytest.fixture
def department(tmp_path: Path) -> Path:
    """Workspace of a department: an event.yaml alone."""
    (tmp_path / "desk" / "inventory").mkdir(parents=True)
    (tmp_path / "desk" / "inventory" / "event.yaml").write_text(json.dumps(DEPARTMENT), encoding="utf-8")
    return tmp_path / "desk"


def paper(received: ReceivedBundles, operators: Operators, folder: Path, lang: Lang = "vi") -> Document:
    profile = load_profile(folder, lang)
    return province(received, operators.wanted(), Event.model_validate(DEPARTMENT), profile, lang)


def table(document: Document, name: str) -> Table:
    return next(found for _, found in document.tables() if found.name == name)


def texts(shown: Table) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(str, row)) for row in shown.rows)


def test_every_block_has_a_source(received: ReceivedBundles, operators: Operators, tmp_path: Path) -> None:
    found = {source for source, _ in sources(paper(received, operators, tmp_path))}
    assert found == {"bundle", "outline", "blank", "clock"}


def test_a_row_per_operator(received: ReceivedBundles, operators: Operators, tmp_path: Path) -> None:
    document = paper(received, operators, tmp_path)
    assert texts(table(document, "Tổng hợp theo doanh nghiệp")) == (
        ("1", BETA, "Chưa kiểm tra", "-", "-", "-", "0/1", "0", "-", "0"),
        ("2", ALPHA, "Chưa sẵn sàng", "99,5%", "2", "4", "1/2", "1", "45", "1"),
    )
    assert texts(table(document, "Mức độ sẵn sàng theo địa điểm và dịch vụ")) == (
        ("Trung tâm Hội nghị tỉnh", "Wi-Fi", "Chưa kiểm tra", "Chưa sẵn sàng"),
        ("Trung tâm Hội nghị tỉnh", "Internet (ngoài yêu cầu của sự kiện)", "Chưa kiểm tra", "Sẵn sàng"),
        ("Trung tâm Văn hóa tỉnh", "Wi-Fi", "Chưa kiểm tra", "Không cung cấp"),
        ("Khu di tích lịch sử Đền thờ Bác Hồ", "Di động", "Chưa kiểm tra", "Chưa đo được"),
    )
    (clauses,) = [found for title, found in document.tables() if title == "TÌNH TRẠNG THỰC HIỆN TỪNG NHIỆM VỤ"]
    assert clauses.rows == (
        ("1.1a", "Nhiệm vụ Wi-Fi 1.1a", "Không áp dụng", "Đạt"),
        ("2.1a", "Nhiệm vụ Wi-Fi 2.1a", "Đang thực hiện", "Không áp dụng"),
        ("1.2b", "Nhiệm vụ Wi-Fi 1.2b", "-", "Chưa đạt (quá hạn)"),
    )


def test_venues_outside_the_event_count_nothing(operators: Operators, tmp_path: Path) -> None:
    """Findings of a dropped venue alone are left out; without a venue of the event the operator has no results."""
    found = tuple(
        FindingEntry(check="c", device=f"d{number}", status="fail", message="down", venues=venues)
        for number, venues in enumerate((("den-tho",), ("den-tho", "hoi-nghi"), ()))
    )
    (tmp_path / "a.zip").write_bytes(operators.pack(findings=found, counts={"fail": 5}))

    def shown(names: dict[str, str | None]) -> tuple[str, Document]:
        names_of = VenueNames(Event.model_validate(DEPARTMENT), {ALPHA: names})
        document = paper(receive([tmp_path / "a.zip"], operators.wanted(), mapped=names_of.mapped), operators, tmp_path)
        return str(texts(table(document, "Tổng hợp theo doanh nghiệp"))[0][2:6]), document

    row, document = shown({"den-tho": None})
    assert row == "('Chưa sẵn sàng', '99,5%', '4', '0')"
    assert [cells[2] for cells in texts(table(document, "Nội dung kiểm tra chưa đạt"))] == ["d1, d2"]
    row, document = shown({"den-tho": None, "hoi-nghi": None})
    assert row == "('Không có địa điểm của sự kiện', '-', '-', '-')"
    text = render(document, "md").decode()
    assert not any(f"d{number}" in text for number in range(3))
    assert f"{ALPHA}: 0 nội dung kiểm tra chưa đạt, 0 chưa đo được; 1 nhiệm vụ quá hạn" in text


def test_a_service_beyond_the_event_decides_nothing(operators: Operators, tmp_path: Path) -> None:
    verdicts = (
        VerdictEntry(venue="hoi-nghi", service="wifi", verdict="READY"),
        VerdictEntry(venue="hoi-nghi", service="internet", verdict="NOT_READY"),
    )
    (tmp_path / "a.zip").write_bytes(operators.pack(verdicts=verdicts, venues=VENUES[:1]))
    document = paper(receive([tmp_path / "a.zip"], operators.wanted()), operators, tmp_path)
    assert texts(table(document, "Tổng hợp theo doanh nghiệp"))[0][2] == "Sẵn sàng"
    text = render(document, "md").decode().replace("\\", "").replace("\u00a0", " ")
    assert f"Trung tâm Hội nghị tỉnh: CHƯA ĐO ĐƯỢC. Chưa có báo cáo: {BETA}; Sẵn sàng: {ALPHA}." in text
    assert "Internet (ngoài yêu cầu của sự kiện) | Chưa sẵn sàng" in text


def test_what_is_reported_of_duty_incidents_and_what_is_open(
    received: ReceivedBundles, operators: Operators, tmp_path: Path
) -> None:
    text = render(paper(received, operators, tmp_path), "md").decode().replace("\\", "").replace("\u00a0", " ")
    for output in (
        f"{ALPHA}: còn 45 phút không đủ người trực (ứng cứu thông tin).",
        f"{ALPHA}: một số giá trị được đọc theo dạng kết quả chưa có nguồn công khai nào xác nhận, cần đối chiếu với "
        "thiết bị: Huawei eNodeB (Bo mạch); own_radio.",
        f"{ALPHA}: Trong 40 cổng, láng giềng, cell và điểm phát Wi-Fi đang hoạt động, 7 mục chưa có khai báo",
        f"{BETA}: chưa có danh sách trực.",
        f"Chưa đối chiếu được địa điểm vì chưa có kết quả kiểm tra: {BETA}.",
        "1 sự cố được ghi nhận, 1 sự cố chưa khắc phục xong; 1 thông báo quá hạn.",
        "Đứt cáp quang. xe thi công",
        "12.500",
        f"{ALPHA}: 2 nội dung kiểm tra chưa đạt, 4 chưa đo được; 1 nhiệm vụ quá hạn, 1 chưa đạt",
        "Ủy ban nhân dân tỉnh",
    ):
        assert output in text, output
    assert "no answer" not in text
    assert f"{BETA}: một số giá trị" not in text


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_form_says_the_same_words_and_masks(
    received: ReceivedBundles, operators: Operators, tmp_path: Path, lang: Lang
) -> None:
    document = paper(received, operators, tmp_path, lang)
    assert left_over(docx_text(render(document, "docx")), list(spoken(document))) == ("", [])
    for form in FORMS:
        assert render(document, form) == render(document, form)
    text = render(document, "json").decode()
    assert "R&D <x> gọi 0912***678 ngay" in text
    assert "0912345678" not in text
    assert unicodedata.is_normalized("NFC", text)
    assert "\ufffd" not in text


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_no_word_of_a_name_is_broken_at_a_desk(
    browser: Browser, received: ReceivedBundles, operators: Operators, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_bytes(render(paper(received, operators, tmp_path), "html"))
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((tmp_path / "page.html").as_uri())
    names = page.locator("section:first-of-type tbody th").evaluate_all("cells => cells.map(cell => cell.clientWidth)")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert min(names) >= 150
    assert wide == 1280


def test_the_page_escapes_what_operators_call_themselves(
    received: ReceivedBundles, operators: Operators, tmp_path: Path
) -> None:
    page = render(paper(received, operators, tmp_path), "html").decode()
    assert "Bưu chính R&amp;D &lt;x&gt; ẵ" in page
    assert "<x>" not in page
    assert "<script" not in page
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert "default-src 'none'; style-src 'sha256-" in page.replace("&#39;", "'")


def test_the_letterhead_and_the_words_are_those_of_the_department(
    received: ReceivedBundles, operators: Operators, tmp_path: Path
) -> None:
    own = tmp_path / "templates" / "reports"
    own.mkdir(parents=True)
    (own / "vi.yaml").write_text(
        "papers: {province: {signers: [Phó Giám đốc]}}\nwording: {province_counted: 'Nhận {{ count }} báo cáo.'}\n",
        encoding="utf-8",
    )
    text = render(paper(received, operators, tmp_path), "md").decode().replace("\\", "")
    for words in ("SỞ THÔNG TIN VÀ TRUYỀN THÔNG", "/BC-STTTT", "PHÓ GIÁM ĐỐC", "Nhận 2 báo cáo.", "DIỄN TẬP"):
        assert words in text, words


def test_long_tables_are_cut_with_a_note(operators: Operators, tmp_path: Path) -> None:
    found = tuple(FindingEntry(check="c", device=f"d{n}", status="fail", message=f"down {n}") for n in range(1000))
    (tmp_path / "a.zip").write_bytes(operators.pack(findings=found, counts={"fail": 30_000}))
    received = receive([tmp_path / "a.zip"], operators.wanted())
    findings = table(paper(received, operators, tmp_path), "Nội dung kiểm tra chưa đạt")
    assert len(findings.rows) == 100
    assert "29.900" in findings.note


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.delenv(ENVIRONMENT, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(["--now", "2022-04-25 08:00", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        code = left.value.code
        return (code if isinstance(code, int) else 0, out, err)

    return run


def test_two_workspaces_to_one_report(call: Call, workspace: Path, department: Path, tmp_path: Path) -> None:
    """From keys to the department's report, with commands only; an older bundle is refused the next time."""
    out_folder, keys = tmp_path / "out", tmp_path / "keys"
    code, out, _ = call("-w", str(workspace), "-o", "json", "department", "keygen", "--out", str(keys / "one.pem"))
    assert (code, json.loads(out)["operator"]) == (0, "Doanh nghiệp viễn thông (ví dụ)")
    assert (
        call("-w", str(workspace), "department", "keygen", "--out", str(keys / "two.pem"), "--operator", BETA)[0] == 0
    )
    one, two = str(tmp_path / "one.zip"), str(tmp_path / "two.zip")
    bundle = ("-w", str(workspace), "department", "bundle", "--rehearsal", "--key", str(keys / "one.pem"), "--out")
    assert call(*bundle, one)[0] == 0
    other = ("--key", str(keys / "two.pem"), "--operator", BETA, "--rehearsal")
    assert call("-w", str(workspace), "department", "bundle", "--out", two, *other)[0] == 0
    consolidate = ("-w", str(department), "department", "consolidate", "--keys", str(keys), "--out", str(out_folder))
    code, out, err = call(*consolidate, one, two)
    assert (code, err) == (0, "2 operators consolidated, 0 refused.\n")
    names = {Path(line).name for line in out.split()}
    assert names == {f"BC_tong_hop_2022-04-25_STTTT.{form}" for form in ("docx", "pdf", "md", "json", "html")}
    assert {path.name for path in out_folder.iterdir()} == names
    newer = str(tmp_path / "newer.zip")
    assert call(*bundle, newer)[0] == 0
    assert call(*consolidate, newer, "--format", "md")[0] == 0
    code, _, err = call(*consolidate, one, "--format", "md")
    assert (code, "one.zip: replayed: bundle 1 of" in err) == (7, True)


def test_refused_ones_are_named_and_give_the_exit_code(
    call: Call, operators: Operators, department: Path, tmp_path: Path
) -> None:
    one, _ = operators.bundles(tmp_path)
    keys = tmp_path / "keys"
    keys.mkdir()
    for name, key in (("a", operators.one), ("b", operators.other)):
        (keys / f"{name}.key.json").write_text(json.dumps(key.public.to_dict()), encoding="utf-8")
    bad = tmp_path / "bad.zip"
    bad.write_bytes(pack(alpha(operators.clock.now().astimezone(TZ)), "hue-2025", operators.other, operators.clock))
    junk = tmp_path / "junk.zip"
    junk.write_bytes(b"x")
    settings = ("--keys", str(keys), "--out", str(tmp_path / "out"), "--format", "md")
    start = ("-w", str(department), "-o", "json", "department", "consolidate")
    code, out, err = call(*start, str(one), str(bad), str(junk), *settings)
    assert code == 7
    result = json.loads(out)
    assert result["operators"] == [ALPHA]
    assert [refused["exit"] for refused in result["refused"]] == [7, 2]
    assert result["silent"] == [BETA]
    assert f"{bad}: bundle of another event (hue-2025, not tra-vinh-30)" in err
    assert call(*start, str(one), str(junk), *settings)[0] == 2
    code, _, err = call(*start, str(junk), *settings)
    assert (code, "no bundle is left to consolidate" in err) == (2, True)
    code, _, err = call(*start, str(bad), *settings)
    assert (code, "no bundle is left to consolidate" in err) == (7, True)
    assert call(*start, str(one), *settings[:-1], "odt")[0] == 2


def test_without_a_place_or_a_key_nothing_is_bundled(call: Call, workspace: Path, tmp_path: Path) -> None:
    assert call("-w", str(workspace), "department", "bundle")[0] == 2
    code, _, err = call("-w", str(workspace), "department", "bundle", "--out", str(tmp_path / "x.zip"))
    assert (code, "--rehearsal" in err) == (7, True)
    code, _, err = call("-w", str(workspace), "department", "bundle", "--rehearsal", "--out", str(tmp_path / "x.zip"))
    assert (code, "bundle.pem: there is no key to sign with. Name a key with --key, or make one" in err) == (2, True)
    code, _, err = call(
        "-w",
        str(workspace),
        "department",
        "bundle",
        "--rehearsal",
        "--out",
        str(tmp_path / "x.zip"),
        "--key",
        "mine.pem",
    )
    assert (code, "mine.pem: the key cannot be read" in err) == (2, True)
    assert not (tmp_path / "x.zip").exists()


def test_a_real_clock_takes_no_rehearsal(operators: Operators, tmp_path: Path) -> None:
    one, _ = operators.bundles(tmp_path)
    wanted = operators.wanted(rehearsal=Clock().rehearsal)
    assert receive([one], wanted).bundles == ()
