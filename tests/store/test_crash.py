"""Processes that die, and processes that write at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from eventready.store.store import Store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

BEGUN = """
    import sys, time
    from eventready.core.clock import Clock
    from eventready.store.store import Store
    store = Store(sys.argv[1])
    run_id = store.begin("le-30-4", Clock.starting("2022-04-25 07:00"))
    for number in range(300):
        store.evidence(f"output {number}")
    print(run_id, flush=True)
    time.sleep(60)
"""

WRITER = """
    import sys
    from eventready.core.clock import Clock
    from eventready.store.store import Store
    from tests.store.conftest import _document
    clock = Clock.starting("2022-04-25 07:00")
    with Store(sys.argv[1]) as store:
        for turn in range(5):
            run_id = store.begin("le-30-4", clock)
            hashes = [store.evidence(f"shared {number}") for number in range(200)]
            store.finish(_document(run_id, evidence=hashes[turn]))
        print(store.notices)
"""


def start(script: str, place: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), place]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def test_kill_9_in_the_middle_of_a_run(place: str) -> None:
    process = start(BEGUN, place)
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    with Store(place) as meanwhile:
        assert (meanwhile.notices, meanwhile.runs()[0].state) == ((), "running")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with Store(place) as after:
        assert len(after.notices) == 1
        assert f"The run {run_id} was interrupted" in after.notices[0].render("en")
        assert after.runs()[0].state == "interrupted"
        proof = after.verify()
        assert proof.intact
        assert proof.evidence >= 256, "batches that were written before the kill are kept"
    with Store(place) as later:
        assert later.notices == (), "said once"


def test_several_processes_write_at_once(place: str) -> None:
    processes = [start(WRITER, place) for _ in range(4)]
    for process in processes:
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
        assert out.strip() == "()", "no writer takes another for dead"
    with Store(place) as store:
        proof = store.verify()
        assert proof.problems == ()
        assert (proof.runs, proof.evidence) == (20, 200)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_kill_while_finishing_leaves_all_or_nothing(place: str, number: int) -> None:
    script = WRITER.replace("range(5)", "range(10000)").replace(
        "store.finish(", "print(run_id, flush=True); store.finish("
    )
    process = start(script, place)
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    os.kill(process.pid, number)
    process.communicate()
    with Store(place) as store:
        assert store.verify().problems == ()
        assert {entry.state for entry in store.runs()} <= {"finished", "interrupted"}
