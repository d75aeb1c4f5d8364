"""A jump host that dies in the middle of `eventready audit`: the run is stored, and names the jump host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventready.core.errors import Exit
from eventready.store.database.connection import ENVIRONMENT
from tests.session.openssh import OpenSsh, missing
from tests.session.real import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing()),
    pytest.mark.xdist_group("openssh"),
]

EVENT = """\
id: fair
name: The fair
recipient: {name: Department, email: desk@example.org}
venues: [{id: hall, name: Hall, services: [internet]}]
"""
#: A device that answers no command.
SILENT = """#!/bin/sh
stty -echoctl 2>/dev/null
while printf 'R1#' && read -r line; do
    case "$line" in
        exit) exit 0 ;;
        terminal*|"") ;;
        *) sleep 300 ;;
    esac
done
"""


@pytest.fixture
def openssh(tmp_path: Path) -> Iterator[OpenSsh]:
    running = OpenSsh(tmp_path)
    yield running
    running.stop()


def workspace(openssh: OpenSsh, jump_port: int, device_port: int, folder: Path) -> Path:
    """A workspace of three devices behind one jump host."""
    inventory = folder / "inventory"
    inventory.mkdir(parents=True)
    access = f"access: {{identity_files: [{openssh.key}]"
    (inventory / "event.yaml").write_text(EVENT)
    (inventory / "defaults.yaml").write_text(f"username: {openssh.user}\ndata: {{{access}, jump_host: bastion-1}}}}\n")
    hosts = (
        f"core-{n}: {{hostname: 127.0.0.1, port: {device_port}, platform: cisco_xe,\n"
        f"  data: {{role: router, venues: [hall], endpoint: e{n}}}}}\n"
        for n in range(3)
    )
    (inventory / "hosts.yaml").write_text("".join(hosts))
    (inventory / "jump_hosts.yaml").write_text(
        f"bastion-1: {{hostname: 127.0.0.1, port: {jump_port}, username: {openssh.user},\n  {access}}}}}\n"
    )
    (folder / "known_hosts").write_text(openssh.known_hosts.read_text())
    return folder


def test_the_audit_ends_and_says_why(openssh: OpenSsh, tmp_path: Path) -> None:
    (tmp_path / "cli").write_text(SILENT)
    jump, device = openssh.server(), openssh.server(device=True)
    folder = workspace(openssh, jump.port, device.port, tmp_path / "w")
    allowed = {**os.environ, "EVENTREADY_ALLOWED": str(folder)}
    allowed.pop(ENVIRONMENT, None)
    words = ["-w", str(folder), "audit", "--out", str(tmp_path / "run.json"), "--interval", "0"]
    audit = subprocess.Popen(
        [sys.executable, "-m", "eventready", *words], env=allowed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        until(lambda: device.log.count("Starting session") >= 3, 90)
    except TimeoutError:
        audit.kill()
        pytest.fail(f"{audit.communicate()[0].decode()} {device.log[-800:]} {jump.log[-600:]}")
    jump.stop()
    shown, _ = audit.communicate(timeout=120)
    assert audit.returncode == Exit.INCOMPLETE, shown.decode()
    run = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    reasons = {one["reason"] for one in run["observations"] if one["status"] == "unreachable"}
    assert any("jump host bastion-1" in reason for reason in reasons), shown.decode()
    assert run["coverage"]["measured"] == 0
    assert {verdict["verdict"] for verdict in run["verdicts"]} == {"NOT_MEASURED"}
