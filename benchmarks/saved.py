"""The command line with devices that answer as a captured device: `python -m benchmarks.saved CAPTURE WORDS...`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from nornir.core.task import Result, Task

from benchmarks.fleet import MEASURED, router, routers
from eventready.audit.collectors import threads
from eventready.audit.collectors.cluster import station
from eventready.audit.saved_outputs import SavedOutputs
from eventready.cli.main import main
from eventready.facts.observe import observe
from eventready.facts.platform import Platform

_DEVICE = "bench-0000"


def write_fleet(home: Path, devices: int, facts: int) -> tuple[Path, Path]:
    """Capture some facts of a simulated router. Return the capture, and a workspace of many such routers."""
    capture, workspace = home / "capture", home / "workspace"
    with routers(2, measured=MEASURED[:facts]) as copy:
        words = ("-w", str(copy), "audit", "-l", _DEVICE, "--interval", "0", "--save", str(capture))
        allowed = {**os.environ, "EVENTREADY_ALLOWED": str(copy.parent)}
        subprocess.run([sys.executable, "-m", "eventready", *words], check=True, capture_output=True, env=allowed)
        (workspace / "inventory").mkdir(parents=True)
        for name in ("event.yaml", "defaults.yaml", "platforms"):
            (copy / "inventory" / name).rename(workspace / "inventory" / name)
    hosts = {f"bench-{number:04d}": {**router(number), **_address(number)} for number in range(devices)}
    (workspace / "inventory" / "hosts.yaml").write_text(json.dumps(hosts), encoding="utf-8")  # which is YAML
    return capture, workspace


def _address(number: int) -> dict[str, str]:
    return {"hostname": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "platform": "bench_xe"}


def answer(capture: Path) -> None:
    """Let every device answer from the capture."""
    saved = SavedOutputs(capture)

    def read_facts(task: Task, facts: Sequence[str], reading: int, platform: Platform, _hold: int = 0) -> Result:
        asker = saved.asker(_DEVICE, platform, 1)
        return Result(host=task.host, result=tuple(observe(task.host.name, platform, facts, asker, reading)))

    for module in (threads, station):
        vars(module)["read_facts"] = read_facts


if __name__ == "__main__":
    answer(Path(sys.argv[1]))
    main(sys.argv[2:])
