"""`eventready report weekly ...` as a person calls it: files, stdout, sentences and exit codes."""

from __future__ import annotations

import email
import email.policy
import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.core.errors import Exit
from eventready.incidents.log import Report, open_incident
from eventready.roster.versions import Shelf
from eventready.store.store import Store
from eventready.workspace.settings.event import load_event
from tests.papers.documents import broken, healthy
from tests.papers.papers import ROOT

pytestmark = pytest.mark.slow

NOW = "2022-04-25 07:05"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for folder in ("inventory", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def _run(capsys: pytest.CaptureFixture[str], workspace: Path, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["-w", str(workspace), "--now", NOW, "report", *arguments])
    output = capsys.readouterr()
    return int(left.value.code or 0), output.out, output.err


def _audited(workspace: Path) -> None:
    with Store.of_workspace(workspace) as store:
        for moment, scene in (("2022-04-18 07:00", healthy()), ("2022-04-25 07:00", broken())):
            run_id = store.begin("tra-vinh-30", Clock.starting(moment))
            for text in scene.texts.values():
                store.evidence(text)
            clock = {"event": f"{moment.replace(' ', 'T')}:00+07:00", "rehearsal": True}
            store.finish({**scene.document, "id": run_id, "clock": clock})


def test_weekly_lies_ready_in_three_formats(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    _audited(workspace)
    code, out, _ = _run(capsys, workspace, "weekly")
    assert code == Exit.OK
    assert [Path(line).name for line in out.splitlines()] == [
        f"BC_tuan_2022-04-25_DNVT.{form}" for form in ("docx", "pdf", "xlsx")
    ]
    assert all(Path(line).stat().st_size > 5000 for line in out.splitlines())


def test_weekly_compares_with_the_run_of_the_week_before(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    _audited(workspace)
    _, out, _ = _run(capsys, workspace, "weekly", "--format", "json", "--out", "-")
    document = json.loads(out)
    assert document["schema"] == "eventready.document/1"
    assert "So với lần kiểm tra lúc 07 giờ 00 ngày 18/04/2022" in out.replace("\u00a0", " ")


def test_an_earlier_week_rests_on_its_own_run(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    _audited(workspace)
    for week in ("2022-04-18", "2022-W16", "2022-04-20"):
        code, out, _ = _run(capsys, workspace, "weekly", "--week", week, "--format", "md", "--out", "-")
        assert code == Exit.OK
        assert "từ ngày 11/04/2022 đến ngày 17/04/2022" in out.replace("\u00a0", " ")
        assert "không kết nối được (edge-dt-1)" not in out.replace("\\", "")


def test_a_letter_may_want_its_report_on_another_weekday(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    _audited(workspace)
    file = workspace / "inventory" / "event.yaml"
    text = re.sub(r"day: monday", "day: friday", file.read_text(encoding="utf-8"))
    text = re.sub(r"(?m)^(  first:) .*$", r"\1 2022-04-29", text, count=1)
    file.write_text(re.sub(r"(?m)^(  last:) .*$", r"\1 2022-05-06", text, count=1), encoding="utf-8")
    for week, first, last in (("2022-04-29", "22/04/2022", "28/04/2022"), ("2022-W17", "22/04/2022", "28/04/2022")):
        code, out, err = _run(capsys, workspace, "weekly", "--week", week, "--format", "md", "--out", "-")
        assert code == Exit.OK
        assert f"từ ngày {first} đến ngày {last}" in out.replace("\u00a0", " ")
        assert "first weekly report" not in err
    code, out, err = _run(capsys, workspace, "weekly", "--format", "md", "--out", "-")
    assert "từ ngày 15/04/2022 đến ngày 21/04/2022" in out.replace("\u00a0", " ")
    assert "The first weekly report is due on 29/04/2022: `--week 2022-04-29` writes it." in err


def test_a_draft_mail_carries_the_papers(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    code, out, _ = _run(capsys, workspace, "weekly", "--format", "docx,pdf,md", "--eml", "-o", "json")
    assert code == Exit.OK
    files = {entry["format"]: Path(entry["file"]) for entry in json.loads(out)}
    assert list(files) == ["docx", "pdf", "md", "eml"]
    mail = email.message_from_bytes(files["eml"].read_bytes(), policy=email.policy.default)
    assert mail["To"] is not None
    assert "bchieu@travinh.gov.vn" in mail["To"]
    assert "(18/04–24/04/2022)" in mail["Subject"]
    carried = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert carried == {files[form].name: files[form].read_bytes() for form in ("docx", "pdf")}


def test_a_duty_list_is_a_version(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    for _ in range(2):
        code, out, _ = _run(capsys, workspace, "roster", "--format", "md", "--out", "-")
        assert code == Exit.OK
        assert "(phiên bản 1)" in out.replace("\\", "")
    assert Shelf(workspace).versions()[-1].number == 1


def test_an_incident_on_record_is_written_up(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    clock = Clock.starting("2022-04-20 21:10")
    report = Report(
        by="Lê Hoàng Phúc", summary="Đứt cáp", venue="den-tho", services=("mobile", "postal"), subscribers=1200
    )
    with Store.of_workspace(workspace) as store:
        name = open_incident(report, load_event(workspace / "inventory" / "event.yaml"), store, clock).id
    code, out, _ = _run(capsys, workspace, "incident", name, "--format", "md", "--out", "-")
    assert code == Exit.OK
    shown = out.replace("\\", "").replace("\u00a0", " ")
    assert "Dịch vụ bị ảnh hưởng: Di động, Bưu chính." in shown
    assert "Số thuê bao bị ảnh hưởng: 1.200." in shown
    assert shown.count("Chưa thông báo (trễ") == 6
    for short in ("latest", name[-2:]):
        assert _run(capsys, workspace, "incident", short, "--format", "md", "--out", "-")[:2] == (Exit.OK, out)
    code, _, err = _run(capsys, workspace, "incident", name[:-1] + "9")
    assert (code, f"Did you mean '{name}'?" in err) == (Exit.USAGE, True)


def test_without_a_run_it_says_so_and_still_writes(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    code, out, err = _run(capsys, workspace, "weekly", "--format", "md", "--out", "-")
    assert code == Exit.OK
    assert f"Run `eventready -w {workspace} audit` first" in err
    assert "chưa thể kết luận mức độ sẵn sàng" in out
    assert not (workspace / ".eventready").exists()


@pytest.mark.parametrize(("paper", "stem"), [("final --draft", "BC_tong_ket"), ("plan", "PA_dam_bao")])
def test_other_papers(capsys: pytest.CaptureFixture[str], workspace: Path, paper: str, stem: str) -> None:
    code, out, _ = _run(capsys, workspace, *paper.split(), "-o", "json", "--out", str(workspace / "giấy"))
    assert code == Exit.OK
    files = [Path(entry["file"]) for entry in json.loads(out)]
    assert all(file.name.startswith(stem) and file.is_file() for file in files)


@pytest.mark.parametrize(
    ("arguments", "code", "output"),
    [
        (("weekly", "--week", "soon"), Exit.USAGE, "neither a day nor a week"),
        (("weekly", "--week", "2022-W53"), Exit.USAGE, "2022 has no week 53. Write 2023-01-02 or its week."),
        (("weekly", "--format", "doc"), Exit.USAGE, "choose among html, docx, pdf, xlsx, md, json"),
        (("weekly", "--out", "-"), Exit.USAGE, "only one format of html, md and json can go to stdout"),
        (("weekly", "--format", "pdf", "--out", "-"), Exit.USAGE, "only one format of html, md and json"),
        (("weekly", "--format", "md", "--eml"), Exit.USAGE, "the mail has no attachment"),
        (("weekly", "--run", "nope"), Exit.USAGE, "no run is stored yet"),
        (("weekly", "--out", "x.docx"), Exit.USAGE, "Name a folder with --out"),
        (("incident", "SC-1"), Exit.USAGE, "no incident is on record"),
        (("check-template", "nope.yaml"), Exit.USAGE, "the file does not exist"),
    ],
)
def test_what_cannot_be_done_is_reported(
    capsys: pytest.CaptureFixture[str], workspace: Path, arguments: tuple[str, ...], code: int, output: str
) -> None:
    left, out, err = _run(capsys, workspace, *arguments)
    assert (left, out) == (code, "")
    assert output in err
    assert "Traceback" not in err


def test_no_roster_no_duty_list(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "inventory" / "roster.xlsx").unlink(missing_ok=True)
    code, _, err = _run(capsys, workspace, "roster")
    assert code == Exit.REFUSED
    assert "no roster" in err


def test_a_roster_that_does_not_hold_does_not_stop_monday(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    (workspace / "inventory" / "roster.xlsx").write_bytes(b"not a workbook")
    code, out, err = _run(capsys, workspace, "weekly", "--format", "md", "--out", "-")
    assert code == Exit.OK
    assert "The roster is invalid and proves nothing" in err
    assert "Danh sách trực chưa được lập" in out


def test_a_profile_that_does_not_hold_stops_before_anything_is_written(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    (workspace / "templates" / "reports" / "vi.yaml").write_text("office:\n  issuer: '{{ enterprize }}'\n")
    code, _, err = _run(capsys, workspace, "weekly")
    assert code == Exit.USAGE
    assert "vi.yaml:2: unknown variable 'enterprize'. Did you mean 'enterprise'?" in err
    assert not (workspace / "reports").exists()


def test_check_template(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    code, out, _ = _run(capsys, workspace, "check-template", str(workspace / "templates/reports/en.yaml"), "-o", "json")
    assert (code, json.loads(out)["holds"], json.loads(out)["lang"]) == (Exit.OK, True, "en")


def test_a_missing_package_is_named(
    capsys: pytest.CaptureFixture[str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    for module in ("papers.document.renderers.xlsx", "workspace.sheets.workbook"):
        monkeypatch.delitem(sys.modules, f"eventready.{module}", raising=False)
    code, _, err = _run(capsys, workspace, "plan", "--format", "xlsx")
    assert code == Exit.USAGE
    assert "XLSX needs the package 'xlsxwriter', which is not installed. Install `eventready[documents]`" in err


def test_a_folder_that_cannot_be_written_leaves_the_old_paper(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    blocked = workspace / "reports"
    blocked.write_text("a file in the way")
    code, _, err = _run(capsys, workspace, "plan", "--format", "md")
    assert code == Exit.USAGE
    assert "cannot be written" in err
    assert blocked.read_text() == "a file in the way"
