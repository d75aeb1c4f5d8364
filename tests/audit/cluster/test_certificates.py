"""Certificates of a cluster: members reach each other; strangers and revoked members reach nobody."""

from __future__ import annotations

import asyncio
import os
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eventready.audit.collectors.cluster import certificates, member
from eventready.audit.collectors.cluster.address import SchedulerAddress, tls_context
from eventready.audit.collectors.cluster.certificates import Authority, member_name
from eventready.audit.collectors.cluster.dask_parts import comms_of_scheduler, require_distributed
from eventready.core.errors import UsageError


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    authority = Authority.of(folder)
    for name in ("noc", "hcm-1", "hcm-2"):
        authority.add(name)
    authority.revoke(["hcm-2"])
    Authority.of(folder / "strangers").add("hcm-1")
    return folder


def meet(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Shake hands in memory. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        server.wrap_bio(to_server, to_client, server_side=True),
        client.wrap_bio(to_client, to_server, server_side=False, server_hostname="cluster"),
    ]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    for end in ends:
        end.do_handshake()


def contexts(server: Path, client: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return tls_context(server, ssl.Purpose.CLIENT_AUTH), tls_context(client, ssl.Purpose.SERVER_AUTH)


def test_members_meet(home: Path) -> None:
    meet(*contexts(home / "noc", home / "hcm-1"))
    assert member_name(home / "hcm-1" / "member.pem") == "hcm-1"


@pytest.mark.parametrize(("server", "client"), [("noc", "hcm-2"), ("hcm-2", "hcm-1"), ("noc", "strangers/hcm-1"),
                                                ("strangers/hcm-1", "noc")])  # fmt: skip
def test_the_revoked_and_strangers_are_refused(server: str, client: str, home: Path) -> None:
    with pytest.raises(ssl.SSLError, match=r"revoked|self.signed|issuer|signature"):
        meet(*contexts(home / server, home / client))


def test_no_connection_without_a_certificate(home: Path) -> None:
    bare = ssl.create_default_context(cafile=str(home / "noc" / "authority.pem"))
    bare.check_hostname = False
    server, _ = contexts(home / "noc", home / "noc")
    with pytest.raises(ssl.SSLError, match="did not return a certificate"):
        meet(server, bare)


def test_keys_are_for_their_owner_and_members_stay(home: Path) -> None:
    for path in [*home.rglob("key.pem"), *home.rglob("member.pem")]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = (home / "hcm-1" / "member.pem").read_bytes()
    assert Authority.of(home).add("hcm-1") is None
    assert (home / "hcm-1" / "member.pem").read_bytes() == before


@pytest.mark.parametrize("name", ["", "authority", "../x", "a/b", "a b", "-x", "x" * 64])
def test_a_name_is_a_folder_of_its_own(name: str, home: Path) -> None:
    with pytest.raises(UsageError):
        Authority.of(home).add(name)


def test_a_revocation_needs_a_member(home: Path) -> None:
    with pytest.raises(UsageError, match="no member nobody"):
        Authority.of(home).revoke(["nobody"])


async def answers(comm: Any) -> bool:
    """Ask the scheduler over an open connection."""
    try:
        await comm.write({"op": "identity"})
        return bool(await comm.read())
    except OSError:
        return False


def test_a_changed_list_counts_for_all_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member, "_LIFE_S", 0.01)
    distributed, authority = require_distributed(), Authority.of(tmp_path)
    for name in ("noc", "hcm-1", "hcm-2"):
        authority.add(name)
    addresses = {name: SchedulerAddress("tls", "127.0.0.1", 1, tmp_path / name) for name in ("noc", "hcm-1", "hcm-2")}
    securities: dict[str, Any] = {name: address.security() for name, address in addresses.items()}

    async def followed() -> None:
        async with distributed.Scheduler(
            host="127.0.0.1", port=0, protocol="tls", security=securities["noc"], dashboard=False,
            dashboard_address="127.0.0.1:0",
        ) as scheduler:  # fmt: skip

            def connected(name: str) -> Any:
                arguments = securities[name].get_connection_args("worker")
                return distributed.core.connect(scheduler.address, timeout=0.5, **arguments)

            first, second = await connected("hcm-1"), await connected("hcm-2")
            lists = {"noc": lambda: comms_of_scheduler(scheduler), "hcm-2": lambda: [second]}
            following = [
                asyncio.create_task(member.follow_revocations(addresses[name], securities[name], comms))
                for name, comms in lists.items()
            ]
            (tmp_path / "noc" / "revoked.pem").write_bytes(b"in the middle of its copy")
            await asyncio.sleep(0.05)
            assert await answers(first)
            authority.revoke(["hcm-1"])
            await asyncio.sleep(0.1)
            assert not await answers(first)
            assert await answers(second)
            with pytest.raises(OSError, match=r"Timed out|revoked"):
                await connected("hcm-1")
            authority.revoke(["noc"])
            await asyncio.sleep(0.1)
            assert not await answers(second)
            for task in following:
                task.cancel()

    asyncio.run(followed())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tcp://192.0.2.1:8786", "for this machine only"), ("tcp://noc.example.net", "for this machine only"),
        ("tcp://127.0.0.1.example.net:1", "for this machine only"), ("noc:8786", "not of the form"),
        ("tls://", "not of the form"), ("tls://noc:99999", "not of the form"), ("tls://noc:1;x", "not of the form"),
        ("tls://noc:8786", "has no member.pem"),
    ],
)  # fmt: skip
def test_an_address_is_tls_or_of_this_machine(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=problem):
        SchedulerAddress.of(text, tmp_path)


def test_an_expired_certificate_is_named_before_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority.of(tmp_path)
    monkeypatch.setattr(certificates, "_DAYS", 0)
    authority.add("late")
    with pytest.raises(UsageError, match="expired on 2"):
        SchedulerAddress.of("tls://noc:8786", tmp_path / "late")


def test_plain_connections_are_for_the_loopback(tmp_path: Path) -> None:
    assert str(SchedulerAddress.of("tcp://127.0.0.1:9", tmp_path)) == "tcp://127.0.0.1:9"
    assert str(SchedulerAddress.of("tcp://[::1]", tmp_path)) == "tcp://[::1]:8786"


@pytest.mark.parametrize("name", ["member.pem", "authority.pem", "revoked.pem"])
def test_a_damaged_file_is_named(name: str, home: Path, tmp_path: Path) -> None:
    for path in (home / "hcm-1").iterdir():
        (tmp_path / path.name).write_bytes(b"" if path.name == name else path.read_bytes())
    with pytest.raises(UsageError, match="cannot be used"):
        tls_context(tmp_path, ssl.Purpose.CLIENT_AUTH)


@pytest.mark.slow
def test_our_settings_of_dask_count_below_its_variables() -> None:
    code = "from eventready.audit.collectors.cluster.dask_parts import require_distributed as r; r(); import dask; "
    code += "print(*map(dask.config.get, ('distributed.scheduler.worker-ttl', 'distributed.comm.timeouts.tcp')))"
    environment = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "11s"}
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["60s", "11s"]
