"""Sessions of a watch: held only beside two free lines, left at rest, without a command beyond the readings."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from nornir.core import Nornir
from nornir.core.inventory import ConnectionOptions, Defaults, Groups, Host, Hosts, Inventory

from eventready.facts.observation import Observation
from eventready.facts.observe import observe
from eventready.facts.platform import Platform, load_platform
from eventready.facts.questions import with_example
from eventready.platforms.loader import describe, platform_names
from eventready.session.reply import LoginRefused, Reply, ReplyStatus
from eventready.session.target import Target
from eventready.watch.reader import Accounting, DeviceReader, accounting

Send = Callable[[Sequence[str]], Sequence[Reply]]
#: Lists of lines, as the vendors print them, with the number of free ones.
LISTS = {
    "cisco_xe": (
        3,
        """   Tty Line Typ     Tx/Rx    A Modem  Roty AccO AccI  Uses    Noise Overruns  Int
*     0    0 CTY              -    -      -    -    -     0        0    0/0      -
      1    1 AUX   0/0        -    -      -    -    -     0        0    0/0      -
*   866  866 VTY              -    -      -    -    -    17        0    0/0      -
    867  867 VTY              -    -      -    -    -     4        0    0/0      -
    868 VTY              -    -      -    -    -     0        0    0/0      -
    869  869 VTY              -    -      -    -    -     0        0    0/0      -
""",
    ),
    "huawei_vrp": (
        2,
        """  Idx  Type     Tx/Rx      Modem Privi ActualPrivi Auth  Int
+ 0    CON 0    9600       -     15    15          N     -
+ 34   VTY 0               -     15    15          A     -
  35   VTY 1               -     15    -           A     -
  36   VTY 2               -     15    -           A     -
  50   VTY 16              -     15    -           A     -
UI(s) not in async mode -or- with no hardware support:
1-33
""",
    ),
    "h3c_comware": (
        1,
        """  Idx  Type     Tx/Rx      Modem Auth  Int          Location
F 0    CON 0    9600       -     N     -            1/0
  10   AUX 0    9600       -     P     -            1/0
+ 82   VTY 0               -     P     -            1/0
  83   VTY 1               -     P     -            1/0
""",
    ),
}


def test_free_lines_are_found_in_the_lists_of_all_platforms_with_lines() -> None:
    found = {}
    for name in platform_names():
        spec, described = describe(name).spec, describe(name)
        if spec.session.lines and described.document.mapping().get("extends") is None:
            assert load_platform(name).allows(spec.session.lines.command)
            found[name] = len(re.findall(spec.session.lines.free, LISTS[name][1], re.M))
    assert found == {name: free for name, (free, _text) in LISTS.items()}


class Device:
    """Device behind sessions that are counted; `free`: lines free beside the session."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, platform: str = "cisco_xe") -> None:
        self.free, self.opened, self.closed, self.sent = 5, 0, 0, list[str]()
        self.now, self.answer = 1000.0, ""
        monkeypatch.setattr("eventready.session.plugin.open_session", lambda *_args: self.open())
        monkeypatch.setattr("eventready.watch.reader.time.monotonic", lambda: self.now)
        host = Host("r1", hostname="192.0.2.1", username="u", password="p", platform=platform)
        inventory = Inventory(Hosts({"r1": host}), Groups(), Defaults())
        self.reader = DeviceReader(Nornir(inventory), {"r1": load_platform(platform)}, ["r1"])

    def open(self) -> Device:
        self.opened += 1
        return self

    def close(self) -> None:
        self.closed += 1

    def send_commands(self, commands: Sequence[str]) -> list[Reply]:
        self.sent += commands
        lines = " 866  866 VTY  -\n" * self.free
        return [
            Reply(one, lines, ReplyStatus.DENIED if self.free < 0 else ReplyStatus.ANSWERED)
            if one == "show line"
            else Reply(one, self.answer)
            for one in commands
        ]

    def read(self, seconds: float = 15) -> None:
        self.now += seconds
        self.reader.read("r1", ["default_route"])


def test_a_session_stays_open_beside_free_lines_and_sends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch)
    for _ in range(8):
        device.read()
    assert (device.opened, device.closed) == (1, 0)
    fact = load_platform("cisco_xe").facts["default_route"].command
    assert device.sent == [fact, "show line", *[fact] * 4, "show line", *[fact] * 3]
    device.reader.close()
    assert device.closed == 1


@pytest.mark.parametrize("free", [1, 0, -1])
def test_a_session_ends_with_each_reading_without_free_lines(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    device = Device(monkeypatch)
    device.read()
    device.free = free
    device.read(60)
    device.read()
    assert (device.opened, device.closed) == (2, 2)
    device.free = 2
    device.read(60)
    device.read()
    assert (device.opened, device.closed) == (3, 2)


def test_a_platform_without_a_list_of_lines_has_a_session_per_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch, "juniper_junos")
    device.read()
    device.read()
    assert (device.opened, device.closed) == (2, 2)


def test_questions_have_a_session_beside_that_of_other_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch, "juniper_junos")
    send, most = device.send_commands, list[int]()

    def asking(commands: Sequence[str]) -> list[Reply]:
        most.append(device.opened - device.closed)
        if len(most) == 1:
            device.reader.read("r1", ["answer_ping"])
        return send(commands)

    monkeypatch.setattr(device, "send_commands", asking)
    device.read()
    assert most == [1, 2]
    assert (device.opened, device.closed) == (2, 2)


def test_the_session_of_a_device_at_rest_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch)
    device.read()
    assert device.reader.read("r1", []) == ()
    assert device.closed == 1
    assert device.reader.read("r1", []) == ()
    device.read()
    assert device.opened == 2


def test_lines_of_accounting_in_an_hour() -> None:
    platform = load_platform("cisco_xe")
    facts = ("interface", "cpu")
    seconds = {"interface": 15.0, "cpu": 60.0}

    def of(*, held: bool) -> Accounting:
        return accounting(platform, facts, seconds.__getitem__, held=held)

    commands = sum(len(platform.facts[fact].commands) * 3600 / seconds[fact] for fact in facts)
    assert of(held=False) == Accounting(240, commands + 240 * len(platform.spec.session.setup))
    assert of(held=True) == Accounting(1, commands + len(platform.spec.session.setup) + 60)


def test_questions_have_logins_of_their_own() -> None:
    seconds = {"interface": 15.0, "answer_ping": 5.0}
    platform = with_example(load_platform("cisco_xe"), "answer_ping")
    found = {
        held: accounting(platform, tuple(seconds), seconds.__getitem__, held=held).logins for held in (True, False)
    }
    assert found == {False: 240 + 720, True: 1}


def test_an_unchanged_answer_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(monkeypatch)
    parsed = list[str]()

    def counted(name: str, platform: Platform, facts: Sequence[str], send: Send) -> list[Observation]:
        parsed.extend(facts)
        return observe(name, platform, facts, send)

    monkeypatch.setattr("eventready.watch.reader.observe", counted)
    first = device.reader.read("r1", ["default_route", "log_target"])
    assert device.reader.read("r1", ["default_route", "log_target"]) == first
    assert parsed == ["default_route", "log_target"]
    device.answer = "% other\n"
    device.reader.read("r1", ["log_target"])
    assert parsed == ["default_route", "log_target", "log_target"]


def test_a_changed_password_is_taken_after_a_failed_session_and_at_times(monkeypatch: pytest.MonkeyPatch) -> None:
    used, now, refused = list[str](), 1000.0, False

    def opened(target: Target, _spec: object) -> Device:
        used.append(target.password.reveal())
        if refused:
            raise LoginRefused("refused")
        return device

    device = Device(monkeypatch)
    monkeypatch.setattr("eventready.session.plugin.open_session", opened)
    monkeypatch.setattr("eventready.session.plugin.monotonic", lambda: now)
    host = Host(
        "r1", hostname="192.0.2.1", username="u", password="env:EVENTREADY_R1", platform="cisco_xe",
        connection_options={"eventready": ConnectionOptions(extras={"name": "r1"})},
    )  # fmt: skip
    inventory = Inventory(Hosts({"r1": host}), Groups(), Defaults())
    reader = DeviceReader(Nornir(inventory), {"r1": load_platform("cisco_xe")})
    for password, after, refusing in (
        *(("one", 0, False), ("two", 60, False), ("two", 60, True), ("three", 60, False)),
        *(("four", 200, False), ("four", 100, False)),
    ):
        monkeypatch.setenv("EVENTREADY_R1", password)
        now, refused = now + after, refusing
        reader.read("r1", ["default_route"])
    assert used == ["one", "one", "one", "three", "three", "four"]
