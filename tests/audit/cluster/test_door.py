"""The door of a scheduler: strangers, silent connections and revoked members before the end of their handshakes."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from eventready.audit.collectors.cluster import door, member
from eventready.audit.collectors.cluster.address import SchedulerAddress, tls_context
from eventready.audit.collectors.cluster.certificates import Authority
from eventready.audit.collectors.cluster.dask_parts import require_distributed
from tests.audit.cluster.members import free_port


@contextmanager
def door_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A scheduler with its door, in a thread of its own."""
    listener = require_distributed().comm.tcp.BaseTCPListener
    monkeypatch.setattr(listener, "_handle_stream", listener._handle_stream)
    monkeypatch.setattr(member, "_LIFE_S", 0.02)
    monkeypatch.setattr(member, "_silence", lambda: None)
    loop, stop, began = asyncio.new_event_loop(), asyncio.Event(), Event()
    monkeypatch.setattr(member, "_signals", lambda: stop)
    monkeypatch.setattr(asyncio, "run", loop.run_until_complete)
    address = SchedulerAddress("tls", "127.0.0.1", free_port(), folder / "noc")
    thread = Thread(target=member.run_scheduler, args=(address, began.set))
    thread.start()
    try:
        assert began.wait(20)
        yield address.host, address.port
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def closed(connection: socket.socket) -> bool:
    """Whether the scheduler ends a connection: what it sends before is left."""
    connection.settimeout(20)
    try:
        while connection.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def entered(place: tuple[str, int], folder: Path) -> socket.socket:
    """A member after the handshake of TLS, which does not say a word of Dask."""
    context = tls_context(folder, ssl.Purpose.SERVER_AUTH)
    one = context.wrap_socket(socket.create_connection(place), server_hostname="noc")
    assert one.recv(8)
    return one


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("members")
    for name in ("noc", "hcm-1", "hcm-2"):
        Authority.of(folder).add(name)
    return folder


@pytest.mark.attack(family="doors of a scheduler")
def test_a_handshake_has_an_end(members: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_HANDSHAKE_S", 0.3)
    with door_of(members, monkeypatch) as place:
        assert closed(socket.create_connection(place))
        assert closed(entered(place, members / "hcm-1"))


@pytest.mark.attack(family="doors of a scheduler")
@pytest.mark.parametrize("source", ["127.0.0.9", "127.0.0.1"])
@pytest.mark.parametrize(("share", "most"), [(5, 400), (64, 5)], ids=["of an address", "of all"])
def test_silent_connections_close_no_scheduler(
    share: int, most: int, source: str, members: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strangers at an address have its share, of all connections the oldest go; a member enters, also beside them."""
    monkeypatch.setattr(door, "_SHARE", share)
    monkeypatch.setattr(door, "_MOST", most)
    with door_of(members, monkeypatch) as place, ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(place, source_address=(source, 0))) for _ in range(40)]
        stack.enter_context(entered(place, members / "hcm-2"))
        assert all(closed(one) for one in silent[: 40 - min(share, most)])


@pytest.mark.attack(family="doors of a scheduler")
def test_a_revoked_member_is_cut_in_its_handshake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority.of(tmp_path)
    for name in ("noc", "hcm-1"):
        authority.add(name)
    monkeypatch.setattr(door, "_HANDSHAKE_S", 600.0)
    with door_of(tmp_path, monkeypatch) as place:
        one = entered(place, tmp_path / "hcm-1")
        authority.revoke(["hcm-1"])
        assert closed(one)
