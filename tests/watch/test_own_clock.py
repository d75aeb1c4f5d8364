"""Clock of the watching machine: a finding of the watch that touches no verdict."""

from __future__ import annotations

import sys
from datetime import datetime

import pytest

from eventready.watch.own_clock import CHECK, clock_finding, graded_clock
from eventready.watch.states import Key
from tests.watch.test_causes import watching
from tests.zones import TZ


@pytest.mark.parametrize(
    ("state", "error_ms", "status"),
    [(0, 40.0, "pass"), (0, 1_499.0, "pass"), (0, 1_500.0, "warn"), (5, 16_000.0, "fail"), (5, 0.0, "fail")],
)
def test_grades_of_a_clock(state: int, error_ms: float, status: str) -> None:
    finding = graded_clock(state, error_ms)
    assert finding.status == status
    assert finding.message


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux answers")
def test_the_kernel_says_whether_its_clock_is_synchronised() -> None:
    assert clock_finding().message_id in ("watch:clock.error", "watch:clock.unsynchronised")


def test_a_wrong_clock_is_named_once_beside_the_verdicts() -> None:
    watcher = watching(1)
    verdicts = watcher.verdicts()
    wrong = graded_clock(5, 0).replace(check=CHECK)
    changes = [change for at in (60, 120, 180) for change in watcher.read_own([wrong], datetime.fromtimestamp(at, TZ))]
    assert [(change.at, change.key, change.new) for change in changes] == [(120, Key("", CHECK, "clock"), "fail")]
    assert wrong in watcher.findings()
    assert watcher.verdicts() == verdicts
