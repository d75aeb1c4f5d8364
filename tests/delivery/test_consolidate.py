"""The province's report and page: what two operators sent, in every form, with nothing that should not be there."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from eventready.cli.main import main
from eventready.clock import TZ, Clock
from eventready.delivery.bundle import pack
from eventready.delivery.page import to_page
from eventready.delivery.province import province
from eventready.delivery.receive import Received, receive
from eventready.delivery.wording import load_wording
from eventready.errors import WorkspaceError
from eventready.report.document.formats import FORMS, render
from eventready.report.document.model import Document, Table
from eventready.report.language import Language
from eventready.report.words import Lang
from eventready.store.database import ENVIRONMENT
from tests.delivery.operators import ALPHA, BETA, EVENT, Operators, alpha
from tests.report.reading import docx_text, left_over, spoken

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def operators() -> Operators:
    return Operators.invented()


@pytest.fixture
def received(operators: Operators, tmp_path: Path) -> Received:
    return receive(operators.bundles(tmp_path), operators.wanted())


def paper(received: Received, operators: Operators, folder: Path, lang: Lang = "vi") -> Document:
    return province(received, operators.wanted(), load_wording(folder, lang), lang)


def table(document: Document, name: str) -> Table:
    return next(found for _, found in document.tables() if found.name == name)


def test_a_row_per_operator(received: Received, operators: Operators, tmp_path: Path) -> None:
    document = paper(received, operators, tmp_path)
    assert table(document, "Tổng hợp theo doanh nghiệp").rows == (
        ("1", BETA, "Chưa kiểm tra", "-", "-", "-", "0/1", "0", "-", "0"),
        ("2", ALPHA, "Chưa sẵn sàng", "99,5%", "2", "4", "1/2", "1", "45", "1"),
    )
    assert table(document, "Mức độ sẵn sàng theo địa điểm và dịch vụ").rows == (
        ("Trung tâm Hội nghị tỉnh", "Wi-Fi", "Chưa kiểm tra", "Chưa sẵn sàng"),
        ("Trung tâm Hội nghị tỉnh", "Internet", "Chưa kiểm tra", "Sẵn sàng"),
        ("Khu di tích lịch sử Đền thờ Bác Hồ", "Di động", "Chưa kiểm tra", "Chưa đo được"),
    )
    (clauses,) = [found for title, found in document.tables() if title == "TÌNH TRẠNG THỰC HIỆN TỪNG NHIỆM VỤ"]
    assert clauses.rows == (
        ("1.1a", "Nhiệm vụ 1.1a", "Không áp dụng", "Đạt"),
        ("2.1a", "Nhiệm vụ 2.1a", "Đang thực hiện", "Không áp dụng"),
        ("1.2b", "Nhiệm vụ 1.2b", "-", "Chưa đạt (quá hạn)"),
    )


def test_what_is_said_of_duty_incidents_and_what_is_open(
    received: Received, operators: Operators, tmp_path: Path
) -> None:
    text = render(paper(received, operators, tmp_path), "md").decode().replace("\\", "").replace("\u00a0", " ")
    for said in (
        f"{ALPHA}: còn 45 phút không đủ người trực (ứng cứu).",
        f"{BETA}: chưa có danh sách trực.",
        "1 sự cố được ghi nhận, 1 sự cố chưa khắc phục xong; 1 thông báo quá hạn.",
        "Đứt cáp quang. xe thi công",
        "12.500",
        f"{ALPHA}: 2 nội dung kiểm tra chưa đạt, 4 chưa đo được; 1 nhiệm vụ quá hạn, 1 chưa đạt",
        "Ủy ban nhân dân tỉnh Trà Vinh",
    ):
        assert said in text, said
    assert "only a warning" not in text


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_form_says_the_same_words_and_masks(
    received: Received, operators: Operators, tmp_path: Path, lang: Lang
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
def test_no_word_of_a_name_is_broken_at_a_desk(received: Received, operators: Operators, tmp_path: Path) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright")
    (tmp_path / "page.html").write_text(to_page(received, operators.wanted(), load_wording(tmp_path, "vi")), "utf-8")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto((tmp_path / "page.html").as_uri())
        names = page.locator("tbody th").evaluate_all("cells => cells.map(cell => cell.clientWidth)")
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert min(names) >= 150
    assert wide == 1280


def test_verdicts_are_called_the_same_in_the_note_as_in_the_table(tmp_path: Path) -> None:
    for lang in get_args(Lang):
        note, words = load_wording(tmp_path, lang).say("note_measured"), Language(lang)
        assert f'"{words.verdict("NOT_MEASURED")}"' in note
        assert f'"{words.verdict("READY_WITH_RISK")}"' in note


def test_the_page_escapes_what_operators_call_themselves(
    received: Received, operators: Operators, tmp_path: Path
) -> None:
    page = to_page(received, operators.wanted(), load_wording(tmp_path, "vi"))
    assert "Bưu chính R&amp;D &lt;x&gt; ẵ" in page
    assert "<x>" not in page
    assert "<script" not in page
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert "default-src 'none'; style-src 'sha256-" in page.replace("&#39;", "'")
    rows = re.findall(r'<tr>\n<th scope="row">', page)
    assert len(rows) == 2


def test_the_office_words_it_its_own_way(received: Received, operators: Operators, tmp_path: Path) -> None:
    own = tmp_path / "templates" / "reports"
    own.mkdir(parents=True)
    (own / "province.vi.yaml").write_text(
        "issuer: Sở Khoa học và Công nghệ\ncounted: Nhận {{ count }} báo cáo.\n", encoding="utf-8"
    )
    text = render(paper(received, operators, tmp_path), "md").decode().replace("\\", "")
    assert "SỞ KHOA HỌC VÀ CÔNG NGHỆ" in text
    assert "Nhận 2 báo cáo." in text
    (own / "province.vi.yaml").write_text("isuer: x\ncounted: '{{ cuont }}'\nkind: [a]\n", encoding="utf-8")
    with pytest.raises(WorkspaceError) as wrong:
        load_wording(tmp_path, "vi")
    assert "province.vi.yaml:1" in str(wrong.value)
    assert "Did you mean 'issuer'?" in str(wrong.value)
    assert "'cuont' is unknown here" in str(wrong.value)
    assert "'kind' must be text" in str(wrong.value)


def test_both_languages_have_the_same_words() -> None:
    here = Path()
    assert load_wording(here, "vi").texts.keys() == load_wording(here, "en").texts.keys()


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


def test_two_workspaces_to_one_report(call: Call, workspace: Path, tmp_path: Path) -> None:
    """From keys to the department's page, with commands only."""
    desk, keys = tmp_path / "desk", tmp_path / "keys"
    code, out, _ = call("-w", str(workspace), "-o", "json", "bundle", "keygen", "--out", str(keys / "one.pem"))
    assert (code, json.loads(out)["operator"]) == (0, "Doanh nghiệp viễn thông (ví dụ)")
    assert call("-w", str(workspace), "bundle", "keygen", "--out", str(keys / "two.pem"), "--operator", BETA)[0] == 0
    one, two = str(tmp_path / "one.zip"), str(tmp_path / "two.zip")
    assert call("-w", str(workspace), "bundle", "--out", one, "--key", str(keys / "one.pem"))[0] == 0
    made = call("-w", str(workspace), "bundle", "--out", two, "--key", str(keys / "two.pem"), "--operator", BETA)
    assert made[0] == 0
    code, out, err = call("-w", str(workspace), "consolidate", one, two, "--keys", str(keys), "--out", str(desk))
    assert (code, err) == (0, "2 operators consolidated, 0 refused.\n")
    names = {Path(line).name for line in out.split()}
    assert names == {f"BC_tong_hop_2022-04-25.{form}" for form in ("docx", "pdf", "md", "json", "html")}
    assert {path.name for path in desk.iterdir()} == names


def test_refused_ones_are_named_and_give_the_exit_code(call: Call, operators: Operators, tmp_path: Path) -> None:
    one, _ = operators.bundles(tmp_path)
    keys = tmp_path / "keys"
    keys.mkdir()
    for name, key in (("a", operators.one), ("b", operators.other)):
        (keys / f"{name}.key.json").write_text(json.dumps(key.public.plain()), encoding="utf-8")
    bad = tmp_path / "bad.zip"
    bad.write_bytes(pack(alpha(operators.clock.now().astimezone(TZ)), "hue-2025", operators.other, operators.clock))
    junk = tmp_path / "junk.zip"
    junk.write_bytes(b"x")
    settings = ("--keys", str(keys), "--out", str(tmp_path / "out"), "--event", EVENT, "--format", "md")
    code, out, err = call("-o", "json", "consolidate", str(one), str(bad), str(junk), *settings)
    assert code == 7
    told = json.loads(out)
    assert told["operators"] == [ALPHA]
    assert [refused["exit"] for refused in told["refused"]] == [7, 2]
    assert told["silent"] == [BETA]
    assert f"{bad}: it is of another event (hue-2025, not tra-vinh-30)" in err
    assert call("consolidate", str(one), str(junk), *settings)[0] == 2
    code, _, err = call("consolidate", str(junk), *settings)
    assert (code, "no bundle is left to consolidate" in err) == (2, True)
    code, _, err = call("consolidate", str(bad), *settings)
    assert (code, "no bundle is left to consolidate" in err) == (7, True)
    assert call("consolidate", str(one), *settings[:-1], "odt")[0] == 2


def test_without_a_place_or_a_key_nothing_is_bundled(call: Call, workspace: Path, tmp_path: Path) -> None:
    assert call("-w", str(workspace), "bundle")[0] == 2
    code, _, err = call("-w", str(workspace), "bundle", "--out", str(tmp_path / "x.zip"))
    assert (code, "bundle.pem: there is no key to sign with. Name yours with --key, or make one" in err) == (2, True)
    code, _, err = call("-w", str(workspace), "bundle", "--out", str(tmp_path / "x.zip"), "--key", "mine.pem")
    assert (code, "mine.pem: the key cannot be read" in err) == (2, True)
    assert not (tmp_path / "x.zip").exists()


def test_without_a_workspace_the_event_must_be_named(call: Call, operators: Operators, tmp_path: Path) -> None:
    one, _ = operators.bundles(tmp_path)
    code, _, err = call("-w", str(tmp_path), "consolidate", str(one), "--keys", str(tmp_path), "--out", str(tmp_path))
    assert (code, "of which event" in err) == (2, True)


def test_a_real_clock_takes_no_rehearsal(operators: Operators, tmp_path: Path) -> None:
    one, _ = operators.bundles(tmp_path)
    wanted = operators.wanted(rehearsal=Clock().rehearsal)
    assert receive([one], wanted).bundles == ()
