"""A real service host behind a real bastion, with keys, passphrases and host keys of the workspace: a whole change.

The name of the host is known to the bastion alone. The folder of the workspace has a blank in its name.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from eventready.session.ssh.relay_program import relayed
from tests.change.intents import real_host
from tests.change.intents.real_host import RealHost
from tests.change.intents.test_playbook import needs_ansible, private
from tests.change.intents.test_service_host import Ground, until
from tests.proofs.size import WHOLE
from tests.session import openssh
from tests.session.openssh import PASSPHRASE, OpenSsh

pytestmark = [
    needs_ansible,
    pytest.mark.xdist_group("real-session"),
    pytest.mark.skipif(bool(real_host.ABSENT), reason=real_host.ABSENT),
    pytest.mark.skipif(bool(openssh.missing()) or os.geteuid() != 0, reason="needs sshd and root"),
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

__all__ = ["private"]
NAME = "svc-1.behind.invalid"


@dataclass
class Place:
    """The host, the bastion, and what the change needs of them."""

    host: RealHost
    bastion: openssh.Server
    folder: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("bastion")
    ssh = OpenSsh(folder)
    (folder / "hosts").write_text(f"127.0.0.1 localhost {NAME}\n")
    mounted = ("unshare", "--mount", "sh", "-c", f'mount --bind {folder}/hosts /etc/hosts && exec "$@"', "sh")
    with real_host.real_host(folder / "a work space") as host, pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVENTREADY_BASTION_PASSPHRASE", PASSPHRASE)
        patch.setenv("EVENTREADY_SSH_CONFIG", "")
        patch.setattr(openssh, "PREFIX", mounted)
        try:
            yield Place(host, _behind(ssh, host), folder)
        finally:
            ssh.stop()


@pytest.fixture(scope="module")
def ground(place: Place) -> Ground:
    """The plan that both changes carry out: planning is a run of Ansible, too."""
    return Ground.planned(place.host, place.folder / "plan.json")


def _behind(ssh: OpenSsh, host: RealHost) -> openssh.Server:
    """Let the host take a key with a passphrase only, and name it as the bastion does."""
    own, first = ssh.keygen("host key", PASSPHRASE), ssh.keygen("bastion key", PASSPHRASE)
    ssh.authorize(first)
    bastion = ssh.server()
    public = Path(f"{own}.pub").read_text().strip()
    host.shell(f"mkdir -p /root/.ssh; chmod 700 /root/.ssh; echo '{public}' > /root/.ssh/authorized_keys")
    hosts = host.folder / "inventory" / "hosts.yaml"
    entries = yaml.safe_load(hosts.read_text())
    entry, keys = entries["svc-1"], host.folder / "keys"
    port = entry["port"]
    keys.mkdir()
    for key in (own, first):
        key.rename(keys / key.name)
    del entry["password"]
    passphrase = "env:EVENTREADY_BASTION_PASSPHRASE"
    entry["hostname"] = NAME
    entry["data"]["access"] = {
        "jump_host": "bastion-1", "identity_files": ["keys/host key"], "passphrase": passphrase, "agent": False,
    }  # fmt: skip
    hosts.write_text(yaml.safe_dump(entries))
    jump = {"hostname": "127.0.0.1", "port": bastion.port, "username": ssh.user,
            "access": {"identity_files": ["keys/bastion key"], "passphrase": passphrase, "agent": False}}  # fmt: skip
    (host.folder / "inventory" / "jump_hosts.yaml").write_text(yaml.safe_dump({"bastion-1": jump}))
    known = (host.folder / "known_hosts").read_text().replace("[127.0.0.1]", f"[{NAME}]")
    (host.folder / "known_hosts").write_text(f"{known}[127.0.0.1]:{bastion.port} {bastion.host_key.text}\n")
    assert f"[{NAME}]:{port} " in known
    return bastion


@pytest.mark.skipif(not WHOLE, reason="runs of Ansible: make proofs")
def test_plan_apply_and_rollback_behind_a_bastion(place: Place, ground: Ground, tmp_path: Path) -> None:
    assert ground.order("apply", tmp_path / "e.db", how="real") == (0, "new", "")
    assert "least_conn" in place.host.picture() != ground.old
    assert ground.order("rollback", tmp_path / "e.db", how="real") == (0, "new", "")
    assert place.host.picture() == ground.old


@pytest.mark.attack(family="playbooks")
def test_a_killed_run_leaves_neither_ansible_nor_files(
    place: Place, ground: Ground, tmp_path: Path, private: Path
) -> None:
    assert ground.order("apply", tmp_path / "e.db", "after 2", "real")[0] == -9
    until(lambda: not processes_of(private) and not list(private.glob("eventready-*")), 20)
    assert ground.order("resume", tmp_path / "e.db", how="real")[1] == "old"
    assert place.host.picture() == ground.old
    assert place.bastion.log.count("Accepted publickey") >= 3


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of processes that name the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_bytes().decode(errors="replace"))
    return [line for line in found if str(folder) in line]


def test_a_program_without_its_relay_is_unreachable(tmp_path: Path) -> None:
    """The end of the process in the middle of a command: ssh's own exit status, at once."""
    ours, theirs = socket.socketpair()
    with ours, ThreadPoolExecutor(1) as pool:
        done = pool.submit(relayed, ours, ["ssh", "--host=svc-1", "true"])
        _, streams, _, _ = socket.recv_fds(theirs, 1, 3)
        for stream in streams:
            os.close(stream)
        theirs.close()
        assert done.result(20) == 255
