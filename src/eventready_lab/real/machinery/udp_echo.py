"""UDP echo (RFC 862) of the host of the Internet: `python -m eventready_lab.real.machinery.udp_echo ADDRESS...`."""

from __future__ import annotations

import selectors
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

PORT = 7
_LONGEST = 65_536


def echo(addresses: Sequence[str]) -> None:
    """Answer datagrams at each address, without end. Raises OSError."""
    selector = selectors.DefaultSelector()
    for address in addresses:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind((address, PORT))
        opened.setblocking(False)
        selector.register(opened, selectors.EVENT_READ, opened)
    while True:
        for key, _events in selector.select():
            with suppress(OSError):  # nothing more to read, or no way back now
                while True:
                    data, sender = key.data.recvfrom(_LONGEST)
                    key.data.sendto(data, sender)


if __name__ == "__main__":
    echo(sys.argv[1:])
