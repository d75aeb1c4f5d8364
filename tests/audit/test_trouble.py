"""The reason of a device without any measurement: the failure, not a fact that its platform lacks."""

from __future__ import annotations

import pytest

from eventready.audit.collectors.reading import trouble
from eventready.cli.progress import ProgressBars
from eventready.core.messages import Message, message
from eventready.facts.observation import Observation, Status

LACKS = Observation("r1", "clock", Status.UNSUPPORTED, reason="the platform has no clock")
SILENCE = message("session:no_answer", where="r1", seconds=10.0)
SILENT = Observation("r1", "system", Status.TIMEOUT, reason=SILENCE.render("en"), message=SILENCE)


def test_a_failure_comes_before_an_unsupported_fact() -> None:
    assert trouble([LACKS, SILENT]) == SILENCE
    assert trouble([LACKS]) == LACKS.reason
    assert trouble([SILENT, Observation("r1", "cpu", Status.EMPTY)]) == ""


@pytest.mark.parametrize(("lang", "sentence"), [("en", "does not answer"), ("vi", "không trả lời")])
def test_the_reason_is_shown_in_the_language(lang: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    bars = ProgressBars(interactive=False, lang="vi" if lang == "vi" else "en")
    reason = trouble([LACKS, SILENT])
    assert isinstance(reason, Message)
    bars.done("r1", reason)
    assert sentence in capsys.readouterr().err
