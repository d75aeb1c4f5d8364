"""Readings of a partner, shared by the comparisons of a wave."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from eventready.change.execute.device import partners
from eventready.change.execute.device.partners import Partner, SharedSessions
from eventready.facts.platform import load_platform
from eventready.session.reply import Reply, ReplyStatus, SessionLost
from eventready.session.target import Target

TARGET = Target("192.0.2.1", "netops")
FRR = load_platform("frr")
COMMANDS = ["show ip ospf neighbor json"]


class Device:
    """Number of sessions and readings of a device; an answer is the number of its reading.

    Without `awake` a reading of COMMANDS waits.
    """

    def __init__(self) -> None:
        self.opened = self.closed = self.readings = 0
        self.reachable = True
        self.awake, self.reading = threading.Event(), threading.Event()
        self.awake.set()

    def open(self, *_: object) -> Session:
        if not self.reachable:
            raise SessionLost("nobody answers")
        self.opened += 1
        return Session(self)


class Session:
    """Session with a device."""

    def __init__(self, device: Device) -> None:
        self.device, self.over = device, ""

    def send_commands(self, commands: Sequence[str]) -> list[Reply]:
        self.device.readings += 1
        number = str(self.device.readings)
        self.device.reading.set()
        assert list(commands) != COMMANDS or self.device.awake.wait(10)
        return [Reply(command, number) for command in commands]

    def close(self) -> None:
        self.device.closed += 1


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    found = Device()
    monkeypatch.setattr(partners, "open_session", found.open)
    return found


def handles(count: int) -> list[Partner]:
    sessions = SharedSessions()
    return [Partner(TARGET, FRR, sessions) for _ in range(count)]


def number_of(partner: Partner) -> int:
    return int(partner.send(COMMANDS)[0].text)


def test_a_reading_serves_the_requests_before_its_begin_and_no_later_one(device: Device) -> None:
    """Seven requests during the first reading get the second."""
    first, *others = handles(8)
    device.awake.clear()
    with ThreadPoolExecutor(8) as pool:
        early = pool.submit(number_of, first)
        assert device.reading.wait(10)
        late = [pool.submit(number_of, one) for one in others]
        (session,) = first.sessions._sessions.values()
        while len(session._users) < 8:
            time.sleep(0.001)
        device.awake.set()
        assert early.result() == 1
        assert {one.result() for one in late} == {2}
    assert number_of(first) == 3, "a later request is a reading of its own"
    assert (device.opened, device.readings) == (1, 3)


def test_no_answer_is_older_than_its_request(device: Device) -> None:
    def ask(partner: Partner) -> None:
        for _ in range(50):
            before = device.readings
            assert number_of(partner) > before

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, handles(8)))
    assert device.opened == 1


def test_the_last_user_closes_the_session(device: Device) -> None:
    first, second = handles(2)
    number_of(first)
    number_of(second)
    first.close()
    first.close()
    assert device.closed == 0
    assert number_of(second) == 3
    second.close()
    assert device.closed == 1
    assert number_of(first) == 4, "a session of its own after a lost login"
    assert device.opened == 2


def test_a_partner_lost_for_one_comparison_is_tried_for_the_next(device: Device) -> None:
    """A comparison that never reached it does without, since its findings before the change have nothing of it."""
    first, second = handles(2)
    device.reachable = False
    assert first.send(COMMANDS)[0].status is ReplyStatus.DROPPED
    device.reachable = True
    assert first.send(COMMANDS)[0].status is ReplyStatus.DROPPED
    assert number_of(second) == 1
    (session,) = second.sessions._sessions.values()
    lost: Any = session._session
    lost.over = "the device closed the session"
    device.reachable = False
    assert second.send(COMMANDS)[0].status is ReplyStatus.DROPPED
    device.reachable = True
    assert number_of(second) == 2, "reached before: it must be seen again"


def test_a_command_waits_for_no_other_command(device: Device) -> None:
    first, second = handles(2)
    device.awake.clear()
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(first.send, COMMANDS)
        assert device.reading.wait(10)
        assert second.send(["show bgp summary json"])[0].text == "2"
        device.awake.set()
        assert slow.result()[0].text == "1"
    assert device.opened == 2


def test_a_session_has_time_left_for_its_answers(device: Device) -> None:
    (old,) = [replace(one, target=replace(TARGET, device_timeout_s=0.0)) for one in handles(1)]
    assert [number_of(old), number_of(old)] == [1, 2]
    assert (device.opened, device.closed) == (2, 1)
