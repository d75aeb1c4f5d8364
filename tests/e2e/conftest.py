"""The province of the example, simulated in a process of its own, and audited as a user would."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eventready.audit.audit import AuditOptions, AuditResult, audit
from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.core.messages import Message, in_english
from eventready.facts.equipment import Equipment
from eventready.store.store import Store
from eventready.workspace.devices.select import select
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import load_workspace
from tests import forked

NOW = "2022-04-25 07:00"
#: A device that keeps silent costs this long in these tests, instead of minutes.
PATIENCE = "connection_options: {eventready: {extras: {connect_timeout_s: 4, device_timeout_s: 6}}}\n"

Row = tuple[str, str, str, str]


class Silent:
    """A watch that remembers who gave trouble."""

    def __init__(self) -> None:
        self.trouble: dict[str, str] = {}

    def stage(self, name: str, total: int) -> None:
        """Nothing to show."""

    def done(self, device: str, trouble: str | Message) -> None:
        """Remember it."""
        if trouble:
            self.trouble[device] = in_english(trouble)


@dataclass(frozen=True)
class Province:
    """A running lab: the workspace that it plays, and the copy to audit it by."""

    workspace: Path
    copy: Path

    def command(
        self, *words: str, expect: Sequence[int] = (0,), timeout_s: float = 110
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line on the copy in a process of its own, and hold its exit code against what may come."""
        done = forked.run_text("-w", self.copy, "--now", NOW, *words, cwd=self.copy, timeout_s=timeout_s)
        assert done.returncode in expect, f"{words} ended with {done.returncode}: {done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def call(self, *words: str, expect: Sequence[int] = (0,)) -> subprocess.CompletedProcess[str]:
        """Run the command line on the copy in this process, which has everything imported already."""
        out, found = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(found), pytest.raises(SystemExit) as left:
            main(["-w", str(self.copy), "--now", NOW, *words])
        code = left.value.code
        assert code in expect, f"{words} ended with {code}: {found.getvalue()}{out.getvalue()}"
        assert isinstance(code, int)
        return subprocess.CompletedProcess(words, code, out.getvalue(), found.getvalue())

    def audit(self, only: str = "", *, interval_s: float = 0.5, clock: Clock | None = None, **more: Any) -> AuditResult:
        """Audit in this process; the run is stored in the copy."""
        workspace = load_workspace(self.copy)
        with Store.of_workspace(self.copy) as store:
            return audit(
                workspace,
                Equipment.of(workspace).only(select(workspace.devices, only or None)),
                store=store,
                clock=clock or Clock.starting(NOW),
                options=AuditOptions(interval_s=interval_s, **more),
                progress=Silent(),
            )

    @contextmanager
    def fault(self, device: str, name: str, *args: str) -> Iterator[None]:
        """A fault for as long as the block lasts."""
        self.call("lab", "fault", device, name, *args)
        try:
            yield
        finally:
            self.call("lab", "fault", device, name, *args, "--clear")


def troubles(done: AuditResult) -> set[Row]:
    """(device, check, subject, status) of everything that is not good, blind spots and clear text aside."""
    return {
        (f["device"], f["check"], f["subject"], f["status"])
        for f in done.run.document["findings"]
        if f["status"] != "pass" and not f["blind"] and f["check"] != "cleartext"
    }


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """The example's devices, all in order."""
    with province_of(tmp_path_factory.mktemp("province"), "none") as lab:
        yield lab


@contextmanager
def province_of(home: Path, scene: str, performance: str = "") -> Iterator[Province]:
    """A province that plays a scene; `performance`: its performance.yaml."""
    place = Province(home / "workspace", home / "copy")
    copy_example(place.workspace)
    if performance:
        (place.workspace / "inventory" / "performance.yaml").write_text(performance, encoding="utf-8")
    lab = ("-w", place.workspace, "-o", "json", "--now", NOW, "lab")
    up = forked.run_text(*lab, "up", "--scenario", scene, "--out", place.copy)
    assert up.returncode == 0, up.stderr
    assert json.loads(up.stdout)["left_out"] == []
    try:
        defaults = place.copy / "inventory" / "defaults.yaml"
        defaults.write_text(PATIENCE, encoding="utf-8")
        yield place
    finally:
        forked.run(*lab, "down", "--out", place.copy).check_returncode()
