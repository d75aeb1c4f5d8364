"""Pages beside a watch of many devices: python -m benchmarks.pages [--devices N] [--viewers N] [--seconds N]

Processes of their own: the watch (the loop of `benchmarks.watch`, which reads in all of the time), the pages, and as a
stranger `wrk` (Debian's) without a login. Each viewer is logged in, keeps a stream of the wall open, and loads the wall
every two seconds; one viewer was there before. Printed: 95th percentile of the wall in ms, alone and beside the
stranger, refused and failed requests of the viewers, requests of the stranger per second, and the greatest lag of the
watch in seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from multiprocessing import Process, Queue
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx

from benchmarks.watch import INTERVAL_S, recorded, recorded_sessions, watched_workspace
from eventready.core.clock import Clock
from eventready.store.store import Store
from eventready.watch.session import WatchSession
from eventready.watch.watcher import Watcher
from eventready.watch.web.access.cookie import SessionCookie
from eventready.watch.web.access.keys import AccessKeys
from eventready.watch.web.app import application
from eventready.watch.web.read_model import ReadModel
from eventready.watch.web.server import listening, server
from eventready.workspace.workspace import load_workspace

#: Cycles of the watch before the viewers come: all answers are parsed, all states have begun.
_BEFORE = 2.5
_PAUSE_S = 2.0


def watching(folder: Path, answers: dict[str, str], seconds: float, lags: Queue[float]) -> None:
    """Watch the devices of a workspace for some seconds, and put the greatest lag of each minute."""
    workspace, beats = load_workspace(folder), list[Any]()

    def on_round(watcher: Watcher, _changes: Sequence[Any], _resting: Any) -> None:
        if watcher.beat and (not beats or beats[-1] is not watcher.beat):
            beats.append(watcher.beat)
            lags.put(watcher.beat.lag_s)

    with recorded_sessions(answers), Store(folder / "watch.db") as store:
        WatchSession(workspace, workspace.devices, store, Clock()).run(seconds, on_round)


def serving(folder: Path, port: int) -> None:
    """Serve the pages of a workspace."""
    with Store(folder / "watch.db") as store:
        app = application(ReadModel(load_workspace(folder), store, Clock()))
        server(app, "127.0.0.1", port).run(listening("127.0.0.1", port))


async def view(url: str, cookie: str, until: float, taken: list[tuple[int, float]]) -> None:
    """Load the wall again and again beside its open stream; statuses and seconds go to `taken`."""
    async with httpx.AsyncClient(base_url=url, headers={"Cookie": cookie}, timeout=30) as client:
        stream = asyncio.create_task(_stream(client))
        await asyncio.sleep(random.uniform(0, _PAUSE_S))
        while time.monotonic() < until:
            begun = time.monotonic()
            status = (await client.get("/")).status_code
            taken.append((status, time.monotonic() - begun))
            await asyncio.sleep(_PAUSE_S)
        stream.cancel()


async def _stream(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/wall/stream") as stream:
        async for _part in stream.aiter_raw():
            pass


async def visit(url: str, cookies: Sequence[str], seconds: float) -> dict[str, Any]:
    """Figures of all viewers over some seconds."""
    taken: list[tuple[int, float]] = []
    until = time.monotonic() + seconds
    await asyncio.gather(*(view(url, cookie, until, taken) for cookie in cookies))
    good = [spent for status, spent in taken if status == httpx.codes.OK]
    p95 = quantiles(good, n=20)[-1] if len(good) > 1 else 0.0
    return {"pages": len(good), "p95_ms": round(p95 * 1000, 1), "others": len(taken) - len(good)}


def run(devices: int, viewers: int, seconds: int, port: int) -> dict[str, Any]:
    """Return the figures without and with a stranger."""
    answers, url = recorded(), f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="eventready-bench-") as home:
        folder = Path(home)
        lags: Queue[float] = Queue()
        watched_workspace(folder, devices)
        with Store(folder / "watch.db") as store:
            event = load_workspace(folder).event
            name, keys = SessionCookie.at(event.id, 0).name, AccessKeys(store, event)
            cookies = [f"{name}={keys.open(f'viewer-{number}', 'viewer', '127.0.0.1')}" for number in range(viewers)]
        watch = Process(target=watching, args=(folder, answers, INTERVAL_S * _BEFORE + 3 * seconds + 10, lags))
        pages = Process(target=serving, args=(folder, port))
        for process in (watch, pages):
            process.start()
        time.sleep(INTERVAL_S * _BEFORE)
        while not lags.empty():
            lags.get()
        asyncio.run(visit(url, cookies[:1], _PAUSE_S))
        alone = asyncio.run(visit(url, cookies, seconds))
        command = ["wrk", "-t1", "-c50", f"-d{seconds}s", f"{url}/"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as flood:
            beside = asyncio.run(visit(url, cookies, seconds))
            printed = flood.communicate()[0]
        watch.join()
        pages.terminate()
        pages.join()
        found = []
        while not lags.empty():
            found.append(lags.get())
    rate = next((line.split()[-1] for line in printed.splitlines() if "Requests/sec" in line), printed)
    return {
        "devices": devices,
        "viewers": viewers,
        "alone": alone,
        "beside": beside,
        "flood": rate,
        "lag_s": max(found),
    }


def main() -> None:
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=2000)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--port", type=int, default=8799)
    given = parser.parse_args()
    if not shutil.which("wrk"):
        parser.error("wrk is not installed: apt install wrk")
    print(json.dumps(run(given.devices, given.viewers, given.seconds, given.port)))


if __name__ == "__main__":
    main()
