"""Checks without a commit: accepted and rejected lines, and devices that are as before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from eventready.change.document import Plan, PlanFile, write_plan
from eventready.change.execute import dry_run
from eventready.change.execute.dry_run import CheckResult, check_for, check_lines
from eventready.change.guard import change_spec
from eventready.change.plan.make import make_plan
from eventready.cli.context import App
from eventready.cli.declare.change import apply
from eventready.core.clock import Clock
from eventready.core.messages import in_english
from eventready.facts.equipment import Equipment
from eventready.facts.platform import load_platform
from eventready.session.connect import Session
from eventready.session.reply import Reply, ReplyStatus
from eventready.workspace.examples.example import example_home
from eventready.workspace.workspace import load_workspace
from eventready_lab.embedded.lab import write_embedded_copy
from eventready_lab.embedded.lab_thread import LabThread
from eventready_lab.embedded.process import simulate
from tests.change.engineer_process import CLOCK
from tests.change.execute.test_kill_lab import Silent
from tests.change.guard.test_guard_lab import KNOWN, Rig, forward_of, rig

pytestmark = pytest.mark.slow
__all__ = ["rig"]

CHECKING = ("cisco_xr", "frr", "huawei_vrp", "juniper_junos")


@pytest.mark.parametrize("rig", CHECKING, indirect=True)
@pytest.mark.parametrize("bad", [False, True])
def test_the_device_judges_and_is_as_before(rig: Rig, bad: bool) -> None:
    before = rig.read()
    lines = forward_of(rig, before)
    wrong = "set frobnicate 7" if rig.device.platform == "juniper_junos" else "frobnicate 7"
    check = check_for(
        rig.spec, lambda queries: rig.session.send_commands([queries])[0].text, has_shell=rig.shell is not None
    )
    assert check
    session = rig.shell if check.shell and rig.shell else rig.session
    found = check_lines(check, rig.spec, session, (*lines, wrong) if bad else lines, change="p-1")
    assert found.ok is not bad, found
    assert not bad or wrong in in_english(found.reason)
    assert rig.read().sha256 == before.sha256
    assert rig.guard.pending() is None
    rig.leaves_nothing()
    assert rig.guard.arm().ok, "no configuration mode is left open"


class LocalShell:
    """The shell of this machine, as the shell of a router's host."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def send_config(self, lines: list[str], *, spec: object, timeout_s: float) -> list[Reply]:
        """Run the lines until the first that fails."""
        replies: list[Reply] = []
        for line in lines:
            done = subprocess.run(
                ["sh", "-c", line], env={**os.environ, "HOME": str(self._home)}, capture_output=True, text=True,
                timeout=timeout_s, check=False,
            )  # fmt: skip
            status = ReplyStatus.REFUSED if done.returncode else ReplyStatus.ANSWERED
            replies.append(Reply(line, done.stdout + done.stderr, status, "failed"))
            if done.returncode:
                break
        return replies


@pytest.mark.skipif(shutil.which("vtysh") is None, reason="vtysh is not installed")
def test_the_real_vtysh(tmp_path: Path) -> None:
    spec = change_spec(load_platform("frr"))
    (check,) = spec.checks
    lines = (
        "interface eth0",
        "description Trạm's",
        "ip ospf cost 20",
        "exit",
        "router ospf",
        "maximum-paths 4",
        "exit",
    )
    shell = cast("Session", LocalShell(tmp_path))  # a shell check needs no more of a session
    assert check_lines(check, spec, shell, lines, change="p-1").ok
    found = check_lines(check, spec, shell, (*lines, "router opsf"), change="p-1")
    assert not found.ok
    assert "line 8: % Unknown command" in in_english(found.reason)
    assert "router opsf" in in_english(found.reason)
    assert list(tmp_path.iterdir()) == []


@dataclass
class Site:
    """Two devices of the example, simulated, with a plan for them."""

    folder: Path
    lab: LabThread
    plan: Plan
    file: Path

    def dry_run(self) -> tuple[int, dict[str, dict[str, str]]]:
        """Run the plan dry through the command line."""
        app = App(workspace_path=self.folder, output="json")
        app.clock = CLOCK
        done = CliRunner().invoke(apply, [str(self.file), "--dry-run"], obj=app, standalone_mode=False)
        assert done.exception is None, done.exception
        document = json.loads(done.stdout)
        return int(done.return_value), {row["device"]: row for row in document["devices"]}


@contextmanager
def site_of(folder: Path, names: tuple[str, ...]) -> Iterator[Site]:
    example = load_workspace(example_home())
    devices = [example.device(name) for name in names]
    with LabThread(simulate(devices, KNOWN, Clock())) as lab:
        write_embedded_copy(example, example.devices, lab.lab, KNOWN, folder)
        workspace = load_workspace(folder)
        taking = [workspace.device(name) for name in names]
        plan = make_plan(
            workspace,
            Equipment.of(workspace).only(taking),
            ("load_balancing", "backup"),
            clock=CLOCK,
            by="an",
            progress=Silent(),
        )
        write_plan(folder / "a.plan", PlanFile(plan=plan))
        yield Site(folder, lab, plan, folder / "a.plan")


def test_devices_that_cannot_check_are_named(tmp_path: Path) -> None:
    with site_of(tmp_path / "w", ("edge-dt-2", "edge-vh-2")) as site:
        code, rows = site.dry_run()
        assert code == 4
        assert rows["edge-dt-2"]["outcome"] == "lines"
        assert rows["edge-vh-2"]["outcome"] == "unchecked"
        assert "cisco_xe cannot check" in rows["edge-vh-2"]["why"]
        again = load_workspace(site.folder)
        after = make_plan(
            again,
            Equipment.of(again).only([again.device("edge-dt-2")]),
            ("load_balancing", "backup"),
            clock=CLOCK,
            by="an",
            progress=Silent(),
        )
        assert after.device("edge-dt-2").before == site.plan.device("edge-dt-2").before


def test_an_outdated_plan_and_a_device_that_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with site_of(tmp_path / "w", ("edge-dt-2",)) as site:
        machine = site.lab.lab.devices["edge-dt-2"]

        line = "ip route 203.0.113.0/24 Null0"

        def judged(*given: Any, **named: Any) -> CheckResult:
            site.lab.call(lambda: machine.config.edit([], line))
            return check_lines(*given, **named)

        monkeypatch.setattr(dry_run, "check_lines", judged)
        code, rows = site.dry_run()
        assert (code, rows["edge-dt-2"]["outcome"]) == (6, "changed")
        monkeypatch.undo()
        code, rows = site.dry_run()
        assert (code, rows["edge-dt-2"]["outcome"]) == (0, "lines"), "a route elsewhere voids no plan"
        assert rows["edge-dt-2"]["why"] == f"outside of the plan's sections: + {line}"
        site.lab.call(lambda: machine.config.edit([], "ip route 0.0.0.0/0 203.0.113.9 240"))
        code, rows = site.dry_run()
        assert (code, rows["edge-dt-2"]["outcome"]) == (7, "outdated")
