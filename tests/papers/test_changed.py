"""Changes in the readiness report and in the weekly one: an emergency stands there with two names and a ticket."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventready.clauses.changes import ChangeOnRecord
from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.core.language import Language
from eventready.core.messages import Lang
from eventready.papers.document.formats import render
from eventready.papers.kinds.readiness import Background, readiness
from eventready.papers.kinds.weekly import weekly
from eventready.papers.material.change_lines import change_lines
from eventready.papers.words import Form
from eventready.store.change_steps import ChangeHeader, DeviceOutcome, Emergency, Ended
from eventready.store.store import Store
from tests.papers.documents import broken
from tests.papers.papers import MONDAY, material, profile
from tests.zones import TZ

FRIDAY = datetime(2022, 4, 22, 21, 0, tzinfo=TZ)
EMERGENCY = ("INC-7", "Nguyễn Văn A", "Trần <b>B</b>")


def change(name: str = "c-1", **more: Any) -> ChangeOnRecord:
    made = ChangeOnRecord(
        id=name,
        intents=("load_balancing", "backup"),
        began=FRIDAY,
        ended=FRIDAY + timedelta(minutes=3),
        status="applied",
        states={"r1": "with_change", "r2": "with_change"},
        by="an.nguyen",
    )
    return replace(made, **more)


def rendered(*changes: ChangeOnRecord, lang: Lang = "vi", form: Form = "html") -> str:
    return render(readiness(broken().run, lang, Background(changes=changes)), form).decode()


def changes_table(data: Any) -> Any:
    """The rows of the table of changes in a report as JSON."""
    start = next(i for i, block in enumerate(data["blocks"]) if block.get("anchor") == "changed")
    return data["blocks"][start + 1]["rows"]


def test_a_change_stands_in_the_page() -> None:
    page = rendered(change())
    assert "Cân bằng tải, Dự phòng" in page
    assert "2 thiết bị có thay đổi" in page
    assert "đã thực hiện" in page
    assert "Khẩn cấp" not in page


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_an_emergency_is_marked_with_names_and_ticket(form: Any) -> None:
    text = rendered(change(emergency=EMERGENCY), lang="en", form=form).replace("\\", "")
    assert "EMERGENCY: Nguyễn Văn A and Trần" in text
    assert "ticket INC-7" in text
    if form == "html":
        assert "<b>B</b>" not in text
        assert '<td class="fail" data-label="Emergency">EMERGENCY' in text


def test_the_latest_change_comes_first_and_what_is_open_needs_a_person() -> None:
    latest = change("c-2", began=MONDAY, status="open", ended=None, states={"r1": "unproven"}, rolls_back="c-1")
    data = json.loads(rendered(change(), latest, form="json"))
    rows = changes_table(data)
    assert [row[0]["note"] for row in rows] == ["c-2", "c-1"]
    assert rows[0][0]["text"].startswith("Hoàn nguyên thay đổi lúc 22/04/2022 21:00")
    assert rows[0][3] == {"text": "chưa kết thúc, cần người xử lý", "status": "fail", "note": ""}
    assert "1 thiết bị chưa xác định được" in rows[0][4]


def test_no_change_is_reported_in_words() -> None:
    assert "Chưa ghi nhận thay đổi nào." in rendered()


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_weekly_report_has_the_changes_of_its_week(lang: Lang) -> None:
    before = change("c-old", began=FRIDAY - timedelta(days=7))
    still = change("c-open", began=FRIDAY - timedelta(days=30), status="open", ended=None)
    urgent = change("c-now", emergency=EMERGENCY)
    made = replace(material(), changes=(before, still, urgent))
    text = render(weekly(made, profile(lang), lang), "md").decode().replace("\\", "").replace("\N{NO-BREAK SPACE}", " ")
    assert "c-now" not in text, "a name that reads like a telephone number is masked like one"
    assert text.count("22/04/2022" if lang == "vi" else "22 Apr 2022") >= 1
    assert text.count("23/03/2022" if lang == "vi" else "23 Mar 2022") == 1
    assert ("15/04/2022 21" if lang == "vi" else "15 Apr 2022 21") not in text
    assert ("KHẨN CẤP: Nguyễn Văn A" if lang == "vi" else "EMERGENCY: Nguyễn Văn A") in text
    assert "INC-7" in text


def test_the_weekly_report_says_that_there_was_none_and_that_it_does_not_know() -> None:
    for changes, output in (
        ((), "Không thực hiện thay đổi cấu hình nào"),
        (None, "Chưa có số liệu về thay đổi cấu hình"),
    ):
        made = replace(material(), changes=changes)
        text = render(weekly(made, profile(), "vi"), "md").decode().replace("\N{NO-BREAK SPACE}", " ")
        assert output in text


@pytest.mark.attack(family="four eyes")
def test_papers_name_a_change_of_perhaps_one_person() -> None:
    cases: tuple[tuple[Lang, str], ...] = (
        ("vi", "chưa chứng minh được hai người kiểm soát"),
        ("en", "four eyes not proven"),
    )
    for lang, words in cases:
        assert words in rendered(change(one_person=True), lang=lang)
        assert words not in rendered(change(), lang=lang)
        (line,) = change_lines([change(one_person=True)], Language(lang))
        assert line.sentence.endswith(words)


def test_the_command_takes_them_from_the_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = broken()
    clock = Clock.starting("2022-04-25 07:00")
    emergency = Emergency("INC-7", "A", "B")
    with Store.of_workspace(tmp_path) as store:
        event = str(made.document["event"])
        run_id = store.begin(event, clock)
        store.finish({**made.run.document, "id": run_id})
        for name, rehearsal in (("c-real", False), ("c-rehearsed", True)):
            header = ChangeHeader(
                by="an", host="nms", emergency=emergency, event_time=clock.now().isoformat(), rehearsal=rehearsal
            )
            store.changes.begin(name, event=event, plan=b'{"plan":{"intents":["backup"]}}', devices=(), header=header)
            store.changes.finish(name, Ended("", 0, True, {"r1": DeviceOutcome.NEW}))
    with pytest.raises(SystemExit) as left:
        main(["-w", str(tmp_path), "report", "readiness", "--format", "json", "--out", "-", "--lang", "en"])
    assert not left.value.code
    data = json.loads(capsys.readouterr().out)
    rows = changes_table(data)
    assert {row[0]["note"] for row in rows} == {"c-real", "c-rehearsed"}, "the run is a rehearsal"
    assert rows[0][-1]["text"] == "EMERGENCY: A and B, ticket INC-7"
