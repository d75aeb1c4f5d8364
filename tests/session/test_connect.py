"""Connecting: every way to fail has its own sentence; only what may pass is tried again; nothing secret gets out."""

from __future__ import annotations

import asyncio
import errno
import logging
import pickle
import socket
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any

import netmiko
import pytest

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.redaction.redaction import REDACTED
from eventready.session import connect
from eventready.session.connect import open_session
from eventready.session.reply import (
    CleartextRefused,
    LoginRefused,
    NoPrompt,
    ReplyStatus,
    RunTimeOver,
    SessionError,
    SessionLost,
    Unreachable,
)
from eventready.session.ssh.errors import to_session_error
from eventready.session.steps import Trace
from eventready.session.target import Secret, Target
from eventready.session.wire import connection
from tests.session.conftest import aim, kind, mml_kind
from tests.session.fake import ENABLE, PASSWORD, Fleet, MmlScript, Script
from tests.session.real import free_port

pytestmark = pytest.mark.slow

Make = Callable[..., Target]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


async def _says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.read()
    finally:
        writer.close()


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _speaks_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20)
    await writer.drain()
    writer.close()


async def _resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()


BEFORE_THE_BANNER: dict[str, tuple[Serve, type[SessionError], str]] = {
    "nothing": (_says_nothing, SessionLost, "does not speak SSH in time"),
    "hangs up": (_hangs_up, SessionLost, "core-1"),
    "speaks HTTP": (_speaks_http, SessionLost, "core-1"),
    "resets": (_resets, SessionLost, "core-1"),
}


@pytest.mark.parametrize("case", BEFORE_THE_BANNER)
@pytest.mark.parametrize("device_type", ["cisco_xe", "cisco_ios_telnet"])
def test_what_answers_instead_of_a_device(fleet: Fleet, tmp_path: Path, case: str, device_type: str) -> None:
    serve, error, says = BEFORE_THE_BANNER[case]
    target = aim(fleet.raw(serve), known_hosts=tmp_path / "k", connect_timeout_s=0.6, allow_cleartext=True)
    with pytest.raises(SessionError) as raised:
        open_session(target, kind(device_type))
    if device_type == "cisco_xe":
        assert isinstance(raised.value, error)
        assert says in str(raised.value)
    assert "core-1" in str(raised.value)


def test_no_person_listens(tmp_path: Path) -> None:
    for device_type in ("cisco_xe", "cisco_ios_telnet", "huawei_mml_telnet"):
        with pytest.raises(Unreachable, match="refuses the connection"):
            open_session(aim(free_port(), known_hosts=tmp_path / "k", allow_cleartext=True), kind(device_type))


def test_a_name_that_is_none(tmp_path: Path) -> None:
    target = replace(aim(22, known_hosts=tmp_path / "k"), host="no-such-host.invalid")
    with pytest.raises(Unreachable, match=r"The name no-such-host\.invalid of core-1 cannot be resolved"):
        open_session(target, kind())


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (TimeoutError("timed out"), "does not answer within 8 s"),
        (OSError(113, "No route to host"), "There is no route to core-1"),
        (OSError(101, "Network is unreachable"), "There is no route to core-1"),
    ],
)
def test_networks_that_do_not_carry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: OSError, says: str) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("eventready.session.wire.connection.socket.socket.connect", refuse)
    with pytest.raises(Unreachable, match=says):
        open_session(aim(22, known_hosts=tmp_path / "k"), kind())


def test_connecting_is_tried_again_until_something_listens(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(answers={"show clock": "07:00\n"})
    port = fleet.ssh(script)
    known = fleet.trust(tmp_path / "known_hosts", port)
    tries: list[float] = []
    connect = connection.connect_tcp

    def third_time(host: str, port: int, timeout_s: float, trace: Trace) -> socket.socket:
        tries.append(0)
        if len(tries) < 3:
            raise ConnectionRefusedError(111, "Connection refused")
        return connect(host, port, timeout_s, trace)

    pauses: list[float] = []
    monkeypatch.setattr("eventready.session.wire.limits.sleep", pauses.append)
    monkeypatch.setattr("eventready.session.ssh.jump_hosts.connect_tcp", third_time)
    with open_session(aim(port, known_hosts=known, attempts=3), kind()) as session:
        assert session.send_commands(["show clock"])[0].status is ReplyStatus.ANSWERED
    assert len(tries) == 3
    assert 0.25 <= pauses[0] <= 0.75
    assert 0.5 <= pauses[1] <= 1.5


def test_retrying_stops_at_the_devices_time_limit(tmp_path: Path) -> None:
    target = aim(free_port(), known_hosts=tmp_path / "k", attempts=50, device_timeout_s=0.2)
    with pytest.raises(Unreachable):
        open_session(target, kind())


@pytest.mark.parametrize("device_type", ["cisco_ios_telnet", "huawei_mml_telnet"])
def test_clear_text_only_where_it_is_allowed(device_type: str) -> None:
    with pytest.raises(CleartextRefused, match="allow_cleartext: true"):
        open_session(aim(23), kind(device_type))


def test_clear_text_by_the_platforms_word(tmp_path: Path) -> None:
    with pytest.raises(CleartextRefused):
        open_session(aim(22, known_hosts=tmp_path / "k"), kind(cleartext=True))


def test_a_device_type_that_no_person_has(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="Netmiko has no device type 'cisco_nothing'"):
        open_session(aim(free_port(), known_hosts=tmp_path / "k"), kind("cisco_nothing"))


def test_no_thread_and_no_socket_outlives_its_session(ssh: Make) -> None:
    target = ssh(Script(answers={"show clock": "07:00\n"}))
    before = threading.active_count()
    for _ in range(5):
        with open_session(target, kind()) as session:
            session.send_commands(["show clock"])
    refused = ssh(Script(refuse_login=True))
    for _ in range(3):
        with pytest.raises(LoginRefused):
            open_session(refused, kind())
    done = threading.Event()
    for _ in range(100):
        if threading.active_count() <= before:
            break
        done.wait(0.05)
    assert threading.active_count() <= before


def test_netmiko_finds_our_drivers_and_the_old_ones_stay() -> None:
    from netmiko.ssh_dispatcher import CLASS_MAPPER, platforms

    from eventready.session.drivers import driver_name

    stock = CLASS_MAPPER["cisco_xe"]
    name = driver_name("cisco_xe")
    assert name in CLASS_MAPPER
    assert name in platforms
    assert issubclass(CLASS_MAPPER[name], stock)
    assert CLASS_MAPPER["cisco_xe"] is stock
    assert driver_name("cisco_xe") == name
    assert platforms.count(name) == 1
    assert driver_name("huawei_mml_telnet") in platforms
    assert driver_name("cisco_ios_telnet").endswith("_telnet")


# --- secrets ------------------------------------------------------------------------------------------------------


def test_planted_secrets_appear_nowhere(ssh: Make, telnet: Make, mml: Callable[..., Target]) -> None:
    """Answers, reasons, exceptions with their tracebacks, reprs and debug logs of all libraries."""
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.setLevel(logging.DEBUG)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    from eventready.core.redaction.redaction import guard_logging

    guard_logging()
    leaky = {
        "show run": f"username netops secret 9 $9$abc/{PASSWORD}\nsnmp-server community Pl4nted-comm RO\n{ENABLE}\n",
        "show hang": "",
    }
    seen: list[object] = []
    try:
        for make, device_type in ((ssh, "cisco_xe"), (telnet, "cisco_ios_telnet")):
            script = Script(answers=leaky, enable=True, hang_on="show hang", banner=f"\nhello {PASSWORD}\n")
            target = make(script)
            with open_session(target, kind(device_type, command_timeout_s=1.0)) as session:
                seen += session.send_commands(["show run", "show hang", f"show {PASSWORD}"])
            seen += [target, session]
            for trouble in (
                Script(refuse_login=True),
                Script(enable=True, refuse_enable=True),
                Script(silent=True, banner=PASSWORD),
                Script(drop_at_start=True, greeting_delay=0),
                Script(banner=f"\nlogin of {PASSWORD} {ENABLE}: ", host="?", prompt_delay=9),
            ):
                with pytest.raises(SessionError) as raised:
                    open_session(make(trouble, connect_timeout_s=1.0), kind(device_type))
                seen.append("".join(traceback.format_exception(raised.value)))
        report = MmlScript(answers={"DSP OP:;": f'RETCODE = 0  OK\nPWD="{PASSWORD}"'}, elements=("ENB-1",))
        with open_session(mml(report, element="ENB-1"), mml_kind()) as session:
            seen += session.send_commands(["DSP OP:;"])
        with pytest.raises(LoginRefused) as raised_mml:
            open_session(mml(MmlScript(password="another")), mml_kind())
        seen.append("".join(traceback.format_exception(raised_mml.value)))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    text = "\n".join(map(repr, seen)) + "\n".join(map(str, seen)) + out.getvalue()
    for secret in (PASSWORD, ENABLE, "Pl4nted-comm"):
        assert secret not in text.replace(f"command='show {PASSWORD}'", "")
    assert REDACTED in text


def test_a_secret_shows_itself_to_no_person() -> None:
    secret = Secret("Pl4nted-value")
    for text in (repr(secret), str(secret), f"{secret}", repr(Target("r", "h", password=secret)), f"{vars}"):
        assert "Pl4nted-value" not in text
    assert secret.reveal() == "Pl4nted-value"
    assert secret == Secret("Pl4nted-value")
    assert not Secret("")
    with pytest.raises(TypeError):
        pickle.dumps(secret)


# --- MML ----------------------------------------------------------------------------------------------------------

CELLS = "RETCODE = 0  Operation succeeded.\n\nCell  State\n0     Normal\n(Number of results = 1)\n"


@pytest.mark.parametrize("piece", [0, 7])
@pytest.mark.parametrize("alarms", [False, True])
@pytest.mark.parametrize("masks", [False, True])
def test_mml_reports_come_back_whole(mml: Callable[..., Target], piece: int, alarms: bool, masks: bool) -> None:
    script = MmlScript(
        answers={"DSP CELL:;": CELLS, "DSP BRD:;": CELLS.replace("Cell", "Board")},
        elements=("ENB-HN-1",),
        alarm_between=alarms,
        masks_password=masks,
        piece=piece,
    )
    with open_session(mml(script, element="ENB-HN-1"), mml_kind()) as session:
        replies = session.send_commands(["DSP CELL:;", "DSP BRD:;", "DSP NOTHING:;"])
    assert [reply.status for reply in replies] == [ReplyStatus.ANSWERED, ReplyStatus.ANSWERED, ReplyStatus.REFUSED]
    assert CELLS in replies[0].text
    assert replies[0].text.startswith("+++    BSC6900")
    assert replies[0].text.rstrip().endswith("---    END")
    assert not any("ALARM" in reply.text for reply in replies)
    for _ in range(100):
        if any(command.startswith("LGO") for command in script.heard):
            break
        threading.Event().wait(0.02)
    assert [command.split(":")[0] for command in script.heard if not command.startswith("DSP")] == [
        "LGI",
        "REG NE",
        "UNREG NE",
        "LGO",
    ]


def test_a_report_in_many_packets_is_one_answer(mml: Callable[..., Target]) -> None:
    script = MmlScript(answers={"DSP CELL:;": CELLS}, packets=3, alarm_between=True)
    with open_session(mml(script), mml_kind()) as session:
        reply = session.send_commands(["DSP CELL:;"])[0]
    assert reply.text.count("Cell  State") == 3
    assert reply.text.count("---    END") == 3


def test_chinese_reports_are_read(mml: Callable[..., Target]) -> None:
    script = MmlScript(answers={"DSP CELL:;": "RETCODE = 0  执行成功\n\n小区名称  =  会议中心一号\n".encode("gbk")})
    with open_session(mml(script), mml_kind()) as session:
        assert "小区名称  =  会议中心一号" in session.send_commands(["DSP CELL:;"])[0].text


@pytest.mark.parametrize(
    ("script", "options", "error", "says"),
    [
        (MmlScript(password="another"), {}, LoginRefused, "refuses the user name or the password"),
        (MmlScript(elements=("ENB-1",)), {"element": "ENB-2"}, Unreachable, "cannot connect to ENB-2"),
        (MmlScript(full=True), {}, SessionLost, "All sessions of the manager are in use"),
        (MmlScript(), {"element": 'x";FMT'}, LoginRefused, "MML cannot carry"),
    ],
)
def test_mml_logins_that_fail(
    mml: Callable[..., Target], script: MmlScript, options: dict[str, Any], error: type[SessionError], says: str
) -> None:
    with pytest.raises(error, match=says):
        open_session(mml(script, **options), mml_kind())


def test_an_mml_port_that_says_nothing(fleet: Fleet) -> None:
    with pytest.raises(NoPrompt, match="no report answers the login"):
        open_session(aim(fleet.raw(_says_nothing), connect_timeout_s=0.4, allow_cleartext=True), mml_kind())


def test_an_mml_command_that_hangs_and_one_that_breaks(mml: Callable[..., Target]) -> None:
    script = MmlScript(answers={"DSP CELL:;": CELLS}, hang_on="DSP HANG:;")
    with open_session(mml(script), mml_kind(command_timeout_s=0.3)) as session:
        replies = session.send_commands(["DSP CELL:;", "DSP HANG:;"])
    assert [reply.status for reply in replies] == [ReplyStatus.ANSWERED, ReplyStatus.TIMEOUT]
    script = MmlScript(answers={"DSP CELL:;": CELLS}, drop_on="DSP DROP:;")
    with open_session(mml(script), mml_kind()) as session:
        replies = session.send_commands(["DSP DROP:;", "DSP CELL:;"])
    assert [reply.status for reply in replies] == [ReplyStatus.DROPPED, ReplyStatus.NOT_SENT]


def test_a_damaged_file_of_host_keys_is_reported_as_it_is(tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text("garbage\n", encoding="utf-8")
    target = aim(22, known_hosts=known)
    output = str(to_session_error(WorkspaceError("invalid known_hosts line", where=f"{known}:1"), target))
    assert output == f"No session with {target.name} ({target.address}): {known}:1: invalid known_hosts line."


def test_an_error_without_its_device_gets_it_and_keeps_its_advice_in_the_language(tmp_path: Path) -> None:
    error = to_session_error(LoginRefused(message("session:one_time_code")), aim(22, known_hosts=tmp_path / "k"))
    assert "127.0.0.1" in error.what
    assert error.render("vi").endswith("Hãy đặt `one_time_code` trong mục `access` thành tham chiếu như exec:COMMAND.")


def test_after_the_time_limit_of_the_run(ssh: Make) -> None:
    """Devices that remain are not contacted; a session that is open ends with it."""
    script = Script(answers={"show clock": "07:00\n"}, hang_on="show hang")
    target = ssh(script)
    with pytest.raises(RunTimeOver, match="time limit of the run"):
        open_session(replace(target, not_after=monotonic()), kind())
    assert script.logins == 0
    with open_session(replace(target, not_after=monotonic() + 1.5), kind()) as session:
        replies = session.send_commands(["show hang", "show clock"])
    assert [reply.status for reply in replies] == [ReplyStatus.TIMEOUT, ReplyStatus.NOT_SENT]


@pytest.mark.parametrize(
    "error", [OSError(errno.EMFILE, "Too many open files"), RuntimeError("can't start new thread"), MemoryError()]
)
def test_a_limit_of_this_machine_is_not_the_devices(error: Exception, tmp_path: Path) -> None:
    found = to_session_error(error, aim(22, known_hosts=tmp_path / "k"))
    assert found.what.startswith("this machine has no room")
    assert found.retryable
    assert not found.final


def test_handshakes_take_turns(ssh: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    script, lock, inside, most = Script(answers={"show clock": "07:00\n"}), threading.Lock(), 0, 0
    target, connecting = ssh(script), netmiko.ConnectHandler

    def handshake(**options: Any) -> Any:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        try:
            return connecting(**options)
        finally:
            with lock:
                inside -= 1

    monkeypatch.setattr(connect, "_handshakes", threading.Semaphore(2))
    monkeypatch.setattr(netmiko, "ConnectHandler", handshake)
    threads = [threading.Thread(target=lambda: open_session(target, kind()).close()) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert script.logins == 5
    assert most == 2
