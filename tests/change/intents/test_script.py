"""Exported script inventory: Ansible reaches the service hosts with it, and it holds no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from eventready.change.intents.ansible_inventory import script_inventory
from eventready.cli.context import App
from eventready.cli.declare.workspace import inventory
from eventready.workspace.workspace import load_workspace
from tests.change.intents.test_playbook import EVENT, needs_ansible
from tests.session import openssh

HOSTS = """
svc-1:
  hostname: 127.0.0.1
  port: {port}
  platform: linux
  username: {user}
  password: env:EVENTREADY_TEST_PASSWORD
  data: {{role: service_host, access: {{agent: true}}, venues: [hall], service: {{log: {{host: 192.0.2.9}}}}}}
r-1: {{hostname: 192.0.2.1, platform: frr, data: {{role: router}}}}
"""


def exported(folder: Path, port: int, user: str) -> Path:
    (folder / "inventory").mkdir()
    (folder / "inventory" / "event.yaml").write_text(EVENT, encoding="utf-8")
    (folder / "inventory" / "hosts.yaml").write_text(HOSTS.format(port=port, user=user), encoding="utf-8")
    words = ("export", "--format", "ansible", "--out", str(folder / "hosts"))
    assert CliRunner().invoke(inventory, words, obj=App(workspace_path=folder)).exit_code == 0
    return folder / "hosts"


@needs_ansible
@pytest.mark.slow
@pytest.mark.skipif(bool(openssh.missing()), reason=openssh.missing())
def test_ansible_reaches_the_service_hosts_as_a_plan_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTREADY_TEST_PASSWORD", "planted-password")
    ssh = openssh.OpenSsh(tmp_path)
    try:
        server = ssh.server()
        socket = ssh.agent()
        ssh.add_key(socket, ssh.key)
        script = exported(tmp_path, server.port, ssh.user)
        assert "planted" not in script.read_text()
        variables = json.loads(script_inventory(load_workspace(tmp_path), str(script)))["_meta"]["hostvars"]
        assert list(variables) == ["svc-1"]
        environment = {
            **os.environ, "SSH_AUTH_SOCK": socket, "EVENTREADY_ALLOWED": str(tmp_path), "ANSIBLE_NOCOLOR": "1",
        }  # fmt: skip
        program = str(Path(sys.executable).parent / "ansible")
        words = [
            program,
            "-i",
            str(script),
            "venue_hall",
            "-m",
            "ansible.builtin.raw",
            "-a",
            "echo rea''ched $SSH_CONNECTION",
        ]
        done = subprocess.run(words, env=environment, check=False, capture_output=True, text=True, timeout=100)
        assert "reached 127.0.0.1" in done.stdout, done.stdout + done.stderr
        # Without the permission of the person the script prints a sentence and no inventory.
        del environment["EVENTREADY_ALLOWED"]
        environment["XDG_CONFIG_HOME"] = str(tmp_path)
        refused = subprocess.run([script, "--list"], env=environment, check=False, capture_output=True, text=True)
        assert (refused.returncode, refused.stdout) == (7, "")
    finally:
        ssh.stop()
