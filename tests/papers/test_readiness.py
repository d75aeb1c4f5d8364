"""What the readiness report shows of a run, and in which order."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

import pytest

from eventready.core.errors import StoreError
from eventready.core.messages import LANGS, Lang, message, text
from eventready.core.records import Shape
from eventready.drawing.charts import Series, column_charts
from eventready.drawing.svg import Figure
from eventready.papers.document.formats import render
from eventready.papers.document.model import (
    Block,
    Bullets,
    Cell,
    Document,
    Facts,
    Fold,
    Heading,
    Item,
    ItemList,
    OnScreen,
    Paragraph,
    Preformatted,
    Table,
    Tally,
)
from eventready.papers.kinds.readiness import Background, readiness
from eventready.papers.kinds.weekly import weekly
from eventready.papers.material.evidence import CHARACTERS, LINES
from eventready.papers.words import FORMS
from eventready.store.run import Run, Summary
from eventready.store.run_records import SCHEMA
from eventready.store.run_walk import ServiceWalk, StoredSentence, WalkState
from tests.papers.documents import Scene, broken, fleet, healthy, history, hostile, scene
from tests.papers.papers import material, profile
from tests.papers.reading import spoken

STATES: tuple[WalkState, ...] = ("served", "lost")


def report(made: Scene, lang: Lang = "vi", **more: Any) -> Document:
    return readiness(made.run, lang, Background(texts=lambda _: made.texts, **more))


def flat(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, OnScreen | Fold):
            yield from flat(block.blocks)


def section(document: Document, anchor: str) -> list[Block]:
    """The blocks under a heading of level 1."""
    found, inside = [], False
    for block in flat(document.blocks):
        if isinstance(block, Heading) and block.level == 1:
            inside = block.anchor == anchor
        elif inside:
            found.append(block)
    return found


def table(document: Document, anchor: str) -> Table:
    return next(block for block in section(document, anchor) if isinstance(block, Table))


def items(document: Document, anchor: str) -> list[Item]:
    return [item for block in section(document, anchor) if isinstance(block, ItemList) for item in block.items]


def tally(document: Document) -> dict[str, int]:
    (found,) = [block for block in document.blocks if isinstance(block, Tally)]
    return {count.status: int(count.number) for count in found.items}


def parts(document: Document) -> dict[str, list[Item]]:
    """The items of "what is wrong" by heading."""
    found: dict[str, list[Item]] = {}
    title = ""
    for block in section(document, "wrong"):
        if isinstance(block, Heading):
            title = block.text
            found[title] = []
        elif isinstance(block, ItemList):
            found[title] += block.items
    return found


def test_the_sections_are_in_the_order_of_use() -> None:
    page = render(report(broken()), "html").decode()
    assert re.findall(r'<li><a href="#(\w+)">', page) == [
        "matrix", "wrong", "unmeasured", "trend", "changed", "duties", "waivers", "evidence", "appendix",
    ]  # fmt: skip


def test_the_matrix_is_venue_by_service() -> None:
    document = report(broken())
    matrix = table(document, "matrix")
    assert [column.title for column in matrix.columns[1:]] == ["Cố định", "Internet", "Di động", "Wi-Fi"]
    assert [row[0] for row in matrix.rows] == [
        "Trung tâm Hội nghị tỉnh",
        "Trung tâm Văn hóa tỉnh",
        "Khu di tích lịch sử Đền thờ Bác Hồ",
    ]
    *measured, wifi = matrix.rows[2][1:]
    assert [cell.status for cell in measured if isinstance(cell, Cell)] == ["NOT_MEASURED", "NOT_MEASURED", "NOT_READY"]
    assert wifi == "không cung cấp"
    assert isinstance(measured[2], Cell)
    assert measured[2].note.replace("\u00a0", "_") == "1_không_đạt, 6_chưa_đo_được"
    assert tally(document) == {"NOT_READY": 5, "NOT_MEASURED": 3, "READY_WITH_RISK": 2, "READY": 1}


def test_a_missing_verdict_is_not_measured_and_an_unknown_one_is_refused() -> None:
    made = healthy()
    made.document["verdicts"] = made.document["verdicts"][1:]
    cells = table(report(made), "matrix").rows[0][1:3]
    assert [cell.status for cell in cells if isinstance(cell, Cell)] == ["NOT_MEASURED", "READY"]
    made.document["verdicts"][0]["verdict"] = "SPLENDID"
    with pytest.raises(StoreError, match="'verdict' cannot be 'SPLENDID'"):
        report(made)


def test_the_reasons_of_a_verdict_are_in_the_report_s_language() -> None:
    made = healthy()
    reason = "checks:verdict.no_device"
    made.document["verdicts"][0] |= {"verdict": "NOT_MEASURED", "because": [], "reasons": [reason]}
    for lang in ("vi", "en"):
        cell = table(report(made, lang), "matrix").rows[0][1]
        assert isinstance(cell, Cell)
        assert cell.note == text(reason, lang)


def test_wrong_by_venue_failures_first() -> None:
    found = parts(report(broken()))
    assert list(found) == [
        "Tại nhiều địa điểm",
        "Trung tâm Hội nghị tỉnh",
        "Trung tâm Văn hóa tỉnh",
        "Khu di tích lịch sử Đền thờ Bác Hồ",
    ]
    for one in found.values():
        assert sorted((item.status for item in one), key=["fail", "warn"].index) == [item.status for item in one]
    conference = found["Trung tâm Hội nghị tỉnh"]
    assert [(item.title, len(item.lines)) for item in conference] == [("edge-hn-1", 1), ("wlc-1", 1), ("wlc-1", 1)]
    others = ", ".join(f"AP-HN-{number}" for number in (*range(13, 19), 31))
    assert conference[2].lines[0].text.endswith(f"(tương tự: {others})")
    notes = [b.spans[0].text for b in section(report(broken()), "wrong") if isinstance(b, Paragraph)]
    assert notes == ["Ngoài ra có 2 mục trong số các mục tại nhiều địa điểm nêu trên."] * 3


def test_with_one_venue_nothing_is_shared() -> None:
    made = broken()
    made.document["event_info"]["venues"] = made.document["event_info"]["venues"][:1]
    found = parts(report(made))
    assert "Tại nhiều địa điểm" not in found
    assert "core-1" in {item.title for item in next(iter(found.values()))}


def test_the_measured_share_never_stands_alone_beside_unmeasured_findings() -> None:
    document = report(broken())
    facts = next(block for block in document.blocks if isinstance(block, Facts))
    (shown,) = [value for title, value in facts.items if title == "Đo được"]
    assert "nội dung chưa đo được" in shown
    assert "%" not in shown


@pytest.mark.parametrize(
    ("lang", "title", "words"),
    [("vi", "Đo được", "7 trên 40 cổng, láng giềng, cell"), ("en", "Measured", "7 of 40 ports, neighbours, cells")],
)
def test_beside_the_measured_share_stand_the_subjects_without_an_expectation(
    lang: Lang, title: str, words: str
) -> None:
    made = healthy()
    made.document["coverage"] |= {"seen": 40, "uncovered": 7, "unseen_devices": 2}
    document = report(made, lang)
    facts = next(block for block in document.blocks if isinstance(block, Facts))
    (shown,) = [value for name, value in facts.items if name == title]
    assert words in shown


def test_the_first_page_names_the_records_that_were_not_read() -> None:
    made = healthy()
    observation = made.document["observations"][0]
    observation["unread"] = [{"subject": "10.255.0.32", "reason": "strange"}]
    document = report(made, "en")
    facts = next(block for block in document.blocks if isinstance(block, Facts))
    assert ("Records not read", f"{observation['device']} {observation['fact']}: 10.255.0.32") in facts.items
    (readings,) = [sheet for _, sheet in document.sheets]
    row = next(row for row in readings.rows if row[0] == observation["device"])
    measured, needed = str(row[3]).split(" / ")
    assert int(measured) == int(needed) - 1


def test_unreached_devices_first_then_failed_readings_then_blind_spots() -> None:
    document = report(broken())
    silent, unread, blind = items(document, "unmeasured")
    assert (silent.title, silent.lines[0].text.endswith("6 mục kiểm tra không có kết quả")) == ("edge-dt-1", True)
    assert "192.0.2.41:22 không trả lời" in silent.lines[0].text
    assert (unread.title, len(unread.detail.split(", "))) == ("ac-1", 3)
    assert blind.title == "bsc-1, enb-dt-1"
    facts = next(block for block in document.blocks if isinstance(block, Facts))
    assert ("Thiết bị", "kết nối được 9 trên 10") in facts.items


def test_every_finding_that_did_not_pass_has_its_evidence() -> None:
    made = broken()
    document = report(made)
    shown = items(document, "evidence")
    anchors = [anchor for item in shown for anchor in item.anchors]
    assert len(anchors) == len(set(anchors)) == sum(f["status"] != "pass" for f in made.document["findings"])
    raws = {b.anchor: b for b in section(document, "evidence") if isinstance(b, Fold) and b.anchor}
    assert {link.anchor for item in shown for link in item.links} == set(raws)
    uplink = next(item for item in shown if "TenGigabitEthernet0/1/1" in item.detail)
    raw = raws[uplink.links[0].anchor]
    assert "show interfaces" in raw.summary
    (text,) = [block.text for block in raw.blocks if isinstance(block, Preformatted)]
    assert "TenGigabitEthernet0/1/1 10.1.1.1       YES NVRAM  down" in text


def test_without_raw_texts_the_report_has_the_commands_that_print_them() -> None:
    folds = [b for b in section(readiness(broken().run), "evidence") if isinstance(b, Fold) and b.anchor]
    assert folds
    for fold in folds:
        assert any("--evidence" in b.spans[0].text for b in fold.blocks if isinstance(b, Paragraph))


def test_trend_and_changes() -> None:
    runs = [made.run for made in history()]
    document = report(broken(), previous=runs[-1], earlier=[Summary.of(run) for run in runs])
    trend = section(document, "trend")
    (figure,) = [block for block in trend if isinstance(block, Figure)]
    titles = [chart.alt.split(":")[0] for chart in figure.charts]
    assert titles == ["Không đạt", "Cảnh báo", "Chưa đo được", "Đo được"]
    assert figure.charts[0].svg.count("<g>") == 8
    (facts,) = [block for block in trend if isinstance(block, Facts)]
    assert [label for label, _ in facts.items] == [
        "Mới phát sinh", "Nặng hơn", "Đã khắc phục", "Nhẹ hơn, chưa hết", "Lần này không thấy lại", "Vẫn còn",
    ]  # fmt: skip
    assert not any(isinstance(block, Figure | Facts) for block in section(report(broken()), "trend"))


def test_a_worse_finding_has_both_statuses() -> None:
    before, after = scene("20220424-070000-aaaa"), scene()
    before.found("core-1", "uplink", "warn", "checks:subject.degraded", subject="Te0/1")
    after.found("core-1", "uplink", "fail", "checks:subject.down", subject="Te0/1")
    trend = section(report(after.settle(), previous=before.settle().run), "trend")
    lines = [span.text for block in trend if isinstance(block, Bullets) for item in block.items for span in item]
    assert lines == ["core-1: Te0/1 không hoạt động (cảnh báo → không đạt)"]


def test_clauses_in_the_order_of_the_event_only_those_concerned() -> None:
    rows = table(report(broken()), "duties").rows
    heads = [row[0] for row in rows if isinstance(row[0], Cell)]
    assert [head.text for head in heads] == ["1.2a", "1.2c", "1.2g", "1.3a"]
    assert heads[0].note.startswith("Tổ chức rà soát")
    assert [str(cell) for cell in rows[3][1:]] == ["1", "8", "3", "", "32"]


@pytest.mark.slow
def test_a_fleet_has_a_row_for_alike_findings_and_its_raw_texts_are_shortened() -> None:
    document = report(fleet())
    shown = items(document, "evidence")
    assert 0 < sum(len(item.anchors) for item in shown) <= LINES
    assert len(shown) < sum(len(item.anchors) for item in shown) / 1.1
    folds = [block for block in section(document, "evidence") if isinstance(block, Fold)]
    texts = [b.text for fold in folds for b in fold.blocks if isinstance(b, Preformatted)]
    assert sum(map(len, texts)) < CHARACTERS * 1.1
    assert len(render(document, "html")) < 5_000_000


def test_over_the_budget_the_least_urgent_lines_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventready.papers.material.evidence.LINES", 6)
    document = report(broken())
    statuses = [item.status for item in items(document, "evidence") for _ in item.anchors]
    assert sorted(statuses) == ["fail"] * 5 + ["warn"]
    notices = [b.spans[0].text for b in section(document, "evidence") if isinstance(b, Paragraph)]
    assert any("21 mục" in notice for notice in notices)


def test_nothing_measured_is_never_ready() -> None:
    empty = scene()
    empty.document |= {"devices": [], "verdicts": [], "coverage": {"needed": 0, "measured": 0, "ratio": 0}}
    document = report(empty)
    assert tally(document) == {"NOT_READY": 0, "NOT_MEASURED": 11, "READY_WITH_RISK": 0, "READY": 0}
    facts = next(block for block in document.blocks if isinstance(block, Facts))
    assert any(value.startswith("0%") for _, value in facts.items)


@pytest.mark.slow
def test_the_least_document_gives_a_report_in_every_form() -> None:
    document = readiness(Run.of({"schema": SCHEMA, "id": "x"}))
    assert table(document, "matrix").rows == ()
    assert all(render(document, form) for form in FORMS)


def test_waivers_have_their_author_and_reason() -> None:
    (item,) = items(report(broken()), "waivers")
    assert (item.title, item.lines[1].text) == (
        "agg-1",
        "Nguyễn Văn A, đến hết ngày 28/04/2022: máy chủ nhật ký lắp ngày 27/4",
    )


def test_hostile_names_are_kept_apart_and_composed() -> None:
    headings = [b.text for b in section(report(hostile()), "evidence") if isinstance(b, Heading)]
    assert {"Tên NFD ế", "R&D <x>"} <= set(headings)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["html", "md", "docx"])
def test_rehearsal_interruption_and_nothing_measured_stand_at_the_top(form: Any) -> None:
    def top(made: Scene) -> str:
        blocks = readiness(made.run).blocks
        first = next(i for i, block in enumerate(blocks) if isinstance(block, Heading))
        notices = [block for block in blocks[:first] if isinstance(block, Paragraph)]
        assert render(readiness(made.run), form)
        return "".join(span.text for notice in notices for span in notice.spans)

    made = broken()
    assert "Đây là kết quả diễn tập" in top(made)
    assert "bị gián đoạn" not in top(made)
    assert "Chưa đo được gì" not in top(made)
    made.document["clock"]["rehearsal"] = False
    assert "diễn tập" not in top(made).lower()
    made.document["state"] = "interrupted"
    assert "bị gián đoạn" in top(made)
    assert "Chưa đo được gì" in top(scene().settle())


def test_only_evidence_under_findings_that_did_not_pass_is_fetched() -> None:
    def fetched(made: Scene) -> set[str]:
        names: set[str] = set()

        def texts(wanted: Collection[str]) -> dict[str, str]:
            names.update(wanted)
            return {}

        readiness(made.run, "vi", Background(texts=texts))
        return names

    made = broken()
    assert set() < fetched(made) < set(made.texts)
    assert not fetched(healthy())


def test_a_chart_never_draws_a_problem_as_nothing() -> None:
    (chart,) = column_charts(
        (Series("t", "fail", (1.0, 1000.0, 0.0), ("1", "1000", "0"), ("a", "b", "c"), 1000.0),), ""
    ).charts
    heights = [float(part.split('"')[0]) for part in chart.svg.split('height="')[2:]]
    assert heights == [1.5, 80.0, 0.0]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_facts_in_an_unconfirmed_form_are_named(lang: Lang) -> None:
    document = dict(healthy().run.document)
    first = next(o for o in document["observations"] if o["status"] == "parsed")
    document["observations"] = [{**o, "unconfirmed": True} if o is first else o for o in document["observations"]]
    blocks = section(readiness(Run.of(document), lang), "unmeasured")
    title = text("page:unconfirmed", lang)
    place = next(i for i, block in enumerate(blocks) if isinstance(block, Heading) and block.text == title)
    (listed,) = (block for block in blocks[place:] if isinstance(block, ItemList))
    (item,) = listed.items
    assert (item.tags, [line.text for line in item.lines]) == ((first["device"],), [first["fact"]])
    plain = section(report(healthy(), lang), "unmeasured")
    assert not any(isinstance(block, Heading) and block.text == title for block in plain)


def test_ways_of_the_users_are_cited_in_the_report_s_language_and_those_that_lack_one_in_the_weekly() -> None:
    made = broken()
    for entry, state, device in zip(made.document["verdicts"], STATES, ("a-1", "b-1"), strict=False):
        sentence = StoredSentence.of(message("checks:service_way.route_none", device=device))
        entry["walk"] = Shape(ServiceWalk).plain(ServiceWalk(state, sentence))
    vi, en = ("\n".join(spoken(report(made, lang))) for lang in LANGS)
    assert "a-1 không có tuyến mặc định" in vi
    assert "b-1 has no default route" in en
    weekly_report = "\n".join(spoken(weekly(material(made.run, lang="en"), profile("en"), "en")))
    assert "b-1 has no default route" in weekly_report
    assert "a-1 has no default route" not in weekly_report
