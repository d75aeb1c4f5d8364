"""A change begins on a terminal after a yes, with its difference in view; scripts are not asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eventready.core.errors import Exit
from tests.cli.bsc_lab import NOW, Lab, on_terminal, read_until

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def without_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENTREADY_APPLY_YES")
    monkeypatch.delenv("EVENTREADY_ROLLBACK_YES")


def changes(lab: Lab) -> str:
    """Recorded changes of the workspace."""
    return lab.run("changes", "list").stdout


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x03", b"\x04"], ids=["no", "nothing", "ctrl-c", "end"])
def test_without_a_yes_nothing_is_sent(answer: bytes, lab: Lab, plan: Path) -> None:
    before = changes(lab)
    with on_terminal(lab, "apply", plan, "--soak", "0") as (process, terminal):
        read_until(terminal, "Make this change?")
        os.write(terminal, answer)
        read_until(terminal, "nothing was sent")
        assert process.wait(30) == Exit.REFUSED
    assert changes(lab) == before
    lab.run("plan", "load_balancing", "--detailed-exitcode", expect=(3,))


def test_a_yes_applies_and_a_yes_takes_back(lab: Lab, plan: Path) -> None:
    for words, seen in (("apply", plan), "bsc-1"), (("rollback", "latest"), "Takes back c-"):
        with on_terminal(lab, *words, "--soak", "0") as (process, terminal):
            read_until(terminal, seen)
            read_until(terminal, "Make this change?")
            os.write(terminal, b"y\n")
            read_until(terminal, "Change c-")
            assert process.wait(60) == Exit.OK


def test_no_question_in_scripts_and_with_yes(lab: Lab, plan: Path) -> None:
    with on_terminal(lab, "apply", plan, "--yes", "--soak", "0") as (process, terminal):
        read_until(terminal, "Change c-")
        assert process.wait(60) == Exit.OK
    notices = lab.run("rollback", "latest", "--soak", "0").stderr
    assert "as with --yes" in notices
    assert "Takes back c-" in notices


@pytest.mark.parametrize("answer", ["n\n", "y\n", ""])
def test_an_answer_from_a_pipe_is_none(answer: str, lab: Lab, plan: Path) -> None:
    """The screen is a terminal, the keys are elsewhere: nothing is sent, and --yes is named."""
    before = changes(lab)
    ours, theirs = os.openpty()
    words = ("-w", str(lab.copy), "--now", NOW, "apply", str(plan), "--soak", "0")
    command = [sys.executable, "-m", "eventready", *words]
    done = subprocess.run(command, input=answer.encode(), stdout=theirs, stderr=subprocess.PIPE, check=False)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == Exit.REFUSED
    assert b"--yes" in done.stderr
    assert changes(lab) == before
