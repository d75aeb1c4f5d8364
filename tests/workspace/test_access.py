"""`access` in the inventory, jump_hosts.yaml, and `exec:` references."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eventready.core.errors import WorkspaceError
from eventready.workspace.devices.access import load_jump_hosts
from eventready.workspace.keys.secrets import SecretError, is_reference, resolve
from eventready.workspace.workspace import load_workspace

Make = Callable[..., Path]

HOSTS = """r1:
  hostname: 192.0.2.1
  platform: cisco_xe
  groups: [behind]
  data: {role: router, venues: [hall], access: {keepalive_s: 5}}
"""
GROUPS = """behind:
  data: {access: {jump_host: bastion-1, keepalive_s: 30, allow_legacy_ssh: true}}
"""
JUMPS = """bastion-1:
  hostname: 203.0.113.1
  username: env:JUMP_USER
  password: env:JUMP_PASSWORD
  access: {jump_host: bastion-0, one_time_code: ask}
bastion-0: {hostname: 203.0.113.2}
"""


def test_access_is_merged_key_by_key(make: Make) -> None:
    path = make(hosts=HOSTS, groups=GROUPS)
    (path / "inventory" / "jump_hosts.yaml").write_text(JUMPS)
    workspace = load_workspace(path)
    access = workspace.device("r1").access
    assert (access.jump_host, access.keepalive_s, access.allow_legacy_ssh) == ("bastion-1", 5, True)
    assert workspace.jump_hosts["bastion-1"].access.one_time_code == "ask"


def test_references_of_jump_hosts_are_checked(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(hosts=HOSTS, groups=GROUPS)
    (path / "inventory" / "jump_hosts.yaml").write_text(JUMPS)
    for name in ("EVENTREADY_USERNAME", "EVENTREADY_PASSWORD", "JUMP_USER"):
        monkeypatch.setenv(name, "x")
    monkeypatch.delenv("JUMP_PASSWORD", raising=False)
    with pytest.raises(WorkspaceError, match="JUMP_PASSWORD is not set"):
        load_workspace(path).check_secrets(["r1"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("b: {hostname: 203.0.113.1, password: hunter2}\n", r"jump_hosts.yaml:1: plain-text secret \(password\)"),
        ("b: {hostname: 203.0.113.1, access: {passphrase: hunter2}}\n", r"plain-text secret \(passphrase\)"),
        ("b: {hostname: 203.0.113.1, access: {one_time_code: 123456}}\n", "one_time_code"),
        ("b: {hostname: 203.0.113.1, access: {one_time_code: now}}\n", "invalid one-time code source"),
        ("b: {hostname: ops@203.0.113.1}\n", "invalid address"),
        ("b: {}\n", "hostname"),
        ("a: {hostname: x, access: {jump_host: b}}\nb: {hostname: y, access: {jump_host: a}}\n", "leads to itself"),
        ("b: {hostname: x, access: {allow_legacy_ssh: true}}\n", "cannot allow legacy SSH algorithms"),
        ("b: {hostname: x, colour: red}\n", "colour"),
    ],
)
def test_invalid_jump_hosts(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "jump_hosts.yaml"
    path.write_text(text)
    with pytest.raises(WorkspaceError, match=words) as raised:
        load_jump_hosts(path)
    assert "hunter2" not in str(raised.value)


def test_exec_references(tmp_path: Path) -> None:
    counter = tmp_path / "count"
    counter.write_text("")
    script = tmp_path / "code.py"
    script.write_text(
        f"p = open({str(counter)!r}, 'a'); p.write('x'); p.close(); print(len(open({str(counter)!r}).read()))"
    )
    reference = f"exec:{sys.executable} {script}"
    assert is_reference(reference)
    assert [resolve(reference), resolve(reference)] == ["1", "1"]
    assert [resolve(reference, fresh=True), resolve(reference, fresh=True)] == ["2", "3"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/absent/program --with s3cret", "exec:/absent/program cannot be run"),
        ("sh -c 'exit 3'", "exec:sh fails with exit status 3"),
        ("true", "exec:true prints nothing"),
        ("sh 'unbalanced", "unbalanced quotes"),
    ],
)
def test_exec_references_that_fail(command: str, words: str) -> None:
    with pytest.raises(SecretError, match=words) as raised:
        resolve(f"exec:{command}", where="hosts.yaml:3")
    assert "s3cret" not in str(raised.value)
    assert str(raised.value).startswith("hosts.yaml:3: ")
