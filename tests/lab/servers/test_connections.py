"""Faults as they arrive at a client: over SSH, telnet and MML, made and cleared while the lab runs."""

from __future__ import annotations

import socket
from collections.abc import Callable

import paramiko
import pytest

from eventready.core.errors import UsageError
from eventready_lab.embedded.lab_thread import LabThread
from eventready_lab.servers.telnet import OPENING, strip_commands
from tests.lab.conftest import KNOWN, machine
from tests.lab.small_dialects import IOS, VTY
from tests.lab.tcp_client import TcpClient

pytestmark = pytest.mark.lab

LabOf = Callable[..., LabThread]
Connect = Callable[[tuple[str, int]], TcpClient]


def key_of(address: tuple[str, int]) -> str:
    with socket.create_connection(address, 10) as connection, paramiko.Transport(connection) as transport:
        transport.start_client(timeout=10)
        key = transport.get_remote_server_key()
        return f"{key.get_name()} {key.get_base64()}"


def log_in(address: tuple[str, int], password: str = KNOWN.password) -> paramiko.SSHClient:
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(
        *address, username=KNOWN.username, password=password, timeout=10, allow_agent=False, look_for_keys=False
    )
    return client


def test_every_device_has_a_host_key_of_its_own(lab_of: LabOf) -> None:
    lab = lab_of(machine("r1", IOS), machine("r2", IOS))
    assert key_of(lab.address("r1")) == lab.lab.host_key("r1")
    assert lab.lab.host_key("r1") != lab.lab.host_key("r2")


def test_a_changed_host_key_is_shown_and_taken_back(lab_of: LabOf) -> None:
    lab = lab_of(machine("r1", IOS))
    recorded = lab.lab.host_key("r1")
    lab.inject("r1", "changed-host-key")
    assert key_of(lab.address("r1")) != recorded
    assert lab.lab.host_key("r1") == recorded
    lab.clear("r1", "changed-host-key")
    assert key_of(lab.address("r1")) == recorded


def test_no_password_is_good_while_logins_are_refused(lab_of: LabOf) -> None:
    lab = lab_of(machine("r1", IOS))
    lab.inject("r1", "auth-refused")
    with pytest.raises(paramiko.AuthenticationException):
        log_in(lab.address("r1"))
    lab.clear("r1", "auth-refused")
    log_in(lab.address("r1")).close()


@pytest.mark.parametrize("dialect", [IOS, VTY])
def test_a_silent_device_accepts_and_sends_nothing(lab_of: LabOf, tcp_client: Connect, dialect: object) -> None:
    lab = lab_of(machine("r1", dialect))  # type: ignore[arg-type]  # both are dialects
    lab.inject("r1", "silent")
    address = lab.address("r1")
    line = tcp_client(address)
    line.send("\r\n")
    assert line.quiet()
    lab.clear("r1", "silent")
    assert lab.address("r1") == address
    assert tcp_client(address).until("\r\n")


def test_a_dropped_session_closes_the_connection(lab_of: LabOf) -> None:
    lab = lab_of(machine("r1", IOS))
    lab.inject("r1", "session-drop", {"after": 1})
    with log_in(lab.address("r1")) as client:
        channel = client.invoke_shell()
        channel.settimeout(10)
        channel.send(b"show long\n")
        found = b""
        while more := channel.recv(65_536):
            found += more
        assert b"line 1" in found
        assert not found.endswith(b"r1>")


def test_a_fault_reaches_sessions_that_are_open(lab_of: LabOf, tcp_client: Connect) -> None:
    lab = lab_of(machine("b1", VTY))
    line = tcp_client(lab.address("b1"))
    line.until("Password: ")
    line.send(f"{KNOWN.password}\n")
    line.until("b1> ")
    lab.inject("b1", "link-down", {"port": "Gi1"})
    line.send("show ports\n")
    assert "Gi1 is down" in line.until("CRC\r\nb1> ")
    lab.inject("b1", "garbage")
    line.send("show ports\n")
    assert "Gi1" not in line.until("b1> ").removeprefix("show ports")


def test_telnet_opens_as_osmobsc_does(lab_of: LabOf) -> None:
    lab = lab_of(machine("b1", VTY))
    with socket.create_connection(lab.address("b1"), 10) as connection:
        found = b""
        while not found.endswith(b"Password: "):
            found += connection.recv(1024)
    banner, negotiation, prompt = found.partition(OPENING)
    assert negotiation
    assert banner.endswith(b"User Access Verification\r\n\r\n")
    assert prompt == b"Password: "


@pytest.mark.parametrize(
    ("data", "text", "pending"),
    [
        (b"show\n", b"show\n", b""),
        (b"\xff\xfd\x01show", b"show", b""),
        (b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0x", b"x", b""),
        (b"a\xff\xffb", b"a\xffb", b""),
        (b"a\xff", b"a", b"\xff"),
        (b"a\xff\xfb", b"a", b"\xff\xfb"),
        (b"a\xff\xfa\x1f\x00", b"a", b"\xff\xfa\x1f\x00"),
        (b"\xff\xf4x", b"x", b""),
    ],
)
def test_negotiation_is_no_input(data: bytes, text: bytes, pending: bytes) -> None:
    assert strip_commands(data) == (text, pending)


def test_a_client_that_goes_away_in_the_middle_harms_no_person(lab_of: LabOf, tcp_client: Connect) -> None:
    lab = lab_of(machine("r1", IOS), machine("b1", VTY))
    for name in ("r1", "b1"):
        for what in (b"", b"\x00" * 70_000, b"GET / HTTP/1.0\r\n\r\n", b"SSH-2.0-x\r\n" + b"\xff" * 5_000):
            with socket.create_connection(lab.address(name), 10) as connection:
                connection.sendall(what)
    client = log_in(lab.address("r1"))
    client.invoke_shell().send(b"show long\n")
    transport = client.get_transport()
    assert transport
    transport.sock.close()
    assert tcp_client(lab.address("b1")).until("Password: ")
    log_in(lab.address("r1")).close()


def test_a_fault_that_does_not_fit_is_refused_with_a_reason(lab_of: LabOf) -> None:
    lab = lab_of(machine("b1", VTY))
    with pytest.raises(UsageError, match="applies to ssh; b1 uses telnet"):
        lab.inject("b1", "changed-host-key")
    with pytest.raises(UsageError, match="applies to bts_controller"):
        lab.inject("b1", "cell-barred")
    with pytest.raises(UsageError, match="has no port Gi7"):
        lab.inject("b1", "link-down", {"port": "Gi7"})
    with pytest.raises(UsageError, match="no active fault"):
        lab.clear("b1", "hang")
