"""Comparison of runs: alike with alike, unless both are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.workspace.examples.new_workspace import write_workspace
from eventready.workspace.workspace import load_workspace
from tests.shared import called
from tests.workspace.test_new_workspace import BULL_RACE

AT = "2022-04-25T06:00:00+07:00"


def _keep(folder: Path, name: str, status: str, window: str = "") -> None:
    known = load_workspace(folder)
    with Store.of_workspace(folder) as store:
        store.finish({
            "schema": SCHEMA, "id": name, "event": known.event.id, "window": window, "started": AT, "finished": AT,
            "clock": {"event": AT, "rehearsal": False}, "devices": [{"name": one.name} for one in known.devices],
            "findings": [{"check": "bgp", "device": "core-1", "subject": "peer", "status": status, "message": status}],
        })  # fmt: skip


def test_runs_are_compared_with_the_last_of_the_same_devices_and_window(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "w"
    write_workspace(folder, BULL_RACE)
    (folder / "inventory" / "hosts.yaml").write_text(
        "core-1:\n  hostname: 192.0.2.1\n  platform: frr\n  data: {role: router}\n"
    )
    for name, status, window in (("r1", "fail", ""), ("r2", "pass", "Gala"), ("r3", "fail", "")):
        _keep(folder, name, status, window)
    code, out, _err = called(capsys, "-w", folder, "runs", "diff")
    assert (code, out.split(":")[0]) == (0, "r1 -> r3")
    code, _out, err = called(capsys, "-w", folder, "runs", "diff", "previous", "r2")
    assert code == 2
    assert "no earlier run has the devices and the window of r2" in err
    code, out, _err = called(capsys, "-w", folder, "runs", "diff", "r1", "r2")
    assert "r2 is for the window Gala: findings of other places count as new or unseen." in out
