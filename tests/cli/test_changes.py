"""`changes list` and `changes show`: what an engineer reads at night, and what scripts read."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from eventready.core.strings.json_text import canonical
from eventready.store.change_steps import Apply, Arm, ChangeHeader, DeviceOutcome, Done, Emergency, Ended
from eventready.store.changes import StepEntry
from eventready.store.store import Store
from tests.shared import called

EMERGENCY = Emergency("INC-7", "Nguyễn Văn A", "Trần Thị B")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command on the folder: exit code, stdout, stderr."""
    return partial(called, capsys, "-w", tmp_path)


def change(
    folder: Path, name: str = "c-1", *, leave: bool = True, reason: str = "A line was refused.", **header: Any
) -> None:
    """A change of two waves: r1 new, r2 reverted, r3 not begun."""
    plan = {"plan": {"id": "p-1", "sha256": "ab" * 32, "intents": ["backup"], "waves": [["r1"], ["r2", "r3"]]},
            "approvals": [{"by": "Lê Thị C", "key": "", "at": "", "signature": ""}]}  # fmt: skip
    with Store.of_workspace(folder) as store:
        when: dict[str, Any] = {"event_time": "2022-04-25T07:00:00+07:00", "rehearsal": True}
        found = ChangeHeader("an.nguyen", "nms-1", name, **when, **header)
        store.changes.begin(name, event="e", plan=canonical(plan), devices=(), header=found)
        arms = [Arm(device, "revert_timer", 300, device_side=True) for device in ("r1", "r2")]
        for step in (arms[0], Apply("r1", 4), Done("r1", DeviceOutcome.NEW), arms[1]):
            store.changes.record(name, StepEntry(step))
        if leave:
            store.changes.record(name, StepEntry(Done("r2", DeviceOutcome.OLD, reason)))
            outcomes = dict(zip(("r1", "r2", "r3"), DeviceOutcome, strict=False))
            store.changes.finish(name, Ended("", 5, True, outcomes))


def test_the_list(tmp_path: Path, call: Call) -> None:
    change(tmp_path, emergency=EMERGENCY)
    change(tmp_path, "c-2", rolls_back="c-1")
    code, out, _ = call("changes", "list")
    assert code == 0
    assert "25/04/2022 07:00 (rehearsal)" in out
    assert "1 with the change, 1 as before, 1 waiting" in out
    assert "EMERGENCY: Nguyễn Văn A and Trần Thị B, ticket INC-7" in " ".join(out.split())
    assert "rollback of c-1 (backup)" in " ".join(out.split())


def test_the_list_of_nothing(tmp_path: Path, call: Call) -> None:
    code, out, err = call("changes", "list")
    assert (code, out) == (0, "")
    assert "There is no recorded change" in err
    assert not list(tmp_path.iterdir()), "looking leaves no trace"
    assert json.loads(call("-o", "json", "changes", "list")[1]) == []


def test_show_tells_the_journal_in_plain_words(tmp_path: Path, call: Call) -> None:
    change(tmp_path, emergency=EMERGENCY)
    code, out, _ = call("changes", "show", "c-1")
    assert code == 0
    assert "By an.nguyen on nms-1" in out
    assert "EMERGENCY: Nguyễn Văn A and Trần Thị B, ticket INC-7" in out
    assert "Approved by Lê Thị C" in out
    assert "r1: with the change, and proven" in out
    assert "arm the guard: revert timer, 300 s" in out
    assert "send the lines: 4 lines" in out
    assert "r2: as before the change, and proven" in out
    assert "A line was refused." in out
    assert "r3: not started: no line was sent to it" in out
    assert "Next: Find out why r2 did not take the change" in out


def test_a_change_that_was_cut_off_says_so_and_how_to_go_on(tmp_path: Path, call: Call) -> None:
    change(tmp_path, leave=False)
    assert "a person is needed" in call("changes", "list")[1]
    _, out, _ = call("changes", "show")
    assert "r2: interrupted" in out
    assert f"`eventready -w {tmp_path} apply --resume c-1`" in out
    assert json.loads(call("-o", "json", "changes", "show")[1])["exit"] is None


def test_show_one_device_only(tmp_path: Path, call: Call) -> None:
    change(tmp_path)
    _, out, _ = call("changes", "show", "c-1", "--device", "r2")
    assert "r2: as before" in out
    assert "r1:" not in out
    code, _, err = call("changes", "show", "c-1", "--device", "core-*")
    assert code == 2
    assert "c-1 has no device core-*" in err


def test_show_for_scripts(tmp_path: Path, call: Call) -> None:
    change(tmp_path)
    document = json.loads(call("-o", "json", "changes", "show", "latest")[1])
    assert [(one["device"], one["state"]) for one in document["devices"]] == [
        ("r1", "with_change"), ("r2", "as_before"), ("r3", "waiting")
    ]  # fmt: skip
    assert document["exit"] == 5
    assert document["plan"]["plan"]["id"] == "p-1"
    steps = [step["step"] for step in document["steps"]]
    assert steps == ["begun", "arm", "apply", "done", "arm", "done", "ended"]


def test_a_change_that_is_not_there(tmp_path: Path, call: Call) -> None:
    change(tmp_path)
    code, _, err = call("changes", "show", "c-9")
    assert code == 2
    assert "There is no change 'c-9'" in err


@pytest.mark.slow
def test_a_full_disk_hides_no_change(tmp_path: Path) -> None:
    """`changes show` writes nothing, neither a lock nor a log of the database."""
    change(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "eventready", "-w", tmp_path, "changes", "show", "latest"],
        check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "r1: with the change" in done.stdout
