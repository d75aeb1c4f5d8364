"""`eventready works`: import, list, explain and accept in a workspace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eventready.cli.main import _run
from eventready.core.errors import Exit
from eventready.workspace.examples.example import copy_example
from tests.works.notices import calendar, event, mail

NOW = ("--now", "2022-04-25 07:00")
NIGHT: dict[str, Any] = {"DTSTART": "20220429T120000Z", "DTEND": "20220429T140000Z", "DTSTAMP": "20220420T010000Z"}
Call = Callable[..., int]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "event"
    copy_example(folder)
    for path in (folder / "inventory" / "works").glob("*"):
        path.unlink()
    circuits = "circuits: [{id: CKT-A, members: ['core-1:TenGigabitEthernet0/2/0']}]\n"
    (folder / "inventory" / "circuits.yaml").write_text(circuits, encoding="utf-8")
    (folder / "n.eml").write_bytes(mail(calendar(event(**NIGHT))))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def call(workspace: Path) -> Call:
    return lambda *arguments: int(_run(["works", *arguments, *NOW]))


def test_a_mail_becomes_a_work(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("import", "n.eml", "--dry-run") == Exit.OK
    assert call("list") == Exit.OK
    shown = capsys.readouterr()
    assert "new, 29/04/2022 19:00 to 29/04/2022 21:00" in shown.out
    assert "No work is planned" in shown.err
    assert call("import", "n.eml") == Exit.OK
    assert call("list", "--lang", "vi") == Exit.OK
    shown = capsys.readouterr()
    assert "chưa biết phần tử mạng nào ứng với CKT-B" in shown.out
    assert call("explain", "WO-1") == Exit.OK
    out = capsys.readouterr().out
    assert "CKT-A (outage): core-1:TenGigabitEthernet0/2/0" in out
    assert "CKT-B (reduced redundancy): no element is known" in out
    assert "meets Opening night" in out
    assert "NOC <noc@carrier.example>" in out


def test_a_word_for_a_work(workspace: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    call("import", "n.eml")
    assert call("accept", "WO-1") == Exit.USAGE
    assert call("accept", "WO-1", "--by", "An", "--note", "tried") == Exit.OK
    capsys.readouterr()
    call("list", "-o", "json")
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["accepted"]["by"], found["accepted"]["note"]) == ("An", "tried")
    (workspace / "n.ics").write_bytes(calendar(event(**NIGHT | {"DTEND": "20220429T150000Z", "SEQUENCE": "2"})))
    assert call("import", "n.ics") == Exit.OK
    assert "the acceptance ends" in capsys.readouterr().out
    assert call("accept", "WO-1", "--by", "An") == Exit.OK
    assert call("accept", "WO-1", "--withdraw") == Exit.OK
    (workspace / "n.ics").write_bytes(calendar(event(**NIGHT, SEQUENCE="3", X_MAINTNOTE_STATUS="CANCELLED")))
    assert call("import", "n.ics") == Exit.OK
    capsys.readouterr()
    assert call("accept", "WO-1", "--by", "An") == Exit.USAGE
    assert "there is nothing to accept" in capsys.readouterr().err


def test_a_refused_notice_costs_the_others_nothing(
    workspace: Path, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "n.ics").write_bytes(calendar(event(**NIGHT), event("RRULE:FREQ=DAILY", UID="w2")))
    assert call("import", "n.ics") == Exit.USAGE
    shown = capsys.readouterr()
    assert "carrier.example/WO-1: new" in shown.out
    assert "the work repeats (RRULE)" in shown.err
    (workspace / "n.ics").write_bytes(calendar(event("RRULE:FREQ=DAILY")))
    assert call("import", "n.ics") == Exit.USAGE
    assert "none imported" in capsys.readouterr().err
