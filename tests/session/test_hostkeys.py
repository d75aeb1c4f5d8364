"""Host keys: recorded ones only, in OpenSSH's format, parsed once, replaced whole."""

from __future__ import annotations

import base64
import hmac
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncssh
import pytest

from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.strings.texts import lines_of
from eventready.session import hostkeys
from eventready.session.connect import open_session
from eventready.session.hostkeys import HostKey, KnownHosts, known_hosts, record
from eventready.session.reply import HostKeyMismatch, Unreachable
from eventready.session.target import Target
from eventready.session.trust import fetch_key
from tests.session.conftest import aim, kind
from tests.session.fake import Fleet, Script
from tests.session.real import free_port


def new_key(kind: str = "ssh-ed25519") -> HostKey:
    public = asyncssh.generate_private_key(kind).export_public_key().decode().split()
    return HostKey(public[0], base64.b64decode(public[1]))


def test_an_unknown_device_is_not_spoken_to(fleet: Fleet, tmp_path: Path) -> None:
    script = Script()
    port = fleet.ssh(script)
    with pytest.raises(HostKeyMismatch) as raised:
        open_session(aim(port, known_hosts=tmp_path / "known_hosts", attempts=3), kind())
    assert "is not recorded; it shows ssh-ed25519 SHA256:" in str(raised.value)
    assert "`eventready trust keys -l core-1`" in str(raised.value)
    assert script.logins == 0


def test_a_changed_key_is_named_with_both_fingerprints(fleet: Fleet, tmp_path: Path) -> None:
    script, old = Script(), new_key()
    port = fleet.ssh(script)
    record(tmp_path / "known_hosts", {f"[127.0.0.1]:{port}": old})
    with pytest.raises(HostKeyMismatch) as raised:
        open_session(aim(port, known_hosts=tmp_path / "known_hosts", attempts=3), kind())
    shown = fetch_key(Target("server", "127.0.0.1", port))
    assert f"{shown.algorithm} {shown.fingerprint} instead of {old.algorithm} {old.fingerprint}" in str(raised.value)
    assert script.logins == 0


def test_another_kind_of_key_than_the_recorded_one_is_a_changed_key(fleet: Fleet, tmp_path: Path) -> None:
    port = fleet.ssh(Script())
    record(tmp_path / "known_hosts", {f"[127.0.0.1]:{port}": new_key("ecdsa-sha2-nistp256")})
    with pytest.raises(HostKeyMismatch, match=r"shows another host key.*`eventready trust keys --replace -l"):
        open_session(aim(port, known_hosts=tmp_path / "known_hosts"), kind())


def test_fetch_record_and_log_in(fleet: Fleet, tmp_path: Path) -> None:
    port = fleet.ssh(Script(answers={"show clock": "07:00\n"}))
    path = tmp_path / "deep" / "known_hosts"
    record(path, {f"[127.0.0.1]:{port}": fetch_key(Target("server", "127.0.0.1", port))})
    with open_session(aim(port, known_hosts=path), kind()) as session:
        assert session.send_commands(["show clock"])[0].text == "07:00\n"


def test_a_revoked_key_is_not_accepted(fleet: Fleet, tmp_path: Path) -> None:
    port = fleet.ssh(Script())
    path = tmp_path / "known_hosts"
    key = fetch_key(Target("server", "127.0.0.1", port))
    path.write_text(f"[127.0.0.1]:{port} {key.text}\n@revoked * {key.text}\n")
    with pytest.raises(HostKeyMismatch):
        open_session(aim(port, known_hosts=path), kind())


def test_fetching_from_no_person() -> None:
    with pytest.raises(Unreachable, match="refuses the connection"):
        fetch_key(Target("server", "127.0.0.1", free_port()), 2)


def test_openssh_reads_the_same_fingerprint(tmp_path: Path) -> None:
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not installed")
    key = new_key()
    (tmp_path / "key.pub").write_text(key.text + "\n")
    output = subprocess.run(
        ["ssh-keygen", "-lf", str(tmp_path / "key.pub")], capture_output=True, text=True, check=True
    )
    assert key.fingerprint in output.stdout


def test_openssh_finds_what_was_recorded(tmp_path: Path) -> None:
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not installed")
    path = tmp_path / "known_hosts"
    record(path, {"192.0.2.1": new_key(), "[192.0.2.1]:2222": new_key(), "2001:db8::1": new_key()})
    for name in ("192.0.2.1", "[192.0.2.1]:2222", "2001:db8::1"):
        subprocess.run(["ssh-keygen", "-F", name, "-f", str(path)], capture_output=True, check=True)


def test_a_new_key_takes_the_place_of_the_old_one_and_nothing_else_moves(tmp_path: Path) -> None:
    path, old, new = tmp_path / "known_hosts", new_key(), new_key()
    path.write_text(f"# ours\nr1,192.0.2.1 {old.text} comment\n[r2]:2222 {old.text}\n@revoked * {old.text}\n")
    record(path, {"192.0.2.1": new})
    assert lines_of(path.read_text()) == [
        "# ours",
        f"r1 {old.text} comment",
        f"[r2]:2222 {old.text}",
        f"@revoked * {old.text}",
        f"192.0.2.1 {new.text}",
    ]


def test_many_threads_record_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    keys = [new_key() for _ in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: record(path, {f"r{n}": keys[n]}), range(20)))
    known = known_hosts(path)
    assert all(known.lookup(f"r{n}") == (keys[n],) for n in range(20))
    assert [entry.name for entry in tmp_path.iterdir()] == ["known_hosts"]


def test_hashed_names_are_found(tmp_path: Path) -> None:
    key, salt = new_key(), b"0123456789abcdefghij"
    digest = hmac.digest(salt, b"[192.0.2.5]:2222", "sha1")
    name = f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
    known = KnownHosts.parse(f"{name} {key.text}\n", tmp_path)
    assert known.lookup("[192.0.2.5]:2222") == (key,)
    assert known.lookup("192.0.2.5") == ()


def test_the_file_is_parsed_once_and_again_when_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "known_hosts"
    record(path, {"r1": new_key()})
    parsed: list[Path] = []
    parse: Callable[[str, Path], KnownHosts] = KnownHosts.parse

    def counted(text: str, where: Path) -> KnownHosts:
        parsed.append(where)
        return parse(text, where)

    monkeypatch.setattr(hostkeys.KnownHosts, "parse", counted)
    for _ in range(5):
        known_hosts(path)
    assert len(parsed) == 1
    record(path, {"r2": new_key()})
    assert known_hosts(path).lookup("r2")
    assert len(parsed) == 2


@pytest.mark.parametrize("line", ["r1", "r1 ssh-ed25519", "r1 ssh-ed25519 not*base64", "|1|x ssh-ed25519 AAAA"])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"# fine\n{line}\n")
    with pytest.raises(WorkspaceError, match=r"known_hosts:2: invalid known_hosts line"):
        known_hosts(path)


def test_a_key_of_a_kind_no_person_knows_lets_no_person_in(fleet: Fleet, tmp_path: Path) -> None:
    port = fleet.ssh(Script())
    path = tmp_path / "known_hosts"
    path.write_text(f"[127.0.0.1]:{port} ssh-future AAAACnNzaC1mdXR1cmU=\n")
    with pytest.raises(HostKeyMismatch):
        open_session(aim(port, known_hosts=path), kind())


def test_what_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"the host keys cannot be written: .*\. Make the folder writable\."):
        record(tmp_path / "file" / "known_hosts", {"r1": new_key()})


def test_targets_without_a_workspace_use_the_users_own_file() -> None:
    assert Target("r1", "192.0.2.1").known_hosts_path == Path.home() / ".ssh" / "known_hosts"
