"""The minutes of the drills: before against after, in both languages, from runs that a test records."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eventready.assurance.clauses.event_record import drills_that_count
from eventready.assurance.clauses.proof import of_drills
from eventready.assurance.papers.document.markdown import to_markdown
from eventready.assurance.papers.kinds.drill import drill_minutes
from eventready.assurance.papers.kinds.readiness import Background, readiness
from eventready.assurance.papers.material.drill_results import drill_comparisons
from eventready.core.clock import Clock
from eventready.core.errors import UsageError, WorkspaceError
from eventready.drill.record import DrillRecord, DrillRun, Outcome, ProbeResult, drill_runs
from eventready.drill.spec import Drill
from eventready.store.store import Store
from eventready.workspace.settings.duties import Duty, load_duties
from tests.assurance.papers.documents import healthy
from tests.assurance.papers.papers import material, profile


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


def recorded(folder: Path, *runs: tuple[str, float | None, bool, Outcome]) -> tuple[DrillRun, ...]:
    """Runs as they stand in a store: (drill, outage in ms, whether a change was in force, outcome)."""
    with Store(folder / "eventready.db") as store:
        for name, value, changed, outcome in runs:
            body = {"by": "An", "target": "lab", "network": "embedded", "rehearsal": True,
                    "changes": ["c-1"] if changed else []}  # fmt: skip
            record = DrillRecord.open(store, drill(name), Clock.starting("2022-04-25 07:00"), body)
            if outcome != "refused":
                record.write("failing")
                record.write("repaired")
                probe = ProbeResult("flow", "icmp", value, 300.0, "ms", 20.0, 100, 5)
                record.write("measured", probes=[vars(probe)])
            record.write("closed", outcome=outcome, reason="")
        return drill_runs(store)


def test_the_last_measured_run_before_and_after_are_compared(tmp_path: Path) -> None:
    runs = recorded(
        tmp_path, ("a", None, False, "failed"), ("b", 100, False, "passed"), ("a", None, False, "refused"),
        ("a", 280, True, "passed"), ("c", None, True, "refused"),
    )  # fmt: skip
    found = {one.name: (one.before and one.before.id[-2:], one.after and one.after.id[-2:])
             for one in drill_comparisons(runs)}  # fmt: skip
    assert found == {"a": ("01", "04"), "b": ("02", None)}


def test_no_measured_drill_is_no_paper(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no measured drill is on record"):
        drill_minutes(recorded(tmp_path, ("a", None, False, "refused")), material(), profile())


def test_the_minutes_say_what_did_not_heal_and_that_they_are_a_rehearsal(tmp_path: Path) -> None:
    runs = recorded(
        tmp_path, ("a", None, False, "failed"), ("a", 280, True, "passed"), ("b", 900, False, "unpredicted")
    )
    text = to_markdown(drill_minutes(runs, material(), profile())).decode().replace("\u00a0", " ")
    assert "| 1 | Mất a | luồng | Không tự khôi phục | 280 ms | 300 ms | Đạt |" in text
    assert "| 2 | Mất b | luồng | 900 ms | Chưa đo | 300 ms | Không đạt |" in text
    assert "1 trên 2 tình huống" in text
    assert re.search(r"Mất a \\\(ngày \d\d/\d\d/\d{4}\\\): ", text), "the day of the measurement, not of the event"
    assert "Mất b: gián đoạn vượt ngưỡng nhưng kết quả kiểm tra chưa cảnh báo" in text
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
