"""A lab in this process. Other rooms may use `lab_of` (devices and their dialects in, a running lab out)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from eventready.lab.dialect import Dialect
from eventready.lab.machine import Credentials, Machine
from eventready.lab.state import CellState, DeviceState, Port
from eventready.lab.thread import LabThread

KNOWN = Credentials("netops", "s3cret-pw")


def machine(
    name: str,
    dialect: Dialect,
    *,
    element: str = "",
    endpoint: str = "",
    enable: str = "",
    monotonic: Callable[[], float] | None = None,
) -> Machine:
    """A machine with one port and one cell."""
    state = DeviceState(name, dialect.platform, "router", hostname=name, version="1.2")
    state.ports = {"Gi1": Port("Gi1", description="uplink")}
    state.cells = [CellState(1, f"{name}-cell", "")]
    known = Credentials(KNOWN.username, KNOWN.password, enable)
    made = Machine(state, dialect, known, element=element, endpoint=endpoint or name)
    if monotonic:
        made = Machine(state, dialect, known, element=element, endpoint=endpoint or name, monotonic=monotonic)
    return made


@pytest.fixture
def lab_of() -> Iterator[Callable[..., LabThread]]:
    """Start a lab of machines; it is stopped when the test ends."""
    with ExitStack() as stack:
        yield lambda *machines: stack.enter_context(LabThread(machines))


class Wire:
    """A plain TCP client that reads until what it waits for has come."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, 10)
        self._socket.settimeout(10)
        self._read = b""

    def send(self, text: str) -> None:
        self._socket.sendall(text.encode())

    def until(self, end: str) -> str:
        """Everything up to and with `end`; fails when the connection closes first."""
        while end.encode() not in self._read:
            more = self._socket.recv(65_536)
            assert more, f"closed before {end!r}: {self._read!r}"
            self._read += more
        at = self._read.index(end.encode()) + len(end.encode())
        told, self._read = self._read[:at], self._read[at:]
        return told.decode(errors="replace")

    def rest(self) -> bytes:
        """Everything until the other side closes."""
        while more := self._socket.recv(65_536):
            self._read += more
        return self._read

    def quiet(self, seconds: float = 0.3) -> bool:
        """True when nothing comes for a while."""
        self._socket.settimeout(seconds)
        try:
            self._read += self._socket.recv(65_536)
        except TimeoutError:
            return not self._read
        finally:
            self._socket.settimeout(10)
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def wire() -> Iterator[Callable[[tuple[str, int]], Wire]]:
    """Open plain TCP connections, closed when the test ends."""
    opened: list[Wire] = []

    def connect(address: tuple[str, int]) -> Wire:
        opened.append(Wire(address))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()
