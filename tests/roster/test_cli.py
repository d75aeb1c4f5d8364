"""`eventready roster`: what it prints, what it hides, and how it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eventready.cli.main import _run
from eventready.core.errors import Exit
from eventready.roster.reading.load import load_roster
from eventready.roster.versions import Shelf
from eventready.workspace.examples.example import copy_example
from tests.roster.books import at, ledger, naive, workbook

pytestmark = pytest.mark.slow

NOW = ("--now", "2022-04-25 07:00")
Call = Callable[..., int]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "event"
    copy_example(folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def call(workspace: Path) -> Call:
    return lambda *arguments: int(_run(["roster", *arguments, *NOW]))


def _edit(workspace: Path, changes: dict[str, str | None]) -> None:
    from openpyxl import load_workbook

    path = workspace / "inventory" / "roster.xlsx"
    made = load_workbook(path)
    for cell, value in changes.items():
        made["Trực"][cell] = value
    made.save(path)


def test_the_example_holds(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("check") == Exit.OK
    out = capsys.readouterr().out
    assert out.count(": complete, 00:00 26/04/2022 – 00:00 02/05/2022") == 5
    assert "0 errors, 1 warning, 3 hints" in out


def test_a_gap(workspace: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    _edit(workspace, {"K11": None})
    assert call("check", "--lang", "vi") == Exit.DEADLINE
    out = capsys.readouterr().out
    assert "Trực điều hành (DH): có khoảng trống" in out
    assert "T3 26/04   " + "█" * 12 + "·" * 16 + "█" * 20 in out
    assert "✗ Trực điều hành: không có ai trong 480 phút: 06:00–14:00 26/04/2022." in out


def test_a_gap_by_minute_in_json(workspace: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    _edit(workspace, {"K11": "06:00-13:47"})
    assert call("check", "-o", "json") == Exit.DEADLINE
    document = json.loads(capsys.readouterr().out)
    assert document["gaps"] == [
        {
            "role": "DH",
            "venue": None,
            "branch": None,
            "start": "2022-04-26T13:47+07:00",
            "end": "2022-04-26T14:00+07:00",
            "minutes": 13,
            "have": 0,
            "need": 1,
        }
    ]
    assert document["holds"] is False
    lane = next(lane for lane in document["coverage"] if lane["role"] == "DH")
    assert {"start": "2022-04-26T13:47+07:00", "end": "2022-04-26T14:00+07:00", "have": 0} in lane["stretches"]


@pytest.mark.parametrize("output", [("-o", "json"), ("--lang", "vi"), ()])
def test_numbers_are_masked(call: Call, capsys: pytest.CaptureFixture[str], output: tuple[str, ...]) -> None:
    call("check", *output)
    text = "".join(capsys.readouterr())
    assert "0900000" not in text
    assert "02943000" not in text
    if output == ("-o", "json"):
        assert "0900***101" in text


def test_numbers_on_request(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    call("check", "-o", "json", "--with-phones")
    assert "0900000101" in capsys.readouterr().out


def test_another_file(workspace: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    head = ["Họ và tên", "Nhiệm vụ", "Điện thoại", naive(2022, 4, 29)]
    path = ledger(workspace / "draft.xlsx", [head, ["An, Bình", "CA", "0912345678", "C1"]])
    assert call("check", str(path.relative_to(workspace))) == Exit.USAGE
    printed = capsys.readouterr()
    assert not printed.out
    assert printed.err == (
        'eventready: draft.xlsx, sheet "Trực", cell A2: two people stand in one cell (An, Bình). '
        "Give each of them a row of their own.\n"
    )


@pytest.mark.parametrize(
    ("data", "complaint"),
    [(None, "the file does not exist"), (b"", "the file is empty"), (b"a;b", "this is not an .xlsx file")],
)
def test_files_that_do_not_hold(
    workspace: Path, call: Call, capsys: pytest.CaptureFixture[str], data: bytes | None, complaint: str
) -> None:
    path = workspace / "inventory" / "roster.xlsx"
    path.unlink() if data is None else path.write_bytes(data)
    for verb in ("check", "export"):
        assert call(verb) == Exit.USAGE
        printed = capsys.readouterr()
        assert f"inventory/roster.xlsx: {complaint}" in printed.err
        assert "Traceback" not in printed.err
    assert not (workspace / ".eventready").exists()


def test_late(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["roster", "check", "--now", "2022-04-28 00:00"]) == Exit.DEADLINE
    assert "has not been sent and is late" in capsys.readouterr().out
    assert _run(["roster", "export", "--now", "2022-04-26 09:00"]) == Exit.OK
    Shelf(workspace).mark_sent(1, at("26 10"), ("bchieu@travinh.gov.vn",))
    assert _run(["roster", "check", "--now", "2022-04-28 00:00"]) == Exit.OK
    _edit(workspace, {"C5": "Giám đốc"})
    assert _run(["roster", "check", "--now", "2022-04-28 00:00"]) == Exit.DEADLINE
    assert "has changed since it was sent at 10:00 26/04/2022" in capsys.readouterr().out


def test_export(workspace: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("export", "--out", "out") == Exit.OK
    assert "Version 1: 37 people, 151 shifts." in capsys.readouterr().err
    from eventready.workspace.settings.event import load_event

    event = load_event(workspace / "inventory" / "event.yaml")
    exported = load_roster(workspace / "out" / "danh-sach-truc-v1.xlsx", event)
    original = Shelf(workspace).get("1").roster
    assert exported == original
    assert "0900000101" not in (workspace / "out" / "danh-sach-truc-v1.json").read_text(encoding="utf-8")
    assert len(list((workspace / "out" / "lich-truc-v1").glob("*.ics"))) == 34
    assert not list((workspace / "out").glob(".*"))


def test_export_again_after_a_change(workspace: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    call("export", "--out", "out", "--format", "xlsx")
    Shelf(workspace).mark_sent(1, at("26 10"), ("bchieu@travinh.gov.vn",))
    call("export", "--out", "out", "--format", "xlsx")
    assert [path.name for path in (workspace / "out").iterdir()] == ["danh-sach-truc-v1.xlsx"]
    _edit(workspace, {"K11": None})
    capsys.readouterr()
    assert call("export", "--out", "out", "--format", "xlsx", "--lang", "vi") == Exit.OK
    printed = capsys.readouterr()
    assert "out/danh-sach-truc-v2.xlsx" in printed.out
    assert "bỏ ca: trực điều hành (Trung tâm Điều hành mạng) 06:00–14:00 26/04/2022." in printed.err
    assert "Danh sách trực chưa đạt (1 lỗi)" in printed.err
    assert call("diff", "1", "2") == Exit.OK
    assert "no longer has: operations command" in capsys.readouterr().out
    assert call("diff") == Exit.OK
    assert "no longer has: operations command" in capsys.readouterr().out
    assert call("versions", "-o", "json") == Exit.OK
    listed: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert [(entry["version"], len(entry["sent"])) for entry in listed] == [(1, 1), (2, 0)]


@pytest.mark.parametrize(
    ("formats", "complaint"),
    [("docx", "is a report. Run `eventready report roster`"), ("odt", "'odt' is no format"), ("", "is no format")],
)
def test_formats(call: Call, capsys: pytest.CaptureFixture[str], formats: str, complaint: str) -> None:
    assert call("export", "--format", formats) == Exit.USAGE
    assert complaint in capsys.readouterr().err


def test_nothing_is_kept_yet(workspace: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("versions") == Exit.OK
    assert call("diff", "1") == Exit.USAGE
    assert "eventready roster export" in capsys.readouterr().err
    assert not (workspace / ".eventready").exists()


def test_out_that_cannot_be_written(workspace: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "out").write_text("a file", encoding="utf-8")
    assert call("export", "--out", "out/deeper") == Exit.USAGE
    assert "cannot be written" in capsys.readouterr().err


def test_settings_that_do_not_hold(workspace: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "inventory" / "roster.yaml").write_text("roles: {CA: {min: many}}\n", encoding="utf-8")
    assert call("check") == Exit.USAGE
    assert "roster.yaml:1" in capsys.readouterr().err


def test_a_roster_of_a_province(workspace: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    """200 people over 60 days: everything is found, nothing is cut short."""
    from datetime import timedelta

    days = [naive(2022, 3, 3) + timedelta(days=number) for number in range(60)]
    turn = ("C1", "C2", "C3", None)
    rows = [["Họ và tên", "Nhiệm vụ", "Điện thoại", *days]]
    for number in range(200):
        name = f"Người {chr(65 + number // 26)}{chr(65 + number % 26)}"
        codes = [turn[(day + number) % 4] for day in range(60)]
        rows.append([name, ("LD", "DH", "CA", "UC", "VH")[number // 40], f"09{number:08}", *codes])
    workbook(*rows)[0].save(workspace / "inventory" / "roster.xlsx")
    (workspace / "inventory" / "roster.yaml").write_text(
        "from: 2022-03-03 06:00\nto: 2022-05-01 22:00\nvenue_team: {windows: [], UC: 0, VH: 0}\nskills: []\n",
        encoding="utf-8",
    )
    assert call("check", "-o", "json") == Exit.DEADLINE  # leaders have one number only
    document = json.loads(capsys.readouterr().out)
    assert (len(document["people"]), document["shifts"]) == (200, 9000)
    assert document["gaps"] == []
    assert sum(finding["rule"] == 4 for finding in document["findings"]) == 80
    call("check")
    assert "… and 65 more: see -o json." in capsys.readouterr().out
