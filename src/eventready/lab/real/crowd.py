"""A crowd at a cell, phones that ask for a channel at an even pace: `python -m eventready.lab.real.crowd ARFCN RATE S`

Each request is one access burst on the virtual air of osmo-bts-virtual: GSMTAP by multicast on the loopback of the
namespace that it runs in. Nobody follows an assignment up, so every channel given stays taken until its timer ends.
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
#: Why a phone asks, in the first bits of its request: location update, call, answer to paging (3GPP TS 44.018).
_CAUSES = (0x00, 0xE0, 0x80, 0x10)
_HYPERFRAME = 2_715_648


def burst(arfcn: int, frame: int, reference: int) -> bytes:
    """A request for a channel as GSMTAP carries it: header version 2, on the air, uplink, access burst."""
    header = struct.pack("!BBBBHbbIBBBB", 2, 4, 1, 0, arfcn | 0x4000, -60, 20, frame, 3, 0, 0, 0)
    return header + bytes([reference])


def main(arguments: Sequence[str] | None = None) -> int:
    """Send requests for a while; the pace and the time are bounded."""
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
