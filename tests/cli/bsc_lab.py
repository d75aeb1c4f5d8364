"""A lab of the two base station controllers of the example, and commands on a terminal of their own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from select import select
from typing import Any

import pytest
import yaml

from eventready.change.execute.attach.client import attachments
from eventready.change.times import RetryTiming
from eventready.cli.main import main
from eventready.workspace.examples.example import copy_example
from tests import forked

NOW = "2022-04-25 07:00"
#: Longest silence of a terminal in seconds.
_SILENT_S = 60.0


@dataclass(frozen=True)
class Output:
    """What a command left behind."""

    stdout: str
    stderr: str


@dataclass(frozen=True)
class Lab:
    """A running lab: `copy` is the workspace to change."""

    workspace: Path
    copy: Path

    def run(self, *words: str | Path, now: str = NOW, expect: Sequence[int] = (0,)) -> Output:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
            main(["-w", str(self.copy), "--now", now, *map(str, words)])
        assert (left.value.code or 0) in expect, (
            f"{words} ended with {left.value.code}: {out.getvalue()}{err.getvalue()}"
        )
        assert "internal error" not in err.getvalue()
        return Output(out.getvalue(), err.getvalue())

    def json(self, *words: str | Path, now: str = NOW, expect: Sequence[int] = (0,)) -> Any:
        return json.loads(self.run("-o", "json", *words, now=now, expect=expect).stdout)

    @contextmanager
    def fault(self, device: str, name: str, *args: str) -> Iterator[None]:
        self.run("lab", "fault", device, name, *args)
        try:
            yield
        finally:
            self.run("lab", "fault", device, name, *args, "--clear")


@contextmanager
def bsc_lab(home: Path) -> Iterator[Lab]:
    """The two base station controllers of the example, all in order."""
    place = Lab(home / "workspace", home / "copy")
    copy_example(place.workspace)
    inventory = place.workspace / "inventory"
    hosts = yaml.safe_load((inventory / "hosts.yaml").read_text(encoding="utf-8"))
    few = {name: hosts[name] for name in ("bsc-1", "bsc-2")}
    (inventory / "hosts.yaml").write_text(yaml.safe_dump(few, allow_unicode=True), encoding="utf-8")
    event = yaml.safe_load((inventory / "event.yaml").read_text(encoding="utf-8"))
    for venue in event["venues"]:
        venue.pop("answers", None)  # asked by devices that are left out
    event.pop("origins", None)
    (inventory / "event.yaml").write_text(yaml.safe_dump(event, allow_unicode=True), encoding="utf-8")
    for name in ("waivers", "limits", "risk", "capacity", "circuits"):
        (inventory / f"{name}.yaml").unlink(missing_ok=True)
    command = ("-w", place.workspace, "--now", NOW, "lab")
    forked.run(*command, "up", "--scenario", "none", "--out", place.copy).check_returncode()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("eventready.cli.change.progress.TIMING", RetryTiming(pause_s=0.2))
            yield place
    finally:
        forked.run(*command, "down", "--out", place.copy).check_returncode()


#: `eventready` with pauses that are short, and another time before the end of a guard in which nothing is confirmed.
_HURRIED = """
from eventready.change.times import RetryTiming
from eventready.cli.change import progress
from eventready.cli.main import main

progress.TIMING = RetryTiming(pause_s=0.2, margin_s={margin_s})
main()
"""


@contextmanager
def on_terminal(
    lab: Lab, *words: str | Path, controls: bool = True, margin_s: float | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A command on a terminal of its own, which is hung up at the end. `controls`: False for a session of its own."""
    ours, theirs = os.openpty()
    program = ["-m", "eventready"] if margin_s is None else ["-c", _HURRIED.format(margin_s=margin_s)]
    command = [sys.executable, *program, "-w", lab.copy, "--now", NOW, *words]
    begin = ["setsid", "--ctty"] if controls else ["setsid"]
    with subprocess.Popen([*begin, *command], stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        try:
            yield process, ours
        finally:
            process.kill()
            with suppress(OSError):  # closed by the test
                os.close(ours)


def read_until(terminal: int, awaited: str) -> str:
    """Return what a terminal shows, up to some words or to its end."""
    shown = b""
    with suppress(OSError):  # the other end is closed
        while awaited.encode() not in shown and select([terminal], [], [], _SILENT_S)[0]:
            if not (more := os.read(terminal, 65536)):
                break
            shown += more
    assert awaited in shown.decode(), shown.decode()
    return shown.decode()


def process_of(lab: Lab) -> int:
    """Number of the process of the running change."""
    (link,) = attachments(lab.copy)
    head = link.head()
    link.close()
    assert head is not None
    return head.pid
