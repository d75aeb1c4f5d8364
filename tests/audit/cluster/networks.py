"""Three networks for the tests: namespaces with a worker each, and devices that only some of them reach.

Workers 1 and 2 reach devices at NEAR, worker 3 those at FAR; the scheduler stands in the network of the tests, which
relays connections to the simulated devices on its loopback.
"""

from __future__ import annotations

import asyncio
import fcntl
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Thread

PREFIX = "evrcluster"
NEAR, FAR = "10.78.1.1", "10.78.2.1"
REACH = {1: ("near", NEAR), 2: ("near", NEAR), 3: ("far", FAR)}
_FAR_GROUPS = re.compile(r'"groups": \["(huawei|wlc|ac-|osmocom)')


def ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=not check)


def inside(number: int) -> tuple[str, ...]:
    """Words before a command in the namespace of a worker."""
    return ("ip", "netns", "exec", f"{PREFIX}{number}")


def scheduler_for(number: int) -> str:
    """The scheduler's address as a worker sees it."""
    return f"10.77.{number}.1"


@contextmanager
def networks() -> Iterator[None]:
    """Namespaces and addresses, to the end of the block; those of a killed run go first. One run at a time."""
    with (Path(tempfile.gettempdir()) / f"{PREFIX}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _made():
            yield


@contextmanager
def _made() -> Iterator[None]:
    clean()
    try:
        for address in (NEAR, FAR):
            ip("address", "add", f"{address}/32", "dev", "lo")
        for number, (_, address) in REACH.items():
            name, link = f"{PREFIX}{number}", f"evrc{number}"
            ip("netns", "add", name)
            ip("link", "add", link, "type", "veth", "peer", "name", "out", "netns", name)
            ip("address", "add", f"10.77.{number}.1/24", "dev", link)
            ip("link", "set", link, "up")
            for words in (
                ("address", "add", f"10.77.{number}.2/24", "dev", "out"), ("link", "set", "out", "up"),
                ("link", "set", "lo", "up"), ("route", "add", address, "via", f"10.77.{number}.1"),
            ):  # fmt: skip
                ip("-n", name, *words)
        yield
    finally:
        clean()


def clean() -> None:
    for number in REACH:
        ip("netns", "delete", f"{PREFIX}{number}", check=False)
        ip("link", "delete", f"evrc{number}", check=False)
    for address in (NEAR, FAR):
        ip("address", "delete", f"{address}/32", "dev", "lo", check=False)


@contextmanager
def moved(copy: Path) -> Iterator[None]:
    """The devices of a lab's copy in two networks, with relays to them."""
    hosts, known = copy / "inventory" / "hosts.yaml", copy / "known_hosts"
    lines = [_moved(line) for line in hosts.read_text(encoding="utf-8").splitlines()]
    hosts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    keys = known.read_text(encoding="utf-8")
    known.write_text(keys.replace("127.0.0.1", NEAR) + keys.replace("127.0.0.1", FAR), encoding="utf-8")
    places = {(m[1], int(m[2])) for m in re.finditer(r'"hostname": "(10[\d.]+)", "port": (\d+)', "\n".join(lines))}
    with ExitStack() as stack:
        stack.enter_context(_relays(sorted(places)))
        yield


def _moved(line: str) -> str:
    name, address = ("far", FAR) if _FAR_GROUPS.search(line) else ("near", NEAR)
    reached = line.replace('"data": {', f'"data": {{"reach": "{name}", ', 1)
    return reached.replace('"hostname": "127.0.0.1"', f'"hostname": "{address}"')


@contextmanager
def _relays(places: list[tuple[str, int]]) -> Iterator[None]:
    loop = asyncio.new_event_loop()

    async def listen() -> None:
        for host, port in places:
            await asyncio.start_server(partial(_relay, port), host, port)

    loop.run_until_complete(listen())
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


#: Connections to devices so far.
connections: list[int] = []


async def _relay(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connections.append(port)
    with suppress(OSError):
        to_device, from_device = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_copy(reader, from_device), _copy(to_device, writer))


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    sink.close()
