"""Watch on the terminal: lines of accounting, devices at rest, the cycle with its lag."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from eventready.checks.finding import Finding, Outcome
from eventready.cli.context import App
from eventready.cli.night.watch_view import WatchView
from eventready.evaluation.matrix import build_matrix
from eventready.store.watch_log import Beat
from eventready.watch.job import WatchJob
from eventready.watch.open_finding import OpenFinding
from eventready.watch.reader import Accounting
from eventready.watch.states import States
from eventready.watch.watcher import Watcher
from tests.watch.test_night import EVENT


def view_of(output: str = "table") -> tuple[WatchView, Watcher]:
    watcher = Watcher(WatchJob(EVENT, {}, build_matrix((), {})), States(), lambda _fact: 15.0)
    return WatchView(App(Path(), output="ndjson" if output == "ndjson" else "table"), EVENT), watcher


def test_lines_of_accounting_of_all_and_of_the_busiest(capsys: pytest.CaptureFixture[str]) -> None:
    view, _watcher = view_of()
    view.begin({"a": Accounting(10, 20), "b": Accounting(240, 900.4)})
    assert "about 250 logins and 920 commands an hour, most at b (240 and 900)" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["table", "ndjson"])
def test_the_begin_and_end_of_a_rest_are_shown_once(capsys: pytest.CaptureFixture[str], output: str) -> None:
    view, watcher = view_of(output)
    for resting in ({}, {"core-1": "c-1 (An)"}, {"core-1": "c-1 (An)"}, {}, {}):
        view.show(watcher, (), resting)
    lines = capsys.readouterr().out.splitlines()
    if output == "ndjson":
        assert [(json.loads(line)["begins"], json.loads(line)["reason"]) for line in lines] == [
            (True, "c-1 (An)"), (False, "")
        ]  # fmt: skip
    else:
        assert [line[9:] for line in lines] == ["left alone  core-1: c-1 (An)", "watched again  core-1"]


def test_the_wall_has_the_cycle_and_its_lag() -> None:
    view, watcher = view_of()
    watcher.beat = Beat(35, 34, 812, 0.25)
    view.show(watcher, (), {"core-1": "c-1 (An)"})
    console = Console(width=120, record=True, file=StringIO())
    console.print(view)
    shown = console.export_text()
    assert "34 of 35 devices answer. Last minute: 812 readings, at most 0.2 s late." in shown
    assert "c-1 (An)" in shown


def test_alike_findings_are_a_row_and_what_follows_from_a_lost_element_stands_behind_it() -> None:
    view, watcher = view_of()
    cable = {"subject": "core a - edge a", "device": "core"}
    loss = Finding(Outcome.FAIL, cable["subject"], "checks:link.down", cable, check="link", device="core")
    others = [
        Finding(Outcome.FAIL, name, "checks:subject.down", {"subject": name}, check="cell", device="bsc")
        for name in ("B-1", "B-2")
    ]
    follower = Finding(
        Outcome.FAIL,
        "10.0.0.1",
        "checks:bfd.not_up",
        {"subject": "10.0.0.1", "state": "down"},
        check="bfd",
        device="edge",
    )
    found = [OpenFinding(one, "fail", 0.0) for one in (loss, *others, follower)]
    below = {("edge", "10.0.0.1"): ("edge", "a")}
    view.show(watcher, (), {})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(watcher, "open_findings", lambda: found)
        patched.setattr(watcher, "rests", lambda: below)
        console = Console(width=160, record=True, file=StringIO())
        console.print(view)
    shown = console.export_text()
    assert "1 finding that follows from this" in shown
    assert "also B-2" in shown
    assert "BFD" not in shown
