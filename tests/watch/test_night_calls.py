"""Calls of a night: faults of 35 devices, ten kills of the watch, failing channels, killed senders.

It has eight hours under `make proofs`, 3 otherwise.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.delivery.notify.sender import OutboxSender
from eventready.store.store import Store
from eventready.store.watch_log import DEVICE
from eventready.watch.alerts.calls import AlertCalls
from eventready.watch.alerts.dispatcher import Notification
from eventready.watch.silence import STALE_AFTER
from eventready.watch.states import HOLD_DOWN, Key, StateChange
from eventready.workspace.settings.alerts import AlertsFile
from eventready.workspace.workspace import Workspace
from tests.proofs.size import WHOLE
from tests.watch.test_night import (
    EVENT,
    HANGS,
    INTERVAL,
    KILLS,
    READS,
    START,
    Night,
    devices,
    faults,
)  # fmt: skip

pytestmark = pytest.mark.slow

#: Seconds between two looks at what is due.
LOOK = 20.0
HOURS = 8 if WHOLE else 3
SETTINGS = AlertsFile.model_validate(
    {
        "route": {
            "receiver": "duty", "group_by": ["device"], "group_wait": "30s", "group_interval": "1m",
            "escalate": {"receiver": "chief", "after": "10m"},
        },
        "receivers": [{"name": name, "mail": [f"{name}@example.vn"]} for name in ("duty", "chief")],
    }
)  # fmt: skip


class Killed(BaseException):
    """Death of the process of a sender."""


class VirtualClock(Clock):
    """Clock of the night."""

    def now(self) -> datetime:
        moment: datetime = self.__dict__.get("moment", START)
        return moment

    def at(self, seconds: float) -> None:
        self.__dict__["moment"] = START + timedelta(seconds=seconds)


class FailingChannel:
    """Channel with failed attempts; the process dies before, at or after a delivery."""

    def __init__(self, seed: int) -> None:
        self.drawn, self.sent = random.Random(seed), Counter[tuple[str, str]]()

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> str:
        if self.drawn.random() < 0.1:
            raise EventreadyError("no route")
        self._die()
        handed()
        self._die()
        self.sent[address, body] += 1
        self._die()
        return "sent"

    def _die(self) -> None:
        if self.drawn.random() < 0.02:
            raise Killed


class CallingNight(Night):
    """Night with the calls of its watch."""

    def __init__(self, store: Store, seed: int, channel: FailingChannel) -> None:
        self.clock, self.channel = VirtualClock(), channel
        self.looked_at, self.deaths = 0.0, 0
        self.workspace = Workspace(Path("night"), EVENT, tuple(devices().values()))
        super().__init__(store, faults(30), seed)

    def begin(self, now: float) -> None:
        super().begin(now)
        self.calls = AlertCalls(self.workspace, SETTINGS, self.store, self.clock, lambda _notice: None, really=True)
        self.calls.begin(devices(), self.record)

    def after_round(self, now: float, changes: list[StateChange]) -> None:
        self.clock.at(now)
        self.calls.alerts.take(changes, self.clock.now())
        if now - self.looked_at >= LOOK:
            self.looked_at = now
            self.calls.dispatch()
            try:
                with self.calls.outbox.sender():
                    list(OutboxSender(self.calls.outbox, self.channel, self.clock).send_due())
            except Killed:
                self.deaths += 1


def test_no_fault_is_missed_called_twice_or_called_late(tmp_path: Path) -> None:
    channel = FailingChannel(7)
    with Store(tmp_path / "night.db") as store:
        night = CallingNight(store, 4, channel)
        kills = [HOURS * 3600 * number / (KILLS + 1) for number in range(KILLS + 1)]
        for start, end in zip(kills, [*kills[1:], HOURS * 3600.0], strict=True):
            if start:
                night.begin(start)
            night.run(start, end)
        messages = {one.id: one for one in night.calls.outbox.messages()}
        log = night.calls.receivers.log()
    assert night.deaths > 10
    assert max(channel.sent.values()) == 1
    # A late one has a line more, with the time of its state.
    delivered = {
        name
        for name, one in messages.items()
        if any(to in one.deliveries and body.startswith(one.body.words.text) for to, body in channel.sent)
    }
    late = INTERVAL * max(HOLD_DOWN, STALE_AFTER) + HANGS + READS[1] + INTERVAL
    lasting = [fault for fault in faults(30) if fault.end + 2 * late < HOURS * 3600]
    assert len(lasting) > 60 * HOURS / 8
    for fault in lasting:
        key = Key(fault.device, *((DEVICE, "") if fault.hangs else ("isis", "peer")))
        begun, ended = (START + timedelta(seconds=at) for at in (fault.start, fault.end))
        named = [one for one in log if _new(one, key, log) and begun <= one.at <= ended + timedelta(seconds=late)]
        assert [one.receiver for one in named].count("duty") == 1, (fault, named)
        reached = [one for one in named if one.id in delivered]
        assert reached, fault
        assert reached[0].at <= begun + timedelta(seconds=2 * late + 30 + 2 * LOOK), fault


def _new(one: Notification, key: Key, log: list[Notification]) -> bool:
    """True for a message with an alert about a finding that no message of its group named before."""
    if key not in {alert.key for alert in one.firing}:
        return False
    before = [other for other in log if other.group == one.group and other.number == one.number - 1]
    return not any(key in {alert.key for alert in other.known.values()} for other in before)
