"""A detached lab, from start to end."""

from __future__ import annotations

from pathlib import Path

from tests.lab.embedded.lab_commands import invoke, json_of, refusal, small_workspace


def test_up_status_fault_down(tmp_path: Path) -> None:
    with small_workspace(tmp_path) as workspace:
        up_status_fault_down(workspace)


def up_status_fault_down(workspace: Path) -> None:
    up = json_of(workspace, "up")
    assert (up["devices"], up["endpoints"], up["left_out"]) == (3, 2, ["odd-1"])
    assert "already running here" in refusal(invoke(workspace, "up"))
    assert json_of(workspace, "fault", "bsc-1", "cell-barred", "S1") == [
        {"device": "bsc-1", "fault": "cell-barred", "args": {"cell": "S1"}}
    ]
    assert "no cell S9" in refusal(invoke(workspace, "fault", "bsc-1", "cell-barred", "cell=S9"))
    status = json_of(workspace, "status")
    assert (status["running"], status["devices"], status["sessions"]) == (True, 3, 0)
    assert [made["fault"] for made in status["faults"]] == ["cell-barred"]
    assert "bsc-1 cell-barred cell=S1" in invoke(workspace, "status").output
    json_of(workspace, "fault", "bsc-1", "cell-barred", "--clear")
    assert json_of(workspace, "status")["faults"] == []
    for words in (("bsc-1", "--clear"), ("--clear",)):
        json_of(workspace, "fault", "bsc-1", "cell-barred", "S1")
        json_of(workspace, "fault", "bsc-1", "slow", "seconds=0.1")
        assert {made["fault"] for made in json_of(workspace, "fault", *words)} == {"cell-barred", "slow"}
        assert json_of(workspace, "status")["faults"] == []
    assert json_of(workspace, "fault", "--clear") == []
    assert json_of(workspace, "down") == {"down": "stopped"}
    assert json_of(workspace, "status") == {"running": False}
    assert json_of(workspace, "down") == {"down": "nothing"}
    assert "no lab is running" in refusal(invoke(workspace, "fault", "bsc-1", "hang"))
