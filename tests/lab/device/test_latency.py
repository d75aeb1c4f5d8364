"""Latency of simulated devices: its text, and its effect at a client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import pytest

from eventready.core.errors import UsageError
from eventready_lab.device.latency import Delay, Latency, read_latency
from eventready_lab.embedded.lab_thread import LabThread
from tests.lab.conftest import KNOWN, machine
from tests.lab.small_dialects import VTY
from tests.lab.tcp_client import TcpClient


def test_latency_is_read_with_its_units() -> None:
    assert read_latency("rtt=50ms, echo=1.3s,command=0.3-1.5s") == Latency(
        Delay(0.05, 0.05), Delay(1.3, 1.3), Delay(0.3, 1.5)
    )
    assert read_latency("") == Latency()


@pytest.mark.parametrize(
    "text",
    [",", " ", "rtt=50ms,,", "rtt=\u0665ms",
     "50ms", "rtt", "rtt=", "rtt=50", "rtt=-1s", "rtt=2-1s", "rtt=nans", "rtt=1e9s", "echo=601s", "pace=1s",
     "rtt=1s,rtt=2s", "rtt=50ms;echo=1s"],
)  # fmt: skip
def test_bad_latency_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=r"rtt=50ms,echo=1\.3s,command=0\.3-1\.5s"):
        read_latency(text)


@pytest.mark.lab
@pytest.mark.parametrize("text", ["rtt=150ms", "echo=0.15s", "command=0.15s"])
def test_every_delay_reaches_the_client(
    text: str, lab_of: Callable[..., LabThread], tcp_client: Callable[[tuple[str, int]], TcpClient]
) -> None:
    device = replace(machine("r1", VTY), latency=read_latency(text))
    lab = lab_of(device)
    client = tcp_client(lab.address("r1"))
    client.until("word: ")
    client.send(f"{KNOWN.password}\n")
    client.until("r1> ")
    started = monotonic()
    client.send("show ports\n")
    client.until("r1> ")
    assert monotonic() - started > 0.14
