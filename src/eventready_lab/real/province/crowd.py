"""A crowd at a cell, as channel requests at a constant rate: `python -m eventready_lab.real.province.crowd ...`

Each request is an access burst on the virtual air interface of osmo-bts-virtual: GSMTAP by multicast on the loopback of
its namespace. No phone answers an assignment, so every granted channel stays in use until its timer expires.
"""

from __future__ import annotations

import random
import socket
import struct
import sys
import time
from collections.abc import Sequence

_UPLINK = ("239.193.23.2", 4729)
_LONGEST_S = 600.0
_FASTEST = 50.0
#: Establishment causes in the first bits of a request: location update, call, answer to paging (3GPP TS 44.018).
_CAUSES = (0x00, 0xE0, 0x80, 0x10)
_HYPERFRAME = 2_715_648


def burst(arfcn: int, frame: int, reference: int) -> bytes:
    """A channel request in GSMTAP: header version 2, air interface, uplink, access burst."""
    header = struct.pack("!BBBBHbbIBBBB", 2, 4, 1, 0, arfcn | 0x4000, -60, 20, frame, 3, 0, 0, 0)
    return header + bytes([reference])


def main(arguments: Sequence[str] | None = None) -> int:
    """Send requests, with bounds on rate and time."""
    arfcn, rate, seconds = (float(word) for word in (arguments or sys.argv[1:]))
    rate, seconds = min(rate, _FASTEST), min(seconds, _LONGEST_S)
    phones = random.Random(0)  # noqa: S311  the same crowd every time
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as air:
        air.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        air.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        for _ in range(int(rate * seconds)):
            frame = int(time.monotonic() * 217) % _HYPERFRAME
            air.sendto(burst(int(arfcn), frame, phones.choice(_CAUSES) | phones.randrange(16)), _UPLINK)
            time.sleep(1 / rate)
    return 0


if __name__ == "__main__":
    sys.exit(main())
