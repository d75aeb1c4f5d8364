"""The host beneath a device: its shell, its files, and what runs on after the session is gone."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import HostProfile
from eventready_lab.device.session_faults import LineFault
from eventready_lab.host.syntax import Incomplete, InvalidScript, parse
from eventready_lab.servers.host_shell import HostShellSession
from tests.lab.conftest import machine
from tests.lab.sessions import RecordedChannel
from tests.lab.small_dialects import IOS

HOST = replace(IOS, host=HostProfile(files=lambda _view: {"/etc/little.conf": "a=1\nb=2\n"}))


class Clockwork:
    """A clock that stands still unless told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Login:
    def __init__(self, of: SimulatedDevice | None = None) -> None:
        self.machine = of or machine("r1", HOST, monotonic=Clockwork())
        self.machine.shell_credentials = self.machine.shell_credentials or Credentials("ops", "pw")
        self.channel = RecordedChannel()
        self.shell = HostShellSession(self.machine, self.channel)
        self.shell.greet()
        self.shell.begin()

    def type(self, text: str) -> str:
        before = len(self.channel.text)
        self.shell.feed(text + "\n")
        return self.channel.text[before:].removeprefix(text.replace("\n", "\r\n") + "\r\n")

    def reported(self, text: str) -> str:
        """The answer without the prompt."""
        answer = self.type(text)
        assert answer.endswith("ops@r1:~$ "), answer
        return answer.removesuffix("ops@r1:~$ ").replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("echo a  'b  c' \"d  $HOME\"", "a b  c d  /root\n"),
        ("x=5; echo $x ${x} ${y:-none} '$x'", "5 5 none $x\n"),
        ("printf '%s\\n' one 'two three'", "one\ntwo three\n"),
        ("printf 'a=%s b=%d\\n' x 7", "a=x b=7\n"),
        ("false || echo no; true && echo yes; false; echo $?", "no\nyes\n1\n"),
        ("! false && echo inverted", "inverted\n"),
        ("if [ -f /etc/little.conf ]; then echo there; else echo gone; fi", "there\n"),
        ("if test -f /nothing; then echo there; elif true; then echo second; fi", "second\n"),
        ("for f in 1 2 3; do printf %s $f; done; echo", "123\n"),
        ("cat /etc/little.conf | grep b | sed 's/=/ is /'", "b is 2\n"),
        ("cat /nothing", "cat: /nothing: No such file or directory\n"),
        ("cat /nothing 2>/dev/null; echo $?", "1\n"),
        ("echo out; echo err >&2", "out\nerr\n"),
        ("(x=1; exit 3); echo $? $x", "3\n"),
        ("sh -c 'echo $0 $1 $#' name a b", "name a 2\n"),
        ("echo $(echo inner | tr)", "-bash: tr: command not found\n\n"),
        ("nothing", "-bash: nothing: command not found\n"),
        ("echo >", "-bash: syntax error near unexpected token `newline'\n"),
        ("fi", "-bash: syntax error near unexpected token `fi'\n"),
        ("ls /etc/*.conf", "/etc/little.conf\n"),
        ("echo '/etc/*.conf' /etc/*.none", "/etc/*.conf /etc/*.none\n"),
        ("[ 2 -gt 10 ]; echo $?", "1\n"),
        ("grep -q b /etc/little.conf && echo has; grep -c = /etc/little.conf", "has\n2\n"),
        ("x=1 sh -c 'echo in $x'; echo out $x", "in 1\nout\n"),
        ("{ echo a; echo b; } > /tmp/f; wc -l /tmp/f", "2 /tmp/f\n"),
        ('n=; while [ "$n" != aaa ]; do n=a$n; done; echo $n', "aaa\n"),
        ("echo a; # a comment", "a\n"),
    ],
)
def test_what_a_shell_does(line: str, answer: str) -> None:
    assert Login().reported(line) == answer


def test_a_file_is_written_whole_and_moved_into_place() -> None:
    login = Login()
    assert login.reported(
        "printf '%s\\n' a=3 > /etc/.new && mv -f /etc/.new /etc/little.conf && cat /etc/little.conf"
    ) == ("a=3\n")
    assert login.reported("ls /etc/.new") == "ls: cannot access '/etc/.new': No such file or directory\n"
    assert login.reported("echo b=4 >> /etc/little.conf; cat /etc/little.conf") == "a=3\nb=4\n"


def test_a_line_that_is_not_finished_is_continued() -> None:
    login = Login()
    assert login.type("echo 'one") == "> "
    assert login.reported("two'") == "one\ntwo\n"
    assert login.type("if true; then") == "> "
    assert login.reported("echo yes; fi") == "yes\n"


def test_a_full_disk_is_reported_and_leaves_the_old_file() -> None:
    login = Login()
    login.machine.host.full = True
    reported = login.reported("cp /etc/little.conf /tmp/copy && echo done; echo $?")
    assert "No space left on device" in reported
    assert reported.endswith("\n1\n")
    login.machine.host.full = False
    assert login.reported("cat /tmp/copy 2>/dev/null; echo $?") == "1\n"


def test_a_sleep_in_front_keeps_the_session_waiting() -> None:
    login = Login()
    assert login.type("sleep 5; echo awake") == ""
    login.machine.advance_clock(4)
    assert not login.channel.text.endswith("$ ")
    login.machine.advance_clock(1)
    assert login.channel.text.endswith("awake\r\nops@r1:~$ ")


ARMED = "setsid nohup sh -c 'echo $$ > /run/dead.pid; sleep 60; echo fired > /etc/fired' >/dev/null 2>&1 </dev/null &"


def fired(of: SimulatedDevice) -> bool:
    return of.host.read("/etc/fired") is not None


def test_a_dead_man_timer_outlives_its_session() -> None:
    login = Login()
    assert login.reported(ARMED).startswith("[1] ")
    login.shell.ended()
    login.machine.advance_clock(59)
    assert not fired(login.machine)
    login.machine.advance_clock(1)
    assert fired(login.machine)


def test_a_dead_man_timer_is_found_and_killed() -> None:
    login = Login()
    login.reported(ARMED)
    again = Login(login.machine)
    assert again.reported("kill -0 $(cat /run/dead.pid) && echo pending") == "pending\n"
    assert again.reported("pgrep -f /etc/fired | grep -c .") == "1\n"
    again.reported("kill $(cat /run/dead.pid) && rm -f /run/dead.pid")
    assert again.reported("pgrep -f /etc/fired; echo $?") == "1\n"
    login.machine.advance_clock(120)
    assert not fired(login.machine)


def test_setsid_forks_when_a_job_leads_its_group() -> None:
    """With job control `$!` is the process that is gone at once, not the one that sleeps."""
    login = Login()
    login.reported("setsid sleep 60 &")
    assert "No such process" in login.reported("kill -0 $!")
    assert login.reported("(setsid sleep 70 & echo $! > /tmp/pid); kill -0 $(cat /tmp/pid) && echo alive") == "alive\n"


@pytest.mark.parametrize(
    ("line", "survives"),
    [
        ("sh -c 'sleep 60; echo x > /etc/fired' &", False),
        ("nohup sh -c 'sleep 60; echo x > /etc/fired' &", True),
        ("(setsid sh -c 'sleep 60; echo x > /etc/fired' &)", True),
        ("{ sleep 60; echo x > /etc/fired; } &", False),
    ],
)
def test_what_outlives_a_session(line: str, survives: bool) -> None:
    login = Login()
    login.reported(line)
    login.shell.ended()
    login.machine.advance_clock(61)
    assert fired(login.machine) is survives


def test_a_restart_forgets_processes_and_what_is_not_on_disk() -> None:
    login = Login()
    login.reported(ARMED)
    login.reported("echo kept > /etc/kept; echo lost > /tmp/lost")
    login.machine.restart()
    assert login.channel.closed
    login.machine.advance_clock(120)
    assert not fired(login.machine)
    assert login.machine.host.read("/etc/kept") == "kept\n"
    assert login.machine.host.read("/tmp/lost") is None


def test_leaving() -> None:
    login = Login()
    login.type("exit")
    assert login.channel.closed


def test_a_refused_line_and_a_dropped_session() -> None:
    login = Login()

    login.machine.session_faults.lines = (LineFault("refuse", "mv", 0), LineFault("drop", "touch", 1, executed=True))
    assert "not permitted" in login.reported("mv /etc/little.conf /etc/other")
    assert login.reported("echo $?") == "1\n"
    login.type("touch /etc/touched")
    assert login.channel.closed
    assert login.machine.host.read("/etc/touched") == ""


@given(st.text(alphabet="ab $'\"\\;&|<>(){}=!\n#", max_size=40))
def test_any_text_is_a_script_or_is_reported_why_not(text: str) -> None:
    with suppress(Incomplete, InvalidScript):
        assert parse(text) == parse(text)


@given(st.text(alphabet="ab $'\"\\;&|<>(){}=!0123456789[]*", max_size=40))
def test_whatever_is_typed_the_host_goes_on(text: str) -> None:
    login = Login()
    login.type(text)
    login.type("'\"")
    if not login.channel.closed:
        assert login.shell.prompt_text()
