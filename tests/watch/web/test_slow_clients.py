"""Slow clients: a request that does not come, an answer that is not read, and too many connections."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from eventready.watch.web import server
from eventready.watch.web.pages import wall
from tests.watch.web.live import Live, served
from tests.watch.web.scene import LOOK, scene

pytestmark = pytest.mark.attack(family="slow clients")
_POST = b"POST /choices HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20\r\n\r\nlang="
BEGINNINGS = (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-", _POST)


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


@pytest.mark.parametrize("bound", ["MOST_CONNECTIONS", "OF_A_CLIENT"])
def test_silent_connections_make_room_for_a_page(bound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, bound, 5)
    with scene(tmp_path) as made, served(made) as live:
        until(lambda: live.running.started)
        opened = [live.connection() for _ in range(5)]
        until(lambda: len(live.running.server_state.connections) == 5)
        assert answers(live)
        with suppress(ConnectionError):
            assert opened[0].recv(1) == b"", "the oldest silent one has gone"
        for one in opened:
            one.close()
        until(lambda: not live.running.server_state.connections)
        assert answers(live)
