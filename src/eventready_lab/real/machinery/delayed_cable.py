"""Delayed cable: `python -m eventready_lab.real.machinery.delayed_cable MILLISECONDS PORT PORT`.

Frames of each port are sent out of the other after the delay. Not every kernel has netem; packet sockets are in all.
The sockets exchange the header of virtio_net too: frames that the kernel has not yet completed (checksums, segments)
stay whole.
"""

from __future__ import annotations

import heapq
import selectors
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import count

_SOL_PACKET, _IGNORE_OUTGOING, _VNET_HDR = 263, 23, 15
_ETH_P_ALL = 0x0003
_LONGEST = 70_000
_BUFFER = 8_000_000


def _port(name: str) -> socket.socket:
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    opened.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
    opened.setsockopt(_SOL_PACKET, _VNET_HDR, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    opened.bind((name, 0))
    opened.setblocking(False)
    return opened


def relay(delay_s: float, names: Sequence[str]) -> None:
    """Carry frames between two ports, without end. Raises OSError."""
    ports = [_port(name) for name in names]
    selector = selectors.DefaultSelector()
    for port, other in zip(ports, ports[::-1], strict=True):
        selector.register(port, selectors.EVENT_READ, (port, other))
    waiting: list[tuple[float, int, bytes, socket.socket]] = []
    number = count()
    while True:
        due = waiting[0][0] - time.monotonic() if waiting else None
        for key, _events in selector.select(None if due is None else max(due, 0.0)):
            arrived, (port, other) = time.monotonic(), key.data
            with suppress(BlockingIOError):
                while frame := port.recv(_LONGEST):
                    heapq.heappush(waiting, (arrived + delay_s, next(number), frame, other))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, frame, other = heapq.heappop(waiting)
            with suppress(OSError):  # the port is down: the frame is lost
                other.send(frame)


if __name__ == "__main__":
    relay(float(sys.argv[1]) / 1000, sys.argv[2:])
