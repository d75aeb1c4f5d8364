"""The gate holds across threads, gives places back, and says so when none comes free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from eventready.session.connect import open_session
from eventready.session.reply import LoginRefused, Unreachable
from eventready.session.target import Target
from eventready.session.wire.limits import SessionLimit, session_limit
from tests.session.conftest import kind
from tests.session.fake import Script


@contextmanager
def slot(door: SessionLimit, endpoint: str, limit: int, wait_s: float = 600.0) -> Iterator[None]:
    """Hold a session of an endpoint."""
    door.acquire(endpoint, limit, wait_s)
    try:
        yield
    finally:
        door.release(endpoint)


def test_never_more_than_the_limit_inside() -> None:
    counted, most, lock, door = 0, 0, threading.Lock(), SessionLimit()

    def work(_: int) -> None:
        nonlocal counted, most
        with slot(door, "mae-1", 3):
            with lock:
                counted += 1
                most = max(most, counted)
            threading.Event().wait(0.005)
            with lock:
                counted -= 1

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(60)))
    assert most == 3
    assert door.active("mae-1") == 0


def test_endpoints_do_not_wait_for_each_other() -> None:
    door = SessionLimit()
    with slot(door, "a", 1), slot(door, "b", 1):
        assert (door.active("a"), door.active("b")) == (1, 1)


def test_waiting_ends_with_a_sentence() -> None:
    door = SessionLimit()
    with (
        slot(door, "mae-1", 1),
        pytest.raises(Unreachable, match="All 1 sessions of mae-1 stayed in use"),
        slot(door, "mae-1", 1, 0.02),
    ):
        pass
    assert door.active("mae-1") == 0


def test_sessions_share_the_limit_of_their_endpoint(ssh: Callable[..., Target]) -> None:
    script = Script(answers={"show clock": "07:00\n"}, prompt_delay=0.02)
    target = ssh(script, endpoint="wlc-pair")

    def audit(_: int) -> str:
        with open_session(target, kind(limit=2)) as session:
            return session.send_commands(["show clock"])[0].text

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(audit, range(6))) == ["07:00\n"] * 6
    assert script.most_sessions <= 2
    assert session_limit.active("wlc-pair") == 0


def test_a_session_that_never_opens_gives_its_place_back(ssh: Callable[..., Target]) -> None:
    target = ssh(Script(refuse_login=True), endpoint="refusing")
    with pytest.raises(LoginRefused):
        open_session(target, kind(limit=1))
    assert session_limit.active("refusing") == 0
