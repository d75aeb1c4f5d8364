"""Targets: the inventory's own values, then jump_hosts.yaml, then ssh_config."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from eventready.core.errors import WorkspaceError
from eventready.core.messages import in_english
from eventready.session.target import Secret, Target
from eventready.session.target_builder import AccessSettings, with_access
from eventready.workspace.devices.access import Access, JumpHost

CONFIG = """
Host 192.0.2.*
    ProxyJump outer,inner
Host inner
    HostName 198.51.100.2
    Port 2222
    User hopper
Host *
    User everyone
    IdentityFile /keys/shared
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    monkeypatch.delenv("EVENTREADY_SSH_CONFIG", raising=False)
    return home


def settings(folder: Path, config: str = "", **jump_hosts: JumpHost) -> AccessSettings:
    (folder / "ssh_config").write_text(config)
    return AccessSettings(
        lambda reference: f"value of {reference}" if reference else "",
        lambda reference: f"jump value of {reference}" if reference else "",
        folder,
        folder / "known_hosts",
        jump_hosts,
    )


def build(access: Access, given: AccessSettings, **target: object) -> Target:
    return with_access(Target("core-1", "192.0.2.1", **target), access, given)  # type: ignore[arg-type]


def test_hops_of_ssh_config(tmp_path: Path) -> None:
    target = build(Access(), settings(tmp_path, CONFIG))
    outer, inner = target.jumps
    assert (outer.host, outer.port, outer.username) == ("outer", None, "everyone")
    assert (inner.host, inner.port, inner.username) == ("198.51.100.2", 2222, "hopper")
    assert inner.jump == outer
    assert inner.known_hosts == tmp_path / "known_hosts"
    assert (outer.ssh.keepalive_s, target.ssh.keepalive_s) == (15.0, 0.0)
    assert in_english(target.route) == "via outer > inner"


def test_named_jump_hosts_come_before_ssh_config(tmp_path: Path) -> None:
    outer = JumpHost(hostname="203.0.113.1", username="env:U", password="env:P", sessions=3)
    inner = JumpHost(hostname="203.0.113.2", access=Access(jump_host="outer", host_key_alias="in"))
    given = settings(tmp_path, CONFIG, outer=outer, inner=inner)
    target = build(Access(jump_host="inner"), given)
    first, second = target.jumps
    assert (first.host, first.username, first.sessions) == ("203.0.113.1", "jump value of env:U", 3)
    assert first.password.reveal() == "jump value of env:P"
    assert (second.host, second.host_key_name) == ("203.0.113.2", "in")
    assert build(Access(jump_host="none"), given).jump is None
    assert in_english(build(Access(proxy_command="nc a 1"), given).route) == "via ProxyCommand"


def test_the_inventory_takes_precedence(tmp_path: Path) -> None:
    config = "Host *\n User theirs\n Port 2022\n KexAlgorithms a\n Ciphers b\n HostKeyAlias c\n ServerAliveInterval 9\n"
    given = settings(tmp_path, config)
    target = build(Access(kex_algorithms="+x", keepalive_s=0), given, username="ours", port=22).for_ssh()
    assert (target.username, target.port, target.ssh.kex_algorithms, target.ssh.ciphers) == ("ours", 22, "+x", "b")
    assert (target.host_key_name, target.ssh.keepalive_s) == ("c", 0.0)
    plain = build(Access(), given)
    assert (plain.for_ssh().username, plain.for_ssh().port, plain.ssh.keepalive_s) == ("theirs", 2022, 9.0)
    assert (plain.username, plain.port) == ("", None)  # telnet has ports of its own


def test_when_the_agent_and_default_keys_are_used(tmp_path: Path, home: Path) -> None:
    (home / ".ssh" / "id_rsa").write_text("")
    none = settings(tmp_path)
    assert build(Access(), none).ssh.agent == "/run/agent"
    assert build(Access(), none).ssh.identity_files == (home / ".ssh" / "id_rsa",)
    password = Secret("p")
    assert build(Access(), none, password=password).ssh == build(Access(agent=False), none, password=password).ssh
    assert build(Access(), none, password=password).ssh.identity_files == ()
    assert build(Access(agent=True), none, password=password).ssh.agent == "/run/agent"
    with_key = settings(tmp_path, "Host *\n IdentityFile /keys/shared\n IdentityAgent ~/agent\n")
    assert build(Access(), with_key, password=password).ssh.agent == str(home / "agent")
    assert build(Access(), settings(tmp_path, "Host *\n IdentityAgent none\n")).ssh.agent == ""


def test_keys_of_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "one").write_text("")
    access = Access(identity_files=("keys/one",), passphrase="env:PASS", one_time_code="exec:code")
    target = build(access, settings(tmp_path))
    assert target.ssh.identity_files == (tmp_path / "keys" / "one",)
    assert target.ssh.passphrase.reveal() == "value of env:PASS"
    assert target.ssh.one_time_code is not None
    with pytest.raises(WorkspaceError, match=r"the key .*absent does not exist"):
        build(Access(identity_files=("absent",)), settings(tmp_path))


@pytest.mark.parametrize("hop", ["ops@h:1:2", "http://x", "a b", "@"])
def test_invalid_jump_hosts(tmp_path: Path, hop: str) -> None:
    with pytest.raises(WorkspaceError, match="invalid jump host"):
        build(Access(jump_host=hop), settings(tmp_path))


@pytest.mark.parametrize(
    ("hop", "parsed"),
    [
        ("ops@h:2222", ("ops", "h", 2222)),
        ("ssh://ops@h", ("ops", "h", None)),
        ("[2001:db8::1]:22", ("", "2001:db8::1", 22)),
    ],
)
def test_forms_of_jump_hosts(tmp_path: Path, hop: str, parsed: tuple[str, str, int | None]) -> None:
    jump = build(Access(jump_host=hop), settings(tmp_path)).jumps[0]
    assert (jump.username, jump.host, jump.port) == parsed


def test_cycles(tmp_path: Path) -> None:
    looping = "Host a\n ProxyJump b\nHost b\n ProxyJump a\n"
    with pytest.raises(WorkspaceError, match="leads to itself"):
        build(Access(jump_host="a"), settings(tmp_path, looping))


@pytest.mark.attack(family="ways in")
@pytest.mark.parametrize("given", [
    {"username": "ops;touch x"}, {"username": "-oProxyCommand=x"}, {"username": "$(id)"}, {"name": "core `id`"},
])  # fmt: skip
def test_values_of_the_inventory_are_no_shell(tmp_path: Path, given: dict[str, str]) -> None:
    command = settings(tmp_path, "Host *\n ProxyCommand nc %r %h %p %n\n")
    target = Target(**{"name": "core-1", "host": "192.0.2.1", **given})  # type: ignore[arg-type]
    with pytest.raises(WorkspaceError, match=r"ProxyCommand of .* would give .* to a shell"):
        with_access(target, Access(), command)


def test_tokens_of_keys(tmp_path: Path, home: Path) -> None:
    given = settings(tmp_path, "Host *\n IdentityFile %d/.ssh/%r-%h\n IdentityFile ~/50%%\n")
    files = build(Access(), given, username="ops").ssh.identity_files
    assert files == (home / ".ssh" / "ops-192.0.2.1", home / "50%")


def test_canonical_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(name: str) -> str:
        if name != "core-1.example.net":
            raise socket.gaierror(name)
        return "192.0.2.1"

    monkeypatch.setattr(socket, "gethostbyname", resolve)
    config = "Host *\n CanonicalizeHostname yes\n CanonicalDomains example.org example.net\n{}"
    named = Target("core-1", "core-1")
    target = with_access(
        named, Access(), settings(tmp_path, config.format("Host *.example.net\n Port 2022\n User canon\n"))
    )
    assert (target.host, target.ssh.port, target.ssh.user) == ("core-1.example.net", 2022, "canon")
    assert with_access(named, Access(), settings(tmp_path, "CanonicalizeHostname yes\n")).host == "core-1"
    strict = settings(tmp_path, config.format(" CanonicalizeFallbackLocal no\n"))
    with pytest.raises(WorkspaceError, match="core-9"):
        with_access(Target("core-9", "core-9"), Access(), strict)
