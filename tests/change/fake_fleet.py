"""A workspace of fleet: a platform of its own, and sessions that answer out of a book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import pytest

from eventready.core.errors import EventreadyError
from eventready.session import plugin
from eventready.session.connect import Session
from eventready.session.reply import Reply, ReplyStatus
from eventready.session.target import Target

PLATFORM = r"""
title: A box
roles: [router]
netmiko: {device_type: cisco_xe}
session: {prompt: '\w+#'}
read_only: ['^show [\w-]+$']
never_sent: ['^reload', '^username']
way_in: {routed: false}
change:
  read: show running
  startup: show startup
  complete: '^end$'
  separators: ['!']
  volatile: ['^Last change.*']
  enter: [configure]
  leave: [end]
  permanent: ['interface \S+']
  single:
    - {line: 'standby \d+ priority'}
    - {line: 'ip route 0\.0\.0\.0'}
  rebuilt:
    - {section: 'probe \d+'}
  sections: ['probe \d+']
  management: ['line vty.*']
  writable:
    backup:
      'interface {interface}':
        'standby {0-255} priority {1-255}':
        'description {text}':
    priority:
      'probe {1-99}':
        'every {1-60}':
      'no probe {1-99}':
      'interface {interface}':
        'standby {0-255} priority {1-255}':
  guards:
    - kind: revert_timer
      ask: show archive
      when: '^path '
      pending: show timer
      is_pending: '^armed by (?P<by>\S+)'
    - {kind: inverse}
"""
BACKUP = """\
interface {{ port }}
 standby 10 priority {{ priority }}
"""
PRIORITY = """\
probe 10
 every {{ every }}
"""
EVENT = """\
id: fair
name: The fair
recipient: {name: Department, email: desk@example.org}
venues: [{id: hall, name: Hall, services: [internet]}]
changes: {batch: 2, soak_s: {}}
lab: true
"""
GROUPS = """\
box:
  platform: box
  data: {role: router, venues: [hall], intents: {backup: {port: eth0, priority: 110}}}
"""
#: box-3 serves nothing of the event; box-4 complies already; box-5 takes no part.
HOSTS = """\
box-1:
  {hostname: 192.0.2.1, groups: [box], data: {pair: a, expect: {gateways: [{group: 1, interface: eth0, role: master}]}}}
box-2:
  {hostname: 192.0.2.2, groups: [box], data: {pair: a, expect: {gateways: [{group: 1, interface: eth0, role: backup}]}}}
box-3: {hostname: 192.0.2.3, groups: [box], data: {services: [wifi], intents: {priority: {every: 5}}}}
box-4: {hostname: 192.0.2.4, groups: [box]}
box-5: {hostname: 192.0.2.5, platform: frr, data: {role: router, venues: [hall]}}
"""
RUNNING = """\
Last change at 07:00
!
interface eth0
 standby 10 priority {priority}
!
interface eth1
 description spare
 ip address {address}
line vty 0 4
 login
end
"""


@dataclass
class FakeDevice:
    """What one box answers; `error` is raised instead of a session, `ended` ends its answers otherwise."""

    answers: dict[str, str]
    error: EventreadyError | None = None
    ended: ReplyStatus = ReplyStatus.ANSWERED
    queries: list[str] = field(default_factory=list)


class FakeSession(Session):
    """Answers out of a FakeDevice."""

    def __init__(self, target: Target, box: FakeDevice) -> None:
        self.target, self._box = target, box

    def send_commands(self, commands: Sequence[str]) -> list[Reply]:
        """See Session."""
        self._box.queries += commands
        return [self._reply(command) for command in commands]

    def _reply(self, command: str) -> Reply:
        if self._box.ended is not ReplyStatus.ANSWERED:
            return Reply(command, "", self._box.ended, "The session ended.")
        if command not in self._box.answers:
            return Reply(command, "", ReplyStatus.REFUSED, "The device does not know the command: what?")
        return Reply(command, self._box.answers[command])

    def close(self) -> None:
        """See Session."""


class FakeFleet(dict[str, FakeDevice]):
    """The fleet by address."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(1, 5):
            text = RUNNING.format(address=f"192.0.2.{number}", priority=110 if number == 4 else 100)
            answers = {"show running": text, "show startup": text, "show archive": "", "show timer": ""}
            self[f"192.0.2.{number}"] = FakeDevice(answers)
        self.lock = Lock()

    def named(self, name: str) -> FakeDevice:
        """The box of a device."""
        return self[f"192.0.2.{name[-1]}"]

    def open(self, target: Target, _platform: object) -> FakeSession:
        """In the place of `open_session`."""
        box = self[target.host]
        if box.error is not None:
            raise box.error
        return FakeSession(target, box)


def write_workspace(folder: Path, **files: str) -> Path:
    """The workspace; `hosts=...` replaces hosts.yaml and so on."""
    inventory = {"event": EVENT, "groups": GROUPS, "hosts": HOSTS, **files}
    for name, text in inventory.items():
        _write(folder / "inventory" / f"{name}.yaml", text)
    _write(folder / "inventory" / "platforms" / "box" / "platform.yaml", PLATFORM)
    _write(folder / "inventory" / "platforms" / "box" / "facts.yaml", "facts: {}\n")
    _write(folder / "templates" / "backup" / "box.j2", BACKUP)
    _write(folder / "templates" / "priority" / "box.j2", PRIORITY)
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def connect(monkeypatch: pytest.MonkeyPatch) -> FakeFleet:
    """FakeFleet that answer for every session that is opened."""
    fleet = FakeFleet()
    monkeypatch.setattr(plugin, "open_session", fleet.open)
    return fleet
