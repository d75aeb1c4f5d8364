"""The Nornir lines of the README on a workspace's own hosts.yaml: host keys, access and permission are its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nornir import InitNornir

from eventready.audit.tasks import read_facts
from eventready.core.errors import RefusedError
from eventready.facts.observation import Observation, Status
from eventready.session.target import Target
from eventready.workspace.permission import ENVIRONMENT
from tests.session.fake import PASSWORD, USER, Script
from tests.workspace.conftest import EVENT

HOSTS = """\
core-1:
  {{hostname: {host}, port: {port}, username: {user}, password: "env:EVR_TEST_PASSWORD", platform: cisco_9800}}
old-1:
  hostname: {host}
  port: 4242
  platform: osmocom_bsc
"""
DEFAULTS = "data: {role: wifi_controller}\n"


@pytest.fixture
def workspace(tmp_path: Path, ssh: Callable[..., Target], monkeypatch: pytest.MonkeyPatch) -> Path:
    target = ssh(Script())
    assert target.known_hosts
    folder = tmp_path / "fair"
    (folder / "inventory").mkdir(parents=True)
    (folder / "known_hosts").write_text(target.known_hosts.read_text(encoding="utf-8"), encoding="utf-8")
    files = {
        "event.yaml": EVENT, "hosts.yaml": HOSTS.format(host=target.host, port=target.port, user=USER),
        "defaults.yaml": DEFAULTS,
    }  # fmt: skip
    for name, text in files.items():
        (folder / "inventory" / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("EVR_TEST_PASSWORD", PASSWORD)
    monkeypatch.setenv(ENVIRONMENT, str(folder))
    return folder


def run(workspace: Path) -> Any:
    files = {"host_file": "hosts.yaml", "defaults_file": "defaults.yaml"}
    options = {option: str(workspace / "inventory" / name) for option, name in files.items()}
    nr = InitNornir(inventory={"plugin": "SimpleInventory", "options": options}, logging={"enabled": False})
    return nr.run(task=read_facts, facts=("system",))


def read(results: Any, name: str) -> Observation:
    assert results[name].exception is None
    found: Observation = results[name][0].result[0]
    return found


def test_host_keys_and_cleartext_are_those_of_the_workspace(workspace: Path) -> None:
    results = run(workspace)
    assert read(results, "core-1").status is Status.UNSUPPORTED  # logged in, and refused a command
    assert "allow_cleartext" in str(read(results, "old-1").reason)
    (workspace / "known_hosts").write_text("", encoding="utf-8")
    assert "host key" in str(read(run(workspace), "core-1").reason)


def test_a_workspace_without_permission_is_an_error_of_each_host(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENVIRONMENT)
    results = run(workspace)
    assert isinstance(results["core-1"].exception, RefusedError)
    assert "eventready -w" in str(results["core-1"].exception)
