"""Final report: minutes watched with every gap, and the timeline of the night as an annex with its source."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from eventready.core.messages import LANGS, Lang
from eventready.papers.document.formats import render
from eventready.papers.document.model import Document
from eventready.papers.document.sources import sources
from eventready.papers.kinds.final import final
from eventready.store.watch_log import Beat, RecordedChange, WatchLog
from tests.papers.papers import material, profile
from tests.zones import TZ

START = datetime(2022, 4, 29, 17, tzinfo=TZ)
GAP = range(120, 130)


def change(
    minute: int, device: str, check: str = "uplink", old: str = "pass", new: str = "fail", **more: Any
) -> tuple[datetime, RecordedChange]:
    change = RecordedChange(device, check, "Te0/1", old, new, damped=False, **{"cause": "", **more})
    return START + timedelta(minutes=minute), change


def log() -> WatchLog:
    beats = tuple(
        (START + timedelta(minutes=minute), Beat(1000, 9, 1, 0.0)) for minute in range(33 * 60 + 1) if minute not in GAP
    )
    sentence: dict[str, Any] = {"message": "down", "message_id": "checks:subject.down", "params": {"subject": "Te0/1"}}
    changes = (
        change(-60, "before-1", **sentence),
        change(180, "core-1", **sentence),
        change(181, "agg-1", "device", new="not_measured"),
        change(181, "edge-1", "device", new="not_measured", cause="agg-1"),
        change(190, "agg-1", "device", old="not_measured", new="pass"),
        change(191, "bsc-1", "alarm", old="warn", new="pass"),
        change(192, "bsc-1", "ntp", old="not_measured", new="pass"),
    )
    return WatchLog(beats, changes)


def paper(lang: Lang, watch: WatchLog | None) -> Document:
    of = replace(material(lang=lang), watch=watch, moment=datetime(2022, 5, 2, 8, tzinfo=TZ))
    return final(of, profile(lang), lang)


@pytest.mark.parametrize("lang", LANGS)
def test_minutes_gaps_and_timeline(lang: Lang) -> None:
    document = paper(lang, log())
    text = render(document, "md").decode()
    watched = {"en": "watched for 1,969 of 1,980 minutes; 1 gap", "vi": "theo dõi 1.969 trên 1.980 phút; 1 khoảng"}
    gap = {
        "en": "from 18:59 on 29 Apr 2022 to 19:10 on 29 Apr 2022",
        "vi": "từ 18 giờ 59 ngày 29/04/2022 đến 19 giờ 10 ngày 29/04/2022",
    }
    assert watched[lang] in text.replace("\N{NO-BREAK SPACE}", " ")
    assert gap[lang] in text.replace("\N{NO-BREAK SPACE}", " ")
    annex = next(one for one in document.annexes if "agg-1" in str(one))
    assert "core-1" in str(annex)
    assert "edge-1" not in str(annex)
    words = {
        "en": ("Uplinks", "No longer reported.", "Measured again."),
        "vi": ("Đường uplink", "Không còn được báo.", "Đã đo lại được."),
    }
    assert all(word in str(annex) for word in words[lang])
    sheet = next(table for heading, table in document.sheets if "edge-1" in str(table))
    assert "before-1" not in str(sheet)
    assert all(source for source, _ in sources(document))
    assert sheet.source == "watch"


def test_no_section_without_a_watch_on_record_or_in_a_clause() -> None:
    assert "watched for" not in render(paper("en", None), "md").decode()
    without = render(paper("en", WatchLog()), "md").decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "watched for 0 of 1,980 minutes; 1 gap" in without
