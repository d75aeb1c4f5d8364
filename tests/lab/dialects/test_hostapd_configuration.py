"""The hostapd host's files: read, edited beside and moved into place, and brought back by a timer that fires."""

from __future__ import annotations

import re

import pytest

from eventready.facts import records as r
from eventready.facts.platform import load_platform
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import ApState, DeviceState, RadioState
from eventready_lab.dialects.linux_hostapd.effects import read as _read
from eventready_lab.faults.simulated.injector import FaultInjector
from eventready_lab.servers.host_shell import HostShellSession
from tests.lab.answers import machine_of, rows
from tests.lab.console import Line

READ = 'for f in /etc/hostapd/*.conf; do echo "==> $f"; cat "$f"; echo; done; echo "==> end"'
RELOAD = 'for p in $(pidof hostapd); do kill -HUP "$p" || exit 1; done'


class Typed:
    """A session of the host's shell: gives what a command says, and its exit status."""

    def __init__(self, machine: SimulatedDevice) -> None:
        self.machine = machine
        self.line = Line(machine)
        self.shell = HostShellSession(machine, self.line)
        self.shell.greet()
        self.shell.begin()

    def __call__(self, command: str, *, status: int | None = 0) -> str:
        self.line.sent = ""
        mark = "" if status is None else (" " if command.endswith("&") else "; ") + 'echo "mark:$?"'
        self.shell.feed(command + mark + "\n")
        self.machine.advance_clock(1.5)
        output = self.line.sent.replace("\r\n", "\n").split("\n", 1)[1]
        if status is None:
            return output
        text, _, end = output.rpartition("mark:")
        assert end.split("\n")[0] == str(status), output
        return text


def host() -> SimulatedDevice:
    state = DeviceState("ap-host", "linux_hostapd", "wifi_controller", hostname="ap-host", version="2.10")
    for number, clients in enumerate((57, 3, 0, 0)):
        radio = RadioState("2.4", channel=1 + 5 * (number % 3), clients=clients, utilisation=0)
        state.aps.append(ApState(f"wlan{number}", "", "6c8b.d3a1.0001", "10.20.1.1", radios=[radio]))
    return machine_of(state)


def clients(machine: SimulatedDevice) -> list[int]:
    return [ap.clients or 0 for ap in rows(machine, "access_point", r.AccessPoint)]


def edit(number: int, most: int) -> str:
    path = f"/etc/hostapd/wlan{number}.conf"
    fresh = f"{path}.eventready"
    return (
        f"cp -p {path} {fresh} && sed -e 's/^max_num_sta=.*/max_num_sta={most}/' "
        f"-e '/^channel=/a bss_transition=1' {path} > {fresh} && mv {fresh} {path}"
    )


def test_the_files_are_one_for_each_access_point_and_are_read_whole() -> None:
    say = Typed(host())
    text = say(READ)
    assert text.count("==> /etc/hostapd/wlan") == 4
    assert text.endswith("==> end\n")
    assert "interface=wlan2\n" in text
    assert "passphrase" not in text


def test_a_limit_counts_when_hostapd_has_read_it_and_spreads_the_clients() -> None:
    machine = host()
    say = Typed(machine)
    before = say(READ)
    for number in range(4):
        say(edit(number, 15))
    assert clients(machine) == [57, 3, 0, 0]
    say(RELOAD)
    assert clients(machine) == [15, 15, 15, 15]
    assert say(READ).count("max_num_sta=15\n") == say(READ).count("bss_transition=1\n") == 4
    for number in range(4):
        old = before.split(f"==> /etc/hostapd/wlan{number}.conf")[1].split("max_num_sta=")[1].split("\n")[0]
        path = f"/etc/hostapd/wlan{number}.conf"
        back = f"-e 's/^max_num_sta=.*/max_num_sta={old}/' -e '/^bss_transition=/d'"
        say(f"sed {back} {path} > {path}.n && mv {path}.n {path}")
    say(RELOAD)
    assert say(READ) == before
    assert clients(machine) == [57, 3, 0, 0]


@pytest.mark.parametrize("bad", ["max_num_sta=-1", "max_num_sta=2008", "no_such_key=1", "nonsense"])
def test_a_file_that_hostapd_cannot_read_changes_nothing(bad: str) -> None:
    machine = host()
    say = Typed(machine)
    say(edit(0, 15))
    say(f"echo '{bad}' >> /etc/hostapd/wlan0.conf")
    say(RELOAD)
    assert clients(machine) == [57, 3, 0, 0]
    assert _read(machine.host, {"kept": "x"})["kept"] == "x"


def test_shell_refuses_in_its_own_words() -> None:
    say = Typed(host())
    assert "No such file or directory" in say("mv /etc/hostapd/none.conf /tmp/x", status=1)
    assert say("frobnicate", status=127) == "-bash: frobnicate: command not found\n"
    assert "unknown command" in say("sed -e 'Q' /etc/hostapd/wlan0.conf", status=1)
    assert say("hostapd_cli -p /run/hostapd -i wlan0 ping") == "PONG\n"


def guarded(machine: SimulatedDevice, seconds: int) -> tuple[Typed, dict[str, list[str]]]:
    """A session, and the words of the platform's own dead-man timer for a change `c-1`."""
    change = load_platform("linux_hostapd").spec.change
    assert change is not None
    guard = next(one for one in change.guards if one.kind == "dead_man")
    filled = {
        name: [line.replace("{change}", "c-1").replace("{seconds}", str(seconds)) for line in getattr(guard, name)]
        for name in ("arm", "confirm", "revert")
    }
    return Typed(machine), {**filled, "pending": [guard.pending]}


def test_a_dead_man_timer_puts_the_files_back_though_the_session_is_lost() -> None:
    machine = host()
    say, words = guarded(machine, 60)
    before = say(READ)
    assert say(words["pending"][0]) == ""
    for line in words["arm"]:
        say(line)
    assert say(words["pending"][0]).endswith("/.eventready/c-1/armed\n")
    for number in range(4):
        say(edit(number, 15))
    say(RELOAD)
    assert clients(machine) == [15, 15, 15, 15]
    say.shell.ended()
    machine.advance_clock(70)
    assert clients(machine) == [57, 3, 0, 0]
    assert Typed(machine)(READ) == before


def test_a_confirmed_change_stays() -> None:
    machine = host()
    say, words = guarded(machine, 60)
    for line in words["arm"]:
        say(line)
    say(edit(0, 15))
    say(RELOAD)
    for line in words["confirm"]:
        say(line)
    machine.advance_clock(300)
    assert "max_num_sta=15" in say(READ)
    assert say(words["pending"][0]) == ""


def test_a_change_is_taken_back_at_once() -> None:
    machine = host()
    say, words = guarded(machine, 600)
    before = say(READ)
    for line in words["arm"]:
        say(line)
    say(edit(0, 15))
    say(RELOAD)
    for line in words["revert"]:
        say(line)
    assert say(READ) == before
    assert clients(machine) == [57, 3, 0, 0]
    machine.advance_clock(700)
    assert say(READ) == before


def test_files_outlive_a_restart_and_a_timer_does_not() -> None:
    machine = host()
    say, words = guarded(machine, 60)
    for line in words["arm"]:
        say(line)
    say(edit(0, 15))
    machine.restart()
    machine.advance_clock(120)
    assert clients(machine)[0] == 15
    assert "max_num_sta=15" in Typed(machine)(READ)


def test_a_shell_s_loops_end_where_they_are_reported() -> None:
    say = Typed(host())
    assert say("for i in 1 2 3; do test $i = 2 && continue; echo $i; done") == "1\n3\n"
    assert say("for i in 1 2 3; do test $i = 2 && break; echo $i; done; echo after") == "1\nafter\n"
    assert say("while true; do echo once; break; done") == "once\n"


@pytest.mark.parametrize(("taken", "limit"), [("1", 15), ("0", 57)])
def test_a_session_drops_at_a_line(taken: str, limit: int) -> None:
    machine = host()
    Typed(machine)(edit(0, 15))
    FaultInjector({"ap-host": machine}).inject("ap-host", "drop-at-line", {"pattern": "pidof", "executed": taken})
    say = Typed(machine)
    say.shell.feed(RELOAD + "\n")
    assert say.line.closed
    assert clients(machine)[0] == limit


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("max_num_sta=2008", "Invalid max_num_sta=2008; allowed range 0..2007"),
        ("beacon_int=often", "invalid beacon_int 0 (expected 10..65535)"),
        ("dtim_period=0", "invalid dtim_period 0"),
        ("bss_load_update_period=101", "invalid bss_load_update_period 101"),
        ("airtime_mode=4", "Unknown airtime_mode"),
        ("qos_map_set=1,2,3", "Invalid qos_map_set '1,2,3'"),
        ("no_such_key=1", "unknown configuration item 'no_such_key'"),
        ("nonsense", "invalid line 'nonsense'"),
    ],
)
def test_another_hostapd_reads_a_file_first_and_refuses_a_bad_one(bad: str, words: str) -> None:
    """The sentences are those of hostapd 2.10."""
    spec = load_platform("linux_hostapd").spec.change
    assert spec is not None
    say = Typed(host())
    assert say(spec.leave[0]) == ""
    say(f"echo '{bad}' >> /etc/hostapd/wlan0.conf")
    first, *_, last = say(spec.leave[0], status=1).splitlines()
    assert first.startswith("/etc/hostapd/wlan0.conf: 1 errors found in configuration file")
    assert re.fullmatch(rf"/etc/hostapd/wlan0\.conf: Line \d+: {re.escape(words)}", last)
    assert spec.leave[-1] == RELOAD


def test_what_is_no_number_is_none_at_all() -> None:
    """hostapd 2.10 does not mind, and lets nobody in."""
    machine = host()
    say = Typed(machine)
    say("sed -i 's/^max_num_sta=.*/max_num_sta=many/' /etc/hostapd/wlan0.conf")
    say(RELOAD)
    assert clients(machine)[0] == 0
