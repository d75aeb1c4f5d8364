"""What the report shows of a run, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.report.blocks import LINES, RAW_CHARACTERS
from eventready.report.language import Language
from eventready.report.model import ORDER, Readiness
from eventready.report.view import view
from eventready.run import Run, Summary
from tests.report.documents import Scene, broken, fleet, healthy, history, hostile, scene

VI, EN = Language("vi"), Language("en")


def seen(made: Scene, language: Language = VI, **more: Any) -> Readiness:
    return view(made.run, language, texts=made.texts, **more)


def test_the_matrix_is_venue_by_service() -> None:
    report = seen(broken())
    assert [row.name for row in report.matrix] == [
        "Trung tâm Hội nghị tỉnh",
        "Trung tâm Văn hóa tỉnh",
        "Khu di tích lịch sử Đền thờ Bác Hồ",
    ]
    assert report.columns == ("Cố định", "Internet", "Di động", "Wi-Fi")
    assert [square.verdict for square in report.matrix[2].squares] == ["NOT_MEASURED", "NOT_MEASURED", "NOT_READY", ""]
    assert report.matrix[2].squares[2].why.replace("\u00a0", "_") == "1_không_đạt, 6_chưa_đo_được"
    assert report.tally == (
        ("NOT_READY", "Chưa sẵn sàng", 5),
        ("NOT_MEASURED", "Chưa đo được", 3),
        ("READY_WITH_RISK", "Sẵn sàng, còn rủi ro", 2),
        ("READY", "Sẵn sàng", 1),
    )


def test_a_verdict_that_is_absent_or_unknown_is_not_measured() -> None:
    made = healthy()
    made.document["verdicts"] = made.document["verdicts"][1:]
    made.document["verdicts"][0]["verdict"] = "SPLENDID"
    squares = seen(made).matrix[0].squares
    assert [square.verdict for square in squares[:3]] == ["NOT_MEASURED", "NOT_MEASURED", "READY"]


def test_what_verdicts_say_in_words_is_translated() -> None:
    made = healthy()
    made.document["verdicts"][0] |= {"verdict": "NOT_MEASURED", "because": ["No device of this audit serves it"]}
    assert seen(made).matrix[0].squares[0].why == "Không có thiết bị nào trong lần kiểm tra này phục vụ"
    assert seen(made, EN).matrix[0].squares[0].why == "No device of this audit serves it"


def test_wrong_by_venue_failures_first() -> None:
    parts = seen(broken()).parts
    assert [part.title for part in parts] == [
        "Thiết bị dùng chung cho nhiều địa điểm",
        "Trung tâm Hội nghị tỉnh",
        "Trung tâm Văn hóa tỉnh",
        "Khu di tích lịch sử Đền thờ Bác Hồ",
    ]
    for part in parts:
        statuses = [group.status for group in part.groups]
        assert statuses == sorted(statuses, key=ORDER.index)
    assert [part.shared for part in parts] == [0, 2, 2, 2]
    conference = parts[1].groups
    assert [(group.device, len(group.lines)) for group in conference] == [("edge-hn-1", 1), ("wlc-1", 1), ("wlc-1", 8)]
    assert [line.subject for line in conference[2].lines][:2] == ["AP-HN-12", "AP-HN-13"]


def test_with_one_venue_nothing_is_shared() -> None:
    made = broken()
    made.document["event_info"]["venues"] = made.document["event_info"]["venues"][:1]
    parts = seen(made).parts
    assert not any(part.is_shared for part in parts)
    assert "core-1" in {group.device for group in parts[0].groups}


def test_not_measured_devices_first_then_readings_then_blind_spots() -> None:
    report = seen(broken())
    assert [(gap.device, gap.lost) for gap in report.unreached] == [("edge-dt-1", 6)]
    assert "connection refused" in report.unreached[0].reason
    assert [(gap.device, len(gap.checks)) for gap in report.unread] == [("ac-1", 3)]
    assert [gap.devices for gap in report.blind] == [("bsc-1", "enb-dt-1")]
    assert (report.reached, report.devices) == (9, 10)


def test_every_finding_that_did_not_pass_stands_once_with_its_evidence() -> None:
    made = broken()
    report = seen(made)
    lines = [line for block in report.blocks for line in block.lines]
    assert len(lines) == sum(f["status"] != "pass" for f in made.document["findings"])
    assert len({line.anchor for line in lines}) == len(lines)
    anchors = [raw.anchor for block in report.blocks for raw in block.raws]
    assert len(set(anchors)) == len(anchors)
    assert {anchor for line in lines for anchor in line.evidence} == set(anchors)
    uplink = next(line for line in lines if line.check == "uplink" and line.status == "fail")
    raw = next(raw for block in report.blocks for raw in block.raws if raw.anchor == uplink.evidence[0])
    assert raw.command == "show interfaces"
    assert "TenGigabitEthernet0/1/1 10.1.1.1       YES NVRAM  down" in raw.text
    assert raw.get.startswith(f"eventready runs show {report.run} --evidence ")


def test_without_the_raw_texts_the_report_still_says_where_they_are() -> None:
    made = broken()
    raws = [raw for block in view(made.run, VI).blocks for raw in block.raws]
    assert raws
    assert all(raw.text == "" and "--evidence" in raw.get for raw in raws)


def test_trend_and_changes() -> None:
    runs = [made.run for made in history()]
    made = broken()
    report = seen(made, previous=runs[-1], earlier=[Summary.of(run.document) for run in runs])
    assert [chart.title for chart in report.trend.charts] == ["Không đạt", "Cảnh báo", "Chưa đo được", "Đo được"]
    assert all(len(chart.values) == 8 for chart in report.trend.charts)
    assert report.trend.charts[0].values[-1] == 5
    assert report.trend.compared_with == runs[-1].id
    assert {change.kind for change in report.trend.changes} >= {"new", "fixed", "worse", "still"}
    assert seen(made).trend.charts == ()


def test_a_finding_that_became_worse_says_from_what_to_what() -> None:
    before, after = scene("20220424-070000-aaaa"), scene()
    before.found("core-1", "uplink", "warn", "{subject} is degraded", subject="Te0/1")
    after.found("core-1", "uplink", "fail", "{subject} is down", subject="Te0/1")
    report = seen(after.settle(), previous=before.settle().run)
    worse = next(change for change in report.trend.changes if change.kind == "worse")
    assert worse.lines == ("core-1: Te0/1 không hoạt động (cảnh báo → không đạt)",)


def test_duties_in_the_letters_order_only_those_touched() -> None:
    report = seen(broken())
    assert [duty.id for duty in report.duties] == ["1.2a", "1.2c", "1.2g", "1.3a"]
    assert report.duties[3].counts == (1, 8, 3, 0, 32)
    assert report.duties[0].title.startswith("Tổ chức rà soát")


def test_a_fleet_is_folded_and_says_so() -> None:
    report = seen(fleet())
    lines = [line for block in report.blocks for line in block.lines]
    assert len(lines) <= LINES
    assert lines
    assert sum(report.counts) == 10_000
    assert sum(len(raw.text) for block in report.blocks for raw in block.raws) < RAW_CHARACTERS * 1.1
    passed = [passed for block in (*report.blocks, *report.quiet) for passed in block.passed]
    assert sum(one.count for one in passed) == report.counts[ORDER.index("pass")]
    assert all(one.subjects == "" for one in passed), "passes are counted per device and check"
    assert report.folded


def test_over_the_budget_it_is_the_least_urgent_that_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventready.report.blocks.LINES", 6)
    report = seen(broken())
    lines = [line for block in report.blocks for line in block.lines]
    assert sorted(line.status for line in lines) == ["fail"] * 5 + ["warn"]
    left = sum(block.left_out for block in report.blocks)
    assert left == 21
    assert any(what.startswith("21 ") for what in report.folded)


def test_nothing_measured_is_never_green() -> None:
    empty = scene()
    empty.document |= {"devices": [], "verdicts": [], "coverage": {"needed": 0, "measured": 0, "ratio": 0}}
    report = seen(empty)
    assert report.coverage == "0%"
    counts = {key: count for key, _, count in report.tally}
    assert (counts["READY"], counts["NOT_MEASURED"]) == (0, 11)


def test_the_least_document_gives_a_report() -> None:
    report = view(Run({"id": "x"}), VI)
    assert (report.run, report.matrix, report.blocks) == ("x", (), ())


def test_waivers_carry_who_and_why() -> None:
    assert [(line.device, line.waiver) for line in seen(broken()).waivers] == [
        ("agg-1", "Nguyễn Văn A, until 2022-04-28: máy chủ nhật ký lắp ngày 27/4")
    ]


def test_hostile_names_are_kept_apart_and_composed() -> None:
    report = seen(hostile())
    names = {block.name for block in report.blocks}
    assert "Tên NFD ế" in names
    assert "R&D <x>" in names
    assert len(report.blocks) == 5
