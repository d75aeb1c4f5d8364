"""The minutes of the drills: before against after, in both languages, from runs that a test records."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eventready.clauses.gather import drills_that_count
from eventready.clauses.proof import of_drills
from eventready.core.clock import Clock
from eventready.core.errors import UsageError, WorkspaceError
from eventready.drill.record import DrillRecord, DrillRun, drill_runs
from eventready.drill.spec import Drill
from eventready.drill.steps import Failing, Opened, Outcome, Prechecked, Prepared, ProbeResult, ProbesMeasured, Repaired
from eventready.papers.document.model import Closing, Document
from eventready.papers.document.renderers.markdown import to_markdown
from eventready.papers.kinds.drill import Meeting, drill_minutes
from eventready.papers.kinds.readiness import Background, readiness
from eventready.papers.material.drill_results import drill_comparisons
from eventready.store.store import Store
from eventready.workspace.settings.duties import Duty, load_duties
from tests.papers.documents import healthy
from tests.papers.papers import material, profile


def drill(name: str) -> Drill:
    return Drill.model_validate(
        {
            "title": {"en": f"Loss of {name}", "vi": f"Mất {name}"},
            "why": {"en": "x", "vi": "x"},
            "break": [{"device": "core-1", "fault": "link-down"}],
            "probes": [{"kind": "icmp", "name": "flow", "name_vi": "luồng", "target": "internet", "outage_ms": 300}],
            "predicted_by": ["uplink"],
        }
    ).model_copy(update={"name": name})


def recorded(
    folder: Path, *runs: tuple[str, float | None, bool | None, Outcome], **body: object
) -> tuple[DrillRun, ...]:
    """Runs as they stand in a store: (drill, outage in ms, whether a change was in force as read, outcome)."""
    now = Clock.starting("2022-04-25 07:00").now()
    usual: dict[str, Any] = {"by": "An", "target": "lab", "network": "embedded", "rehearsal": True, **body}
    with Store(folder / "eventready.db") as store:
        for name, value, changed, outcome in runs:
            record = DrillRecord.open(store, Opened(name, drill(name), now, **usual))
            if outcome != "refused":
                prepared = Prepared(("c-1",) if changed else (), ("c-1",) if changed is None else ())
                record.write(Prechecked("r-1", prepared=prepared))
                record.write(Failing())
                record.write(Repaired())
                probe = ProbeResult("flow", "icmp", value, 300.0, "ms", 20.0, 100, 5)
                record.write(ProbesMeasured((probe,), (), Clock.real()))
            record.close(outcome)
        return drill_runs(store)


def test_the_worst_of_all_runs_counts_before_and_after_as_the_devices_were_read(tmp_path: Path) -> None:
    runs = recorded(
        tmp_path, ("a", None, False, "failed"), ("a", 900, False, "failed"), ("b", 100, False, "passed"),
        ("a", 310, True, "failed"), ("a", 280, True, "passed"), ("a", 20, None, "passed"), ("a", None, True, "void"),
        ("c", None, True, "refused"),
    )  # fmt: skip
    first, second = drill_comparisons(runs)
    assert [one.name for one in (first, second)] == ["a", "b"]
    before, after = (first.worst_of(stage, "flow") for stage in ("before", "after"))
    assert before is not None
    assert after is not None
    assert (before.value, after.value) == (None, 310)
    assert (first.worst.id[-2:], first.repeated, second.repeated) == ("04", True, False)
    assert [run.id[-2:] for run in first.measured("unknown")] == ["06"]


def test_minutes_list_every_run_and_say_that_a_drill_was_repeated_until_it_passed(tmp_path: Path) -> None:
    runs = recorded(
        tmp_path, ("a", 900, False, "failed"), ("a", 310, True, "failed"), ("a", 280, True, "passed"),
        ("a", None, True, "void"), ("a", 1, None, "passed"), ("b", None, False, "refused"),
    )  # fmt: skip
    text = plain(drill_minutes(runs, material(), profile()))
    assert all(text.count(run.id) for run in runs)
    assert "310 ms (DT-20220425-02, xấu nhất trong 2 lần)" in text
    assert "0 trên 1 tình huống" in text
    assert "1 trong 2 lần không đạt trước lần DT-20220425-03" in text
    assert "DT-20220425-05 chưa xác định được thay đổi" in text
    assert "DT-20220425-04 không có giá trị" in text


def test_minutes_have_place_people_and_two_signatures_and_no_login_is_a_name(tmp_path: Path) -> None:
    runs = recorded(tmp_path, ("a", 100, False, "passed"), by="root", named=False)
    blank = plain(drill_minutes(runs, material(), profile()))
    assert "root" not in blank
    assert "Người thực hiện: ..." in blank
    meeting = Meeting("Phòng điều hành", ("Trần An", "Lê Bình"), "Phạm Chi", "Đỗ Dung")
    document = drill_minutes(runs, replace(material(), rehearsal=True), profile(), "vi", meeting)
    text = plain(document)
    assert "Địa điểm: Phòng điều hành" in text
    assert "Thành phần tham dự: Trần An; Lê Bình" in text
    closing = next(block for block in document.blocks if isinstance(block, Closing))
    assert (closing.secretary, closing.secretary_name) == (("THƯ KÝ",), "Đỗ Dung")
    assert (closing.authority, closing.name) == (("CHỦ TỌA",), "Phạm Chi")
    assert document.mark == "BẢN THỬ NGHIỆM"
    assert "DIỄN TẬP" not in document.mark


def plain(document: Document) -> str:
    """The words of a paper in Markdown, without its escapes."""
    text = to_markdown(document).decode().replace("\u00a0", " ").replace("\\", "")
    return re.sub(r"\*", "", text)


def test_no_measured_drill_is_no_paper(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no measured drill is on record"):
        drill_minutes(recorded(tmp_path, ("a", None, False, "refused")), material(), profile())


def test_the_minutes_say_what_did_not_heal_and_that_they_are_a_rehearsal(tmp_path: Path) -> None:
    runs = recorded(
        tmp_path, ("a", None, False, "failed"), ("a", 280, True, "passed"), ("b", 900, False, "unpredicted")
    )
    text = plain(drill_minutes(runs, material(), profile()))
    before, after, other = (run.id for run in runs)
    assert f"| 1 | Mất a | luồng | Không tự khôi phục ({before}) | 280 ms ({after}) | - | 300 ms | Đạt |" in text
    assert f"| 2 | Mất b | luồng | 900 ms ({other}) | Chưa đo | - | 300 ms | Không đạt |" in text
    assert "1 trên 2 tình huống" in text
    assert re.search(r"Mất a \(lần \S+, ngày \d\d/\d\d/\d{4}\): ", text), "the day of the measurement, not of the event"
    assert "Mất b: vượt ngưỡng nhưng kết quả kiểm tra chưa cảnh báo" in text
    assert "mạng thử nghiệm" in text
    assert not re.search(r"\b(?:embedded|flow|Loss)\b", text)
    english = to_markdown(drill_minutes(runs, material(), profile("en"), "en")).decode()
    assert "Loss of a" in english
    assert "Mất" not in english


def test_the_readiness_page_shows_before_after_and_prediction(tmp_path: Path) -> None:
    runs = recorded(
        tmp_path, ("a", None, False, "failed"), ("a", 280, True, "passed"), ("b", 900, False, "unpredicted")
    )
    page = to_markdown(readiness(healthy().run, "vi", Background(drills=runs))).decode().replace("\u00a0", " ")
    assert "Diễn tập: thời gian gián đoạn trước và sau khi cấu hình" in page
    assert "Đo trên mạng thử nghiệm" in page
    row_a, row_b = (next(line for line in page.splitlines() if f"Mất {name}" in line) for name in "ab")
    assert "| luồng | Không tự khôi phục | 280 ms | 300 ms | không dự báo gián đoạn dài |" in row_a
    assert "| luồng | 900 ms | Chưa đo | 300 ms | KHÔNG được cảnh báo |" in row_b
    assert "thời gian gián đoạn" not in to_markdown(readiness(healthy().run, "vi")).decode()


def test_a_drill_proves_a_clause_only_after_it_passed_on_the_network_in_service(tmp_path: Path) -> None:
    duty = Duty.model_validate(
        {
            "id": "A",
            "vi": "x",
            "en": "x",
            "applies_to": "all",
            "owner": "x",
            "deadline": "x",
            "proof": {"drills": ["a"]},
        }
    )
    runs = recorded(tmp_path, ("a", 900, False, "failed"), ("a", 280, True, "passed"), ("a", None, True, "refused"))
    (lacking,) = of_drills(duty, ()).missing
    assert lacking.render("en") == "the drill a was not measured"
    assert [text.render("en") for text in of_drills(duty, runs[:1]).against] == [
        'the drill "Loss of a" did not pass (25/04/2022 07:00)'
    ]
    (evidence,) = of_drills(duty, runs).evidence
    assert (evidence.ref, "on a lab" in evidence.text.render("en")) == (runs[1].id, True)
    with Store(tmp_path / "eventready.db") as store:
        assert drills_that_count(store, rehearsal=False) == ()
        assert len(drills_that_count(store, rehearsal=True)) == 3


def test_a_clause_names_drills_of_the_workspace_only(tmp_path: Path) -> None:
    path = tmp_path / "duties.yaml"
    path.write_text(
        "duties:\n  - {id: A, vi: x, en: x, applies_to: all, owner: x, deadline: x, proof: {drills: [core-los]}}\n",
        encoding="utf-8",
    )
    (tmp_path / "drills").mkdir()
    (tmp_path / "drills" / "core-loss.yaml").touch()
    with pytest.raises(WorkspaceError, match=r"no drill 'core-los' in inventory/drills.*core-loss"):
        load_duties(path)
