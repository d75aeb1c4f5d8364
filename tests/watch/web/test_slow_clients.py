"""Slow clients: a request that does not come, an answer that is not read, and too many connections."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from eventready.watch.web import server
from eventready.watch.web.pages import wall
from tests.watch.web.live import Live, served
from tests.watch.web.scene import LOOK, Scene, scene

pytestmark = pytest.mark.attack(family="slow clients")
_FORM = b"Content-Type: application/x-www-form-urlencoded"
_POST = b"POST /choices HTTP/1.1\r\nHost: 127.0.0.1\r\n" + _FORM + b"\r\nContent-Length: 20\r\n\r\nlang="
BEGINNINGS = (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-", _POST)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path) as opened:
        yield opened


def until(reached: Callable[[], bool]) -> None:
    """Wait for a state; the timeout of the test ends the wait."""
    while not reached():
        time.sleep(0.02)


def answers(live: Live) -> bool:
    with urllib.request.urlopen(f"{live.url}/healthz") as answer:
        return bool(answer.status == 200)


@pytest.mark.slow
def test_a_request_is_whole_in_time_or_its_connection_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_S", 0.5)
    with scene(tmp_path) as made, served(made) as live:
        until(lambda: live.running.started)
        slow = [live.connection() for _ in range(8) for _beginning in BEGINNINGS]
        for number, one in enumerate(slow):
            one.sendall(BEGINNINGS[number % len(BEGINNINGS)])
        assert answers(live)
        for one in slow:
            with suppress(ConnectionError):
                while one.recv(4096):
                    pass
        until(lambda: not live.running.server_state.connections)


@pytest.mark.slow
def test_an_answer_is_read_in_time_or_its_connection_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "READ_S", 0.5)
    monkeypatch.setattr(wall, "TICK_S", 0.0)
    with scene(tmp_path) as made, served(made) as live:
        until(lambda: live.running.started)
        with live.connection(buffer=4096) as one:
            one.sendall(
                f"GET /wall/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {LOOK}\r\n\r\n".encode()
            )
            until(lambda: bool(live.running.server_state.connections))
            assert answers(live)
            until(lambda: not live.running.server_state.connections)


_SEVERAL = tuple(f"127.0.0.{number}" for number in range(2, 7))


@pytest.mark.parametrize("beginning", BEGINNINGS, ids=("silent", "half a line", "half a head", "half a body"))
@pytest.mark.parametrize(
    ("bound", "addresses", "proxies"),
    [
        ("OF_A_CLIENT", ("127.0.0.1",), ()),
        ("OF_A_CLIENT", ("127.0.0.1",), ("192.0.2.1",)),
        ("MOST_CONNECTIONS", ("127.0.0.1",), ()),
        ("MOST_CONNECTIONS", ("127.0.0.1",), ("127.0.0.1",)),
        ("MOST_CONNECTIONS", _SEVERAL, ()),
        ("MOST_CONNECTIONS", _SEVERAL, ("127.0.0.1",)),
    ],
)
def test_connections_without_a_whole_request_make_room_for_a_page(
    bound: str, addresses: Sequence[str], proxies: Sequence[str], beginning: bytes, made: Scene
) -> None:
    """Of one client or of several, with a proxy or without: the oldest goes, and the newest is answered."""
    with pytest.MonkeyPatch.context() as patch, served(made, proxies=proxies) as live:
        patch.setattr(server, bound, 5)
        until(lambda: live.running.started)
        opened = [live.connection(addresses[number % len(addresses)]) for number in range(5)]
        for one in opened:
            one.sendall(beginning)
        until(lambda: len(live.running.server_state.connections) == 5)
        assert answers(live)
        with suppress(ConnectionError):
            while opened[0].recv(4096):
                pass  # the oldest one ends
        assert answers(live)
        for one in opened:
            one.close()
        until(lambda: not live.running.server_state.connections)
        assert answers(live)


@pytest.mark.parametrize(
    "request_",
    [b"\x16\x03\x01\x02", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"],
)
def test_broken_requests_write_no_line(request_: bytes, made: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    with served(made) as live:
        until(lambda: live.running.started)
        with live.connection() as one:
            one.sendall(request_ + b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n")
            assert one.recv(4096).startswith(b"HTTP/1.1 4")
        until(lambda: not live.running.server_state.connections)
        assert capfd.readouterr().err == ""
