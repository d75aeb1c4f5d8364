"""Streams over real sockets: every kind of exchange, lost and answered, and the process that sends them."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from eventready.core.errors import UsageError
from eventready.session.probes.exchanges import exchange_for
from eventready.session.probes.outage import Sample
from eventready.session.probes.prober import send_stream
from eventready.session.probes.stream import ProbeStream, StreamTarget

HOST = "127.0.0.1"


class Echo(threading.Thread):
    """A UDP server that repeats what it hears while `alive`."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.alive = threading.Event()
        self.alive.set()
        self.port: int = self.socket.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                data, address = self.socket.recvfrom(512)
            except OSError:
                return
            if self.alive.is_set():
                self.socket.sendto(data, address)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    server.start()
    yield server
    server.socket.close()


@contextmanager
def answering(reply: bytes) -> Iterator[int]:
    """A TCP server that answers every connection with `reply`; its port."""
    listener = socket.create_server((HOST, 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(512) if reply else None
                connection.sendall(reply)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def sent(kind: str, port: int, argument: str = "", count: int = 5, timeout_s: float = 0.3) -> list[Sample]:
    """The samples of a short stream."""
    samples: list[Sample] = []

    async def run() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(count / 100, stop.set)
        await send_stream(exchange_for(kind, HOST, port, argument), 100.0, samples.append, stop, timeout_s)

    asyncio.run(run())
    return samples


def test_udp_echo_is_answered(echo: Echo) -> None:
    samples = sent("udp", echo.port)
    assert samples
    assert not any(sample.lost for sample in samples)


def test_udp_without_an_answer_is_lost(echo: Echo) -> None:
    echo.alive.clear()
    assert all(sample.lost for sample in sent("udp", echo.port))


def test_a_closed_port_is_lost_and_no_error() -> None:
    with socket.create_server((HOST, 0)) as closed:
        port = closed.getsockname()[1]
    assert all(sample.lost for sample in sent("tcp", port))
    assert all(sample.lost for sample in sent("udp", port))


def test_tcp_and_http_are_answered_and_a_server_error_is_lost() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        assert not any(sample.lost for sample in sent("tcp", port))
        assert not any(sample.lost for sample in sent("http", port, "/"))
    with answering(b"HTTP/1.1 503 Busy\r\n\r\n") as port:
        assert all(sample.lost for sample in sent("http", port, "/"))
    with answering(b"\xff garbage\r\n") as port:
        assert all(sample.lost for sample in sent("http", port, "/"))


def test_dns_servfail_is_lost() -> None:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((HOST, 0))

    def answer(code: int) -> None:
        data, address = server.recvfrom(512)
        server.sendto(data[:2] + bytes([0x81, 0x80 | code]) + data[4:], address)

    port = server.getsockname()[1]
    for code, lost in ((0, False), (3, False), (2, True), (5, True)):
        threading.Thread(target=answer, args=(code,), daemon=True).start()
        samples = sent("dns", port, "portal.example", count=1)
        assert samples[0].lost is lost, code
    server.close()


def test_icmp_to_loopback_is_answered() -> None:
    try:
        samples = sent("icmp", 0)
    except UsageError as error:
        pytest.skip(str(error))
    assert not any(sample.lost for sample in samples)


def test_a_prober_process_measures_an_outage(echo: Echo) -> None:
    stream = ProbeStream.start("flow", StreamTarget("udp", HOST, echo.port), 50.0)
    try:
        wait_for(lambda: stream.answered)
        echo.alive.clear()
        wait_for(lambda: any(sample.lost for sample in stream.samples))
        echo.alive.set()
        count = len(stream.samples)
        wait_for(lambda: len(stream.samples) > count + 5 and not stream.samples[-1].lost)
        measured = stream.finish()
    finally:
        stream.kill()
    assert len(measured.outages) == 1
    assert measured.longest_ms is not None
    assert measured.lost >= 1


def test_a_prober_that_cannot_send_says_why() -> None:
    stream = ProbeStream.start("flow", StreamTarget("udp", "no-such-host.invalid", 9), 10.0)
    with pytest.raises(UsageError, match="the probe flow failed"):
        stream.finish()


def wait_for(condition: object, longest_s: float = 20.0) -> None:
    """Wait until `condition()` is true."""
    deadline = time.monotonic() + longest_s
    while time.monotonic() < deadline:
        if callable(condition) and condition():
            return
        time.sleep(0.02)
    raise AssertionError("nothing happened")
