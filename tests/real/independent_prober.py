"""Prober of 16 UDP flows beside a drill, written apart from the product's: blocking sockets, a sender and a receiver.

`python independent_prober.py HOST PORT` sends 100 requests per second and flow until its standard input ends, and
prints per flow the times of its requests and of their answers (time.time) as JSON.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

FLOWS, RATE, LIMIT_S = 16, 100, 0.5
_REQUEST = struct.Struct("!HI")


@dataclass
class Heard:
    """Requests and answers of a prober beside a drill, per flow: {sequence: moment}."""

    sent: list[dict[int, float]] = field(default_factory=list)
    answered: list[dict[int, float]] = field(default_factory=list)

    def worst_ms(self, begin: float, end: float) -> float | None:
        """The longest outage of any flow that begins between two moments; None if it goes on after the second."""
        worst = 0.0
        for sent, answered in zip(self.sent, self.answered, strict=True):
            lost: float | None = None
            for number, moment in sorted(sent.items()):
                heard = answered.get(number)
                if heard is not None and heard - moment <= LIMIT_S:
                    if lost is not None and begin <= lost < end:
                        if heard >= end and lost < end - LIMIT_S:
                            return None
                        worst = max(worst, 1000 * (heard - lost))
                    lost = None
                elif lost is None:
                    lost = moment
            if lost is not None and begin <= lost < end:
                return None
        return worst


@contextmanager
def beside(launcher: Sequence[str], host: str, port: int) -> Iterator[Heard]:
    """Probe while the block lasts; what was heard is known after it."""
    process = subprocess.Popen(
        [*launcher, sys.executable, str(Path(__file__)), host, str(port)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    heard = Heard()
    try:
        yield heard
    finally:
        output, _ = process.communicate("")
        for flow in json.loads(output):
            heard.sent.append({number: moment for number, moment, _ in flow})
            heard.answered.append({number: moment for number, _, moment in flow if moment is not None})


def main(host: str, port: int) -> None:
    """Send and receive in a thread each."""
    with suppress(OSError):
        os.nice(-10)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(FLOWS)]
    for one in sockets:
        one.connect((host, port))
    sent: list[dict[int, float]] = [{} for _ in sockets]
    answered: list[dict[int, float]] = [{} for _ in sockets]
    over = threading.Event()

    def receive() -> None:
        by_socket = {one: flow for flow, one in enumerate(sockets)}
        while not over.is_set():
            for one in select.select(sockets, [], [], 0.1)[0]:
                with suppress(OSError):
                    flow, number = _REQUEST.unpack(one.recv(64))
                    if flow == by_socket[one]:
                        answered[flow].setdefault(number, time.time())

    receiver = threading.Thread(target=receive, daemon=True)
    receiver.start()
    begin, number = time.monotonic(), 0
    while not select.select([sys.stdin], [], [], max(0.0, begin + number / RATE - time.monotonic()))[0]:
        if time.monotonic() < begin + number / RATE:
            continue
        for flow, one in enumerate(sockets):
            sent[flow][number] = time.time()
            with suppress(OSError):
                one.send(_REQUEST.pack(flow, number))
        number += 1
    time.sleep(2 * LIMIT_S)
    over.set()
    receiver.join()
    rows = [[(one, moment, answered[flow].get(one)) for one, moment in sent[flow].items()] for flow in range(FLOWS)]
    print(json.dumps(rows))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
