"""What of an event is still in force, in the final report: by the record of changes and by the last audit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from eventready.clauses.changes import ChangeOnRecord
from eventready.clauses.event_configuration import event_lines
from eventready.core.messages import Lang
from eventready.core.strings.matchers import Matcher
from eventready.papers.document.model import Document
from eventready.papers.document.renderers.markdown import to_markdown
from eventready.papers.document.sources import sources
from eventready.papers.kinds.final import final
from eventready.papers.material.material import Material
from eventready.store.change_steps import PlanUntil
from eventready.watch.alerts.acts import Act
from eventready.workspace.settings.waivers import Waiver
from tests.papers.papers import material, profile
from tests.zones import TZ

AFTER = datetime(2022, 5, 9, 7, 0, tzinfo=TZ)
END = PlanUntil("2022-04-30T23:00:00+07:00", "event")


def change(name: str = "c-1", **more: Any) -> ChangeOnRecord:
    """A change of two devices with an end."""
    began = datetime(2022, 4, 22, 21, 0, tzinfo=TZ)
    values: dict[str, Any] = {
        "intents": ("backup",), "began": began, "ended": began + timedelta(minutes=4), "status": "applied",
        "plan": "p-1", "until": END, "left": ("r1", "r2"), **more,
    }  # fmt: skip
    return ChangeOnRecord(name, **values)


def plain(document: Document) -> str:
    """The text of a document."""
    return to_markdown(document).decode().replace("\u00a0", " ").replace("\\", "")


def report(*changes: ChangeOnRecord, lang: Lang = "en", **more: Any) -> str:
    """The text of the final report."""
    given: Material = replace(material(lang=lang), moment=AFTER, changes=changes, **more)
    document = final(given, profile(lang), lang)
    assert all(source for source, _text in sources(document))
    return plain(document)


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("en", "set until 23:00 on 30 Apr 2022: r1, r2 (found by the audit on 0 of 2)"),
        ("vi", "`eventready plan --remove p-1`"),
    ],
)
def test_lines_that_are_left_are_named(lang: Lang, sentence: str) -> None:
    """With their devices, their end, and the plan of their removal."""
    assert sentence in report(change(), lang=lang)


def test_lines_that_are_gone_are_a_sentence() -> None:
    """And so is an event without any."""
    assert "Nothing of the event is left" in report(change(left=(), status="rolled_back"))
    assert "No change was set for the event only" in report()
    endless = report(change(until=None, left=("r1",)))
    assert "Changes without an end, which stay in force: 1" in endless
    assert "No change was set" in endless


def test_waivers_and_silences_in_force_are_named() -> None:
    """Those that ended are not."""
    waivers = tuple(
        Waiver(check=check, by="An", reason="x", until=until)
        for check, until in (("cpu", date(2022, 6, 1)), ("memory", date(2022, 5, 8)))
    )
    silences = tuple(
        Act(number, "silence", (Matcher("device", "=", name),), "Bình", "x", AFTER, AFTER + timedelta(hours=hours))
        for number, (name, hours) in enumerate((("r1", 3), ("r2", -1)))
    )
    text = report(waivers=waivers, silences=silences)
    assert "Waiver of cpu * * until 1 Jun 2022, by An" in text
    assert "memory" not in text.partition("Waiver of")[2].partition("\n\n")[0]
    assert "Silence of" in text
    assert text.count("Silence of") == 1


def test_an_unreadable_record_is_unknown() -> None:
    """Not: nothing is left."""
    given = replace(material(lang="en"), moment=AFTER, changes=None)
    assert "unknown" in plain(final(given, profile("en"), "en"))


def test_a_removal_ends_the_lines() -> None:
    """At the end of its change."""
    gone = change("c-2", plan="p-2", removes="p-1", until=None, left=())
    (lines,) = event_lines((change(left=(), status="rolled_back"), gone))
    assert (lines.left, lines.gone_at) == ((), gone.ended)
