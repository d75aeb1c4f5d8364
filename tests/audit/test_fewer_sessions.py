"""An audit on a machine that is the limit: fewer sessions, named on stderr and in the run, and nothing lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eventready.audit import runner
from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.workspace.examples.example import copy_example
from eventready.workspace.permission import allow
from eventready.workspace.workspace import load_workspace
from eventready_lab.entry.twin import lab_twin

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "at most 6 devices were read at once instead of 40"), ("vi", "nhiều nhất 6 thiết bị")]
)
def test_fewer_sessions_are_named(
    lang: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner, "_busy", lambda: True)
    copy_example(tmp_path / "example")
    with lab_twin(load_workspace(tmp_path / "example"), {}, tmp_path / "copy", Clock()):
        allow(tmp_path / "copy")
        with pytest.raises(SystemExit):
            main(["-w", str(tmp_path / "copy"), "--lang", lang, "-o", "json", "audit", "--workers", "40",
                  "--interval", "0", "-l", "role=router"])  # fmt: skip
    found = capsys.readouterr()
    run = json.loads(found.out)
    assert words in found.err
    assert run["sessions"] == {"wanted": 40, "most": 6}
    assert all(device["reachable"] for device in run["devices"])
