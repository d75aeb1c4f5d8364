"""Every check has a runbook in both languages: its meaning and three steps."""

from __future__ import annotations

import pytest

from eventready.checks.equipment.upkeep import CAPTURE
from eventready.checks.registry import all_checks
from eventready.checks.runbook import runbook
from eventready.core.catalogue import LANGS
from eventready.core.messages import ids
from eventready.evaluation.waivers import UNCHECKED, WAIVER
from eventready.watch.own_clock import CHECK
from eventready.watch.silence import REACH

NAMES = [*(check.name for check in all_checks()), UNCHECKED, WAIVER, CAPTURE, CHECK, REACH]


@pytest.mark.parametrize("name", NAMES)
def test_every_check_has_its_meaning_and_three_steps_in_both_languages(name: str) -> None:
    english, vietnamese = (runbook(name, lang) for lang in ("en", "vi"))
    assert english, f"{name} has no runbook in locales/runbooks.po"
    assert vietnamese
    for found in (english, vietnamese):
        assert len(found.steps) == 3
        assert len(found.meaning) >= 50, "what has failed, and what people notice"
        assert all(line and line == line.strip() and line[-1] in ".?" for line in (found.meaning, *found.steps))
    assert not {english.meaning, *english.steps} & {vietnamese.meaning, *vietnamese.steps}
    assert [line.count("`") for line in english.steps] == [line.count("`") for line in vietnamese.steps]


def test_no_runbook_is_left_of_a_check_that_is_gone() -> None:
    assert {*ids("runbooks")} == {f"check.{name}" for name in NAMES}


@pytest.mark.parametrize("lang", LANGS)
def test_a_check_of_another_package_may_have_none(lang: str) -> None:
    assert runbook("somebody_elses", lang) is None
