"""OpenSSH client configuration: the options of a host, files that count, what is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

import pytest

from eventready.core.errors import WorkspaceError
from eventready.core.strings.texts import lines_of
from eventready.session.ssh.config import HostConfig, config_path, host_config, load_ssh_config

CONFIG = """
Host core-* !core-9
    User ops
    IdentityFile /keys/one
    IdentityFile /keys/two
    CertificateFile /keys/one-cert.pub
    IdentitiesOnly yes
    ProxyJump a@outer:2222,inner
    HostKeyAlias %h-key
    KexAlgorithms +diffie-hellman-group14-sha1
    ServerAliveInterval 7

Host 192.0.2.*
    Port 2022
    ProxyCommand nc %h %p

Host *
    User everyone
    ProxyCommand none
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("EVENTREADY_SSH_CONFIG", raising=False)
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    return tmp_path / "home"


def workspace(folder: Path, text: str = CONFIG) -> Path:
    (folder / "ssh_config").write_text(text)
    return folder


def test_patterns_match_the_address_and_the_device_name(tmp_path: Path) -> None:
    path = workspace(tmp_path)
    found = host_config(path, "192.0.2.7", "core-1")
    assert (found.hostname, found.user, found.port) == ("192.0.2.7", "ops", 2022)
    assert found.proxy_jump == ("a@outer:2222", "inner")
    assert found.proxy_command == ""  # ProxyJump is the first of the two
    assert found.identity_files == ("/keys/one", "/keys/two")
    assert (found.certificate_files, found.identities_only) == (("/keys/one-cert.pub",), True)
    assert (found.kex_algorithms, found.keepalive_s) == ("+diffie-hellman-group14-sha1", 7.0)
    excluded = host_config(path, "192.0.2.7", "core-9")
    assert (excluded.user, excluded.proxy_jump, excluded.proxy_command) == ("everyone", (), "nc %h %p")
    assert host_config(path, "elsewhere").proxy_command == ""


def test_the_same_as_openssh(tmp_path: Path) -> None:
    if not which("ssh"):
        pytest.skip("ssh is not installed")
    path = workspace(tmp_path, CONFIG.replace("    HostKeyAlias %h-key\n", ""))
    for host in ("core-1", "core-9", "192.0.2.7", "elsewhere"):
        run = ["ssh", "-G", "-F", str(path / "ssh_config"), host]
        printed = subprocess.run(run, check=True, capture_output=True, text=True).stdout
        theirs = dict(line.split(maxsplit=1) for line in lines_of(printed) if " " in line)
        ours = host_config(path, host)
        assert (ours.hostname, ours.user, str(ours.port or 22)) == (theirs["hostname"], theirs["user"], theirs["port"])
        assert ",".join(ours.proxy_jump) == theirs.get("proxyjump", "")
        assert ours.proxy_command == theirs.get("proxycommand", "").replace("none", "")


def test_which_file_counts(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_path(tmp_path) is None
    assert host_config(tmp_path, "r1") == HostConfig("r1")
    (home / ".ssh" / "config").write_text("Host *\n User mine\n")
    assert host_config(tmp_path, "r1").user == "mine"
    workspace(tmp_path, "Host *\n User theirs\n")
    assert host_config(tmp_path, "r1").user == "theirs"
    assert host_config(None, "r1").user == "mine"
    monkeypatch.setenv("EVENTREADY_SSH_CONFIG", "none")
    assert host_config(tmp_path, "r1").user == ""
    monkeypatch.setenv("EVENTREADY_SSH_CONFIG", str(tmp_path / "absent"))
    with pytest.raises(WorkspaceError, match="names a missing file"):
        host_config(tmp_path, "r1")


def test_include(tmp_path: Path) -> None:
    (tmp_path / "one.conf").write_text("Host r1\n Port 2201\n")
    (tmp_path / "two.conf").write_text("Host r2\n Port 2202\n")
    path = workspace(tmp_path, "Include *.conf\nUser everyone\nHost r1\n User ops\n")
    assert (host_config(path, "r1").port, host_config(path, "r1").user) == (2201, "everyone")
    assert (host_config(path, "r2").port, host_config(path, "r2").user) == (2202, "everyone")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Include ssh_config\n", "nested too deeply"),
        ("Host r1\n Include x\n", r"ssh_config:2: `Include` inside a `Host` or `Match` section"),
        ("Match exec true\n User root\n", "`Match exec` runs programs"),
        ('Match !ex""ec true\n User root\n', "`Match exec` runs programs"),
        ("Host *\n Port 65536\n", "no port: 65536"),
        ("Include ~nobody-of-ours/x\n", "invalid SSH configuration"),
        ("Host *\n Port many\n", "the SSH configuration of r1 is invalid"),
        ("Match nonsense\n", "invalid SSH configuration"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(WorkspaceError, match=words):
        host_config(workspace(tmp_path, text), "r1")


def test_hostile_files(tmp_path: Path) -> None:
    huge = tmp_path / "huge"
    huge.write_bytes(b"Host x\n" * 300_000)
    with pytest.raises(WorkspaceError, match="exceeds 1 MB"):
        load_ssh_config(huge, allow_exec=True)
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    with pytest.raises(WorkspaceError, match="is no text"):
        load_ssh_config(tmp_path / "binary", allow_exec=True)
