"""A watch of real software: a failure is on the wall and called, and its end is.

The seconds are printed as a table. A failure has two intervals of its fact, the hold-down and a slow reading.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

import pytest
import yaml

from eventready.core.clock import Clock
from eventready.core.messages import text
from eventready.watch.states import HOLD_DOWN, Key
from eventready.workspace.settings.watch import WatchFile
from eventready_lab.real.province.layout import (
    AIR_HOST,
    CONTROLLER,
    DNS_NAME,
    SERVICE_HOSTS,
    SERVICE_IP,
    STATIONS,
    service_address,
)
from tests.behaviours.twin import Twin
from tests.conftest import Proved
from tests.delivery.mailroom import Mailroom
from tests.e2e.conftest import NOW
from tests.real.conftest import TABLES
from tests.session.real import free_port
from tests.submission.test_reminders import configure

pytestmark = [pytest.mark.real, pytest.mark.timeout(900), pytest.mark.xdist_group("twin")]

TABLE = "failure | interval | to the wall | to the call | mended: off the wall | and called"
#: Audits of the same weekday and hour, and the last one before the watch.
AUDITS = ("2022-04-04 07:00", "2022-04-11 07:00", "2022-04-18 07:00", NOW)
WATCH = WatchFile(intervals=dict.fromkeys(("channel_load", "channel_requests", "radio_load", "radio_load_24"), 15.0))
ALERTS = """
route: {receiver: duty, group_by: [device, check], group_wait: 5s, group_interval: 5s}
receivers: [{name: duty, mail: [duty@example.vn]}]
"""
#: Longest time of a reading with its timeouts, of a message, and of a network that returns; seconds.
READING_S, CALL_S, RETURN_S = 20, 30, 90
FIRST, SECOND = SERVICE_HOSTS
CELL = STATIONS[0].name


class Case(NamedTuple):
    """Failure of a device; the finding that shows it (a part of its subject), from a fact."""

    device: str
    fault: tuple[str, ...]
    shown: Key
    fact: str


CASES = {
    "silent uplink": Case("gw-1", ("bfd-down", "10.0.13.2"), Key("gw-1", "bfd", "10.0.13.2"), "bfd_session"),
    "DNS stop": Case(FIRST, ("service-down", "dnsmasq"), Key(SECOND, "answer_dns", SERVICE_IP), "answer_dns"),
    "crowd on a BTS": Case(
        CONTROLLER, ("channels-full", CELL), Key(CONTROLLER, "channel_refusals", CELL), "channel_requests"
    ),
    "wrong DNS": Case(SECOND, ("dns-wrong",), Key(FIRST, "answer_dns", service_address(SECOND)), "answer_dns"),
    "closed admission": Case(
        AIR_HOST, ("admission-closed",), Key(AIR_HOST, "access_point_usual", "gate"), "radio_load"
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Night:
    """Running watch and pages. Times are seconds of a monotonic clock."""

    folder: Path
    port: int
    room: Mailroom

    def page(self, path: str) -> dict[str, Any]:
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def measured(self) -> bool:
        """True with an answer of every device on the wall."""
        try:
            devices = self.page("night")["devices"]
        except OSError:
            return False
        return bool(devices) and all(one["age_s"] is not None for one in devices)

    def on_wall(self, key: Key) -> bool:
        found = self.page(f"findings?device={key.device}&check={key.check}")["findings"]
        return any(key.subject in one["subject"] for one in found)

    def called(self, key: Key, since: int, *, ended: bool) -> bool:
        """True with a mail about the finding, or its end, after so many mails."""
        over = text("watch:call.over", "vi", sentence="")
        lines = (line for number in range(since, len(self.room.mails)) for line in _lines(self.room.message(number)))
        finding = f" {key.device} {key.check}: "
        return any(finding in line and key.subject in line and (over in line) is ended for line in lines)

    def seconds(self, case: Case, begun: float, since: int, patience_s: float, *, ended: bool) -> tuple[float, float]:
        """Seconds until wall and call show a failure, or its end."""
        limit, wall = time.monotonic() + patience_s, None
        while True:
            if wall is None and self.on_wall(case.shown) is not ended:
                wall, limit = time.monotonic() - begun, time.monotonic() + CALL_S
            if wall is not None and self.called(case.shown, since, ended=ended):
                return wall, time.monotonic() - begun
            assert time.monotonic() < limit, (wall, self.page("findings"), (self.folder / "watch.log").read_text())
            time.sleep(0.5)


def _lines(message: Message) -> list[str]:
    parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
    found = [part.get_payload(decode=True) for part in parts]
    return [line for one in found if isinstance(one, bytes) for line in one.decode().splitlines()]


@contextmanager
def running(place: Path, log: Path, *words: str) -> Iterator[None]:
    """A command in a process of its own, which ends with the block."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "eventready", "-w", str(place), "--now", NOW, *words], stdout=output, stderr=output
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def night(real_province: Twin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder, port, place = tmp_path_factory.mktemp("night"), free_port(), real_province.copy
    with real_province.inventory_restored() as inventory, Mailroom() as room:
        configure(place, room=room)
        (inventory / "alerts.yaml").write_text(ALERTS, encoding="utf-8")
        (inventory / "watch.yaml").write_text(yaml.safe_dump(WATCH.model_dump(mode="json")), encoding="utf-8")
        hosts = yaml.safe_load((inventory / "hosts.yaml").read_text(encoding="utf-8"))
        second = {"dns": DNS_NAME, "server": service_address(SECOND), "addresses": [SERVICE_IP]}
        hosts[FIRST]["data"]["expect"]["answers"].append(second)
        (inventory / "hosts.yaml").write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")
        for moment in AUDITS:
            real_province.audit(clock=Clock.starting(moment))
        watch = ("watch", "--for", "1h", "--really", "--rehearsal")
        with (
            running(place, folder / "watch.log", *watch),
            running(place, folder / "serve.log", "serve", "--port", str(port)),
        ):
            begun = Night(folder, port, room)
            limit = time.monotonic() + 120
            while not begun.measured():
                assert time.monotonic() < limit, [log.read_text() for log in folder.iterdir()]
                time.sleep(0.5)
            yield begun


@pytest.mark.parametrize("name", CASES)
def test_a_failure_and_its_end_are_on_the_wall_and_called(
    real_province: Twin, night: Night, proved: Proved, name: str
) -> None:
    case, interval_s = CASES[name], WATCH.interval_of(CASES[name].fact)
    patience_s = (2 + HOLD_DOWN - 1) * interval_s + READING_S
    assert not night.on_wall(case.shown)
    begun, mails = time.monotonic(), len(night.room.mails)
    with real_province.fault(case.device, *case.fault):
        there = night.seconds(case, begun, mails, patience_s, ended=False)
        begun, mails = time.monotonic(), len(night.room.mails)
    gone = night.seconds(case, begun, mails, patience_s + RETURN_S, ended=True)
    figures = " | ".join(f"{seconds:.0f} s" for seconds in (interval_s, *there, *gone))
    TABLES[TABLE].append(f"{name} | {figures}")
    proved("watch of real software", name)
