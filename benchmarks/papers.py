"""CPU time, memory and size of the readiness page, a weekly report with its mail, and the comparison of two runs.

`python -m benchmarks.papers 1000 5000` prints a row per number of devices. Each run has 40 passed and 10 open findings
per device and is read from a store; each command is a process of its own.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eventready.core.clock import Clock
from eventready.core.strings.json_text import canonical
from eventready.store.run import Run, Summary
from eventready.store.run_items import ItemsOfDevice
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.workspace.examples.example import copy_example

NOW = "2022-04-25 07:00"
#: One clock for all runs: a page compares its run with the run stored before.
_CLOCK = Clock.starting(NOW)
_VENUES = ("hoi-nghi", "van-hoa", "den-tho")
#: Check, message and parameters of the open findings of a device: status, number.
_OPEN = (("fail", 4), ("warn", 3), ("not_measured", 3))


def items(number: int) -> tuple[ItemsOfDevice, ItemsOfDevice]:
    """Rows of a device: an observation, 40 passes and 10 open findings."""
    name = f"router-{number:05d}"
    observation = {
        "device": name, "fact": "interface", "reading": 1, "status": "parsed", "command": "show x", "evidence": "",
        "reason": "", "rows": [], "unmatched": [],
    }  # fmt: skip
    found = [_finding(name, "ports", f"GigabitEthernet0/{port}", "pass") for port in range(40)]
    for status, count in _OPEN:
        found += [_finding(name, "ports", f"TenGigabitEthernet0/{port}", status) for port in range(count)]
    return (
        ItemsOfDevice.of("observations", name, {"": canonical([observation])[1:-1]}),
        ItemsOfDevice.of("findings", name, {"ports": canonical(found)[1:-1]}),
    )


def _finding(device: str, check: str, subject: str, status: str) -> Mapping[str, Any]:
    return {
        "check": check, "device": device, "subject": subject, "status": status, "value": 1, "limit": 0, "unit": "",
        "message": f"{subject} is down", "duties": ["1.2a"], "evidence": [], "message_id": "", "params": {},
        "venues": [], "services": [], "blind": False, "waiver": "",
    }  # fmt: skip


def store_run(store: Store, devices: int) -> None:
    """Store a run of the example's event as an audit does."""
    moment = _CLOCK.now().isoformat()
    run_id = store.begin("tra-vinh-30", _CLOCK)
    for number in range(devices):
        store.keep_items(run_id, items(number))
    document = {
        "schema": SCHEMA, "id": run_id, "event": "tra-vinh-30", "started": moment, "finished": moment,
        "clock": {"event": moment, "rehearsal": True}, "state": "finished", "tool": "eventready",
        "event_info": {"venues": [{"id": venue, "name": venue, "services": ["fixed"]} for venue in _VENUES]},
        "coverage": {"needed": devices * 10, "measured": devices * 9, "ratio": 0.9},
        "devices": [
            {"name": f"router-{n:05d}", "role": "router", "platform": "cisco_xe", "venues": [_VENUES[n % 3]],
             "reachable": True, "reason": ""}
            for n in range(devices)
        ],
        "observations": None,
        "findings": None,
        "verdicts": [{"venue": venue, "service": "fixed", "verdict": "NOT_READY", "because": []} for venue in _VENUES],
    }  # fmt: skip
    counts = {"pass": devices * 40, **{status: devices * count for status, count in _OPEN}}
    store.finish(document, Summary.of(Run.of(document), counts))


def measure(workspace: Path, *words: str) -> tuple[float, float]:
    """Run a command. Return CPU seconds, and the largest resident size of its processes in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", _CHILD, "-w", str(workspace), *words, "--now", NOW]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "COLUMNS": "200"})
    if done.returncode not in (0, 3, 4):
        sys.exit(f"{' '.join(words)} failed: {done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = float(done.stderr.rsplit("peak=", 1)[1])
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak


_CHILD = """
import atexit, re, resource, sys
from pathlib import Path
from eventready.cli.main import main
def peak():  # getrusage(RUSAGE_SELF) has the size of the parent before exec
    own = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
    used = own if "audit" in sys.argv else max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    sys.__stderr__.write(f"peak={used / 1000:.0f}")
    sys.__stderr__.flush()
atexit.register(peak)
main(sys.argv[1:])
"""


def main() -> None:
    """Print a row per number of devices."""
    print(f"{'devices':>8} {'paper':<20} {'CPU s':>6} {'MB':>6} {'size MB':>8}")
    for devices in map(int, sys.argv[1:] or ("1000", "5000")):
        with tempfile.TemporaryDirectory() as folder:
            workspace = Path(folder) / "w"
            copy_example(workspace)
            with Store.of_workspace(workspace) as store:
                for _ in range(2):
                    store_run(store, devices)
            for title, words in (
                ("readiness html", ("report", "readiness", "--format", "html")),
                ("weekly pdf", ("report", "weekly", "--format", "pdf", "--rehearsal")),
                ("weekly with mail", ("report", "weekly", "--eml", "--rehearsal")),
                ("runs diff", ("runs", "diff")),
            ):
                out = Path(folder) / title.replace(" ", "-")
                seconds, peak = measure(workspace, *words, *(("--out", str(out)) if words[0] == "report" else ()))
                largest = max((path.stat().st_size for path in out.rglob("*") if path.is_file()), default=0)
                print(f"{devices:>8} {title:<20} {seconds:>6.1f} {peak:>6.0f} {largest / 1e6:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
