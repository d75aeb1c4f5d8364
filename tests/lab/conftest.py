"""An embedded lab in this process, with small devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.dialect import Dialect
from eventready_lab.device.state import CellState, DeviceState, Port
from eventready_lab.embedded.lab_thread import LabThread
from tests.lab.tcp_client import TcpClient

KNOWN = Credentials("netops", "s3cret-pw")


def machine(
    name: str,
    dialect: Dialect,
    *,
    element: str = "",
    endpoint: str = "",
    enable: str = "",
    monotonic: Callable[[], float] | None = None,
) -> SimulatedDevice:
    """A device with one port and one cell."""
    state = DeviceState(name, dialect.platform, "router", hostname=name, version="1.2")
    state.ports = {"Gi1": Port("Gi1", description="uplink")}
    state.cells = [CellState(1, f"{name}-cell", "")]
    known = Credentials(KNOWN.username, KNOWN.password, enable)
    made = SimulatedDevice(state, dialect, known, element=element, endpoint=endpoint or name)
    if monotonic:
        made = SimulatedDevice(state, dialect, known, element=element, endpoint=endpoint or name, monotonic=monotonic)
    return made


@pytest.fixture
def lab_of() -> Iterator[Callable[..., LabThread]]:
    """Start labs of the given devices, stopped at the end of the test."""
    with ExitStack() as stack:
        yield lambda *machines: stack.enter_context(LabThread(machines))


@pytest.fixture
def tcp_client() -> Iterator[Callable[[tuple[str, int]], TcpClient]]:
    """Open plain TCP connections, closed when the test ends."""
    opened: list[TcpClient] = []

    def connect(address: tuple[str, int]) -> TcpClient:
        opened.append(TcpClient(address))
        return opened[-1]

    yield connect
    for client in opened:
        client.close()
