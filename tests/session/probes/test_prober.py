"""Streams over real sockets: right answers of every kind, forged ones, and the process that sends them."""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from eventready.core.errors import UsageError
from eventready.session.probes.flows import FlowOptions
from eventready.session.probes.measurement import Sample, Times, measure
from eventready.session.probes.messages import DnsQuestion
from eventready.session.probes.prober import Sender
from eventready.session.probes.stream import ProbeStream, StreamPlan, StreamTarget
from tests.session.probes.servers import HOST, accepting

#: What a server makes of a request; None: it says nothing.
Answer = Callable[[bytes], bytes | None]


@contextmanager
def udp_server(answer: Answer) -> Iterator[int]:
    """A UDP server; its port."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((HOST, 0))

    def serve() -> None:
        while True:
            try:
                data, address = server.recvfrom(512)
                if (reply := answer(data)) is not None:
                    server.sendto(reply, address)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    with server:
        yield server.getsockname()[1]


def tcp_server(answer: Answer) -> AbstractContextManager[int]:
    """A TCP server that answers the first bytes of every connection; its port."""

    def handle(connection: socket.socket) -> None:
        if reply := answer(connection.recv(512)):
            connection.sendall(reply)

    return accepting(handle)


def sent(kind: str, port: int, argument: str = "", *, addresses: tuple[str, ...] = (), wait_s: float = 0.15) -> int:
    """Requests with a right answer, of four of two flows."""
    samples: list[Sample] = []
    options = FlowOptions(kind, HOST, port, argument, flows=2, addresses=addresses)
    sender = Sender(options, 100.0, wait_s, lambda _flow, sample: samples.append(sample))
    sender.run(lambda: sender.sent >= 4, 60)
    assert len(samples) == sender.sent
    return sum(not sample.lost for sample in samples) * 4 // len(samples)


def dns(data: bytes, *, flags: int = 0x8180, address: str = "192.0.2.90", answers: int = 1) -> bytes:
    """The answer to a query, with records of an address."""
    record = struct.pack("!HHHIH4s", 0xC00C, 1, 1, 60, 4, socket.inet_aton(address))
    return data[:2] + struct.pack("!HHHHH", flags, 1, answers, 0, 0) + data[12:] + record * answers


ALL, NONE = 4, 0

DATAGRAMS: dict[str, tuple[str, Answer, int]] = {
    "udp echo": ("udp", lambda data: data, ALL),
    "udp silent": ("udp", lambda _data: None, NONE),
    "udp other payload": ("udp", lambda data: bytes(len(data)), NONE),
    "dns": ("dns", dns, ALL),
    "dns query echoed": ("dns", lambda data: data, NONE),
    "dns NXDOMAIN": ("dns", lambda data: dns(data, flags=0x8183), NONE),
    "dns SERVFAIL": ("dns", lambda data: dns(data, flags=0x8182), NONE),
    "dns another address": ("dns", lambda data: dns(data, address="203.0.113.66"), NONE),
    "dns without records": ("dns", lambda data: dns(data, answers=0), NONE),
    "dns cut": ("dns", lambda data: dns(data)[:-3], NONE),
    "dns truncated": ("dns", lambda data: dns(data, flags=0x8380), NONE),
    "dns another question": ("dns", lambda data: dns(data[:13] + b"x" + data[14:]), NONE),
    "dns another identifier": ("dns", lambda data: dns(b"\xff\xff" + data[2:]), NONE),
}
LINES: dict[str, tuple[bytes, int]] = {
    "200": (b"HTTP/1.1 200 OK\r\n\r\n", ALL),
    "500": (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", NONE),
    "404": (b"HTTP/1.1 404 Not Found\r\n\r\n", NONE),
    "302": (b"HTTP/1.1 302 Found\r\n\r\n", NONE),
    "SSH": (b"SSH-2.0 200 OK\r\n", NONE),
    "no status": (b"\xff garbage\r\n", NONE),
    "no line end": (b"HTTP/1.1 200 OK".ljust(65_536, b" "), NONE),
    "closed": (b"", NONE),
}


@pytest.mark.parametrize("name", DATAGRAMS)
def test_only_a_right_datagram_is_an_answer(name: str) -> None:
    kind, answer, right = DATAGRAMS[name]
    with udp_server(answer) as port:
        assert sent(kind, port, "portal.example", addresses=("192.0.2.90",) if kind == "dns" else ()) == right


@pytest.mark.parametrize("name", LINES)
def test_only_the_wanted_status_line_is_an_answer(name: str) -> None:
    line, right = LINES[name]
    with tcp_server(lambda _data: line) as port:
        assert sent("http", port, "/") == right


def test_an_address_that_changes_after_the_first_answers_is_lost() -> None:
    question = DnsQuestion("portal.example")
    query = question.query(7)
    assert question.answered(dns(query)) == 7
    assert question.answered(dns(query, address="192.0.2.91")) == 7  # a second server, at the same time
    question.learning_ends()
    assert question.answered(dns(query)) == 7
    assert question.answered(dns(query, address="203.0.113.66")) is None


def test_answers_held_back_are_lost_after_the_limit() -> None:
    late = [Sample(number, number / 10, number / 10 + 0.9) for number in range(20)]
    found = measure([late], 10.0, 0.5, Times(0.0, 1.5, 1.95))
    assert (found.loss_percent, found.longest_ms) == (100.0, None)
    assert found.round_trip_ms == pytest.approx(900)


def test_tcp_is_answered_by_a_listener_only_and_icmp_by_loopback() -> None:
    with tcp_server(lambda _data: None) as port:
        assert sent("tcp", port) == ALL
    with socket.create_server((HOST, 0)) as closed:
        port = closed.getsockname()[1]
    assert sent("tcp", port) == sent("udp", port) == NONE
    try:
        assert sent("icmp", 0) == ALL
    except UsageError as error:
        pytest.skip(str(error))


def test_a_prober_process_measures_an_outage_and_a_suspended_one_shows_its_gap() -> None:
    alive = threading.Event()
    alive.set()
    with udp_server(lambda data: data if alive.is_set() else None) as port:
        stream = ProbeStream.start("flow", StreamTarget("udp", HOST, port), StreamPlan(50.0, flows=4))
        try:
            wait_for(lambda: stream.answered_now)
            failed = time.monotonic()
            alive.clear()
            wait_for(lambda: all(any(sample.lost for sample in flow) for flow in stream.samples))
            alive.set()
            wait_for(lambda: stream.answered_now)
            repaired = time.monotonic()
            os.kill(stream.process.pid, signal.SIGSTOP)
            time.sleep(0.3)
            os.kill(stream.process.pid, signal.SIGCONT)
            wait_for(lambda: stream.answered_now)
            stream.finish()
        finally:
            stream.kill()
    found = measure(stream.samples, 50.0, 0.5, Times(failed, repaired, stream.ended))
    assert found.hit == found.flows == 4
    assert found.longest_ms is not None
    assert found.gap_ms >= 250


def test_a_prober_that_cannot_send_says_why() -> None:
    stream = ProbeStream.start("flow", StreamTarget("udp", "no-such-host.invalid", 9), StreamPlan(10.0))
    with pytest.raises(UsageError, match="the probe flow failed"):
        stream.finish()


def wait_for(condition: Callable[[], bool], longest_s: float = 20.0) -> None:
    """Wait until `condition()` is true."""
    deadline = time.monotonic() + longest_s
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("nothing happened")
