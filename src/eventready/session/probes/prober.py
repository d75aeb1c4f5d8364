"""Process of a probe stream: `python -m eventready.session.probes.prober KIND HOST PORT --rate 50`.

A process of its own, so that a lab can start it inside a network namespace, and so that other work of the drill does
not delay a request. It prints a JSON line per request as soon as its fate is known, with times of CLOCK_MONOTONIC in
seconds, and ends when its standard input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from eventready.core.errors import EventreadyError
from eventready.session.probes.exchanges import Exchange, exchange_for
from eventready.session.probes.outage import Sample

#: A request without an answer after this time is lost.
TIMEOUT_S = 1.0
#: No drill sends longer than this, whatever becomes of the process that started the prober.
LONGEST_S = 7200.0


async def send_stream(
    exchange: Exchange, rate: float, report: Callable[[Sample], None], stop: asyncio.Event, timeout_s: float = TIMEOUT_S
) -> None:
    """Send `rate` requests per second until `stop` is set or `LONGEST_S` is over; report each settled request."""
    await exchange.open()
    tasks: set[asyncio.Task[None]] = set()
    begin = time.monotonic()
    sequence = 0
    try:
        while not stop.is_set() and sequence / rate < LONGEST_S:
            task = asyncio.create_task(_one(exchange, sequence, report, timeout_s))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            sequence += 1
            await asyncio.sleep(max(0.0, begin + sequence / rate - time.monotonic()))
        await asyncio.gather(*tasks)
    finally:
        exchange.close()


async def _one(exchange: Exchange, sequence: int, report: Callable[[Sample], None], timeout_s: float) -> None:
    sent = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            await exchange.request(sequence)
    except (OSError, TimeoutError):
        report(Sample(sequence, sent))
    else:
        report(Sample(sequence, sent, time.monotonic()))


def _print(sample: Sample) -> None:
    row = {"sequence": sample.sequence, "sent": sample.sent, "received": sample.received}
    print(json.dumps(row), flush=True)


async def _run(exchange: Exchange, rate: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait_for_end() -> None:
        sys.stdin.read()
        with suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    await send_stream(exchange, rate, _print, stop)


def main(arguments: list[str] | None = None) -> int:
    """Send the stream of the arguments. Return 2 with a sentence on stderr if the stream cannot be sent."""
    parser = argparse.ArgumentParser(prog="eventready.session.probes.prober", description=__doc__)
    parser.add_argument("kind")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--argument", default="")
    given = parser.parse_args(arguments)
    try:
        asyncio.run(_run(exchange_for(given.kind, given.host, given.port, given.argument), given.rate))
    except EventreadyError as error:
        print(error, file=sys.stderr)
        return int(error.exit)
    return 0


if __name__ == "__main__":
    sys.exit(main())
