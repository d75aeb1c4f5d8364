"""The workspace of the benchmarks loads, whatever the example declares."""

from __future__ import annotations

from pathlib import Path

from benchmarks.fleet import MEASURED, narrow, write_workspace

from eventready.facts.platform import load_platform
from eventready.workspace.workspace import load_workspace


def test_the_workspace_of_the_benchmarks_loads(tmp_path: Path) -> None:
    write_workspace(tmp_path, 2)
    narrow(tmp_path)
    workspace = load_workspace(tmp_path)
    assert {device.platform for device in workspace.devices} == {"bench_xe"}
    platform = load_platform("bench_xe", workspace.platform_dirs)
    assert set(platform.facts) == set(MEASURED)
    assert platform.packaged  # without facts of its own, and so without a process of their own
