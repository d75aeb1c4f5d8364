"""Members of a cluster: a wrong clock takes the labels of a worker away, requests travel together."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any
from unittest.mock import Mock

import pytest

from eventready.audit.collectors.cluster import bridge, member
from eventready.audit.collectors.cluster.dask_parts import require_distributed
from eventready.core.messages import Message
from tests.audit.cluster.members import free_port, scheduler


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


async def without_revocations(_worker: object) -> None:
    await asyncio.Event().wait()


@pytest.mark.slow
def test_a_worker_with_a_wrong_clock_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_LIFE_S", "_AGAIN_S"):
        monkeypatch.setattr(member, name, 0.02)
    distributed = require_distributed()
    clock, ahead = vars(distributed.worker)["time"], [3600.0]
    monkeypatch.setattr(distributed.worker, "time", lambda: clock() + ahead[0])
    heard: list[str | Message] = []

    async def run() -> None:
        where: dict[str, Any] = {"host": "127.0.0.1", "dashboard": False, "dashboard_address": "127.0.0.1:0"}
        async with distributed.Scheduler(port=0, **where) as scheduler:
            made = partial(distributed.Worker, scheduler.address, nthreads=1, memory_limit=0, **where)
            stop, labels = asyncio.Event(), ["workspace=1", "reach=hcm"]
            keeping = asyncio.create_task(
                member.keep_connected(
                    made,
                    stop,
                    labels,
                    without_revocations,
                    connected=lambda: heard.append("connected"),
                    lost=heard.append,
                )
            )

            def has(*expected: str) -> Callable[[], bool]:
                return lambda: [set(one.resources) for one in scheduler.workers.values()] == [set(expected)]

            await until(has("clock=+3600"))
            assert "connected" not in heard
            ahead[0] = 0.0
            await until(has(*labels))
            await until(lambda: heard[-1] == "connected")
            ahead[0] = -90.0
            await until(has("clock=-90"))
            stop.set()
            await keeping

    asyncio.run(run())
    texts = [one.render("en") for one in heard if isinstance(one, Message)]
    assert [text.partition(" s ")[0][-6:] for text in texts] == ["+3,600", "by -90"]


psutil: Any = pytest.importorskip("psutil", reason="of the extra `cluster`")


def listening(process: int) -> set[int]:
    found = psutil.Process(process).net_connections("tcp")
    return {one.laddr.port for one in found if one.status == psutil.CONN_LISTEN}


@pytest.mark.slow
@pytest.mark.attack(family="doors of a scheduler")
def test_a_scheduler_has_one_open_port_and_a_worker_none() -> None:
    distributed, port = require_distributed(), free_port()
    before, connected = listening(os.getpid()), asyncio.Event()

    async def run() -> set[int]:
        made = partial(distributed.Worker, f"tcp://127.0.0.1:{port}", nthreads=1, host="127.0.0.1", **member._PLAIN)
        stop = asyncio.Event()
        keeping = asyncio.create_task(
            member.keep_connected(made, stop, ["reach=x"], without_revocations, connected=connected.set, lost=print)
        )
        await connected.wait()
        found = listening(os.getpid()) - before
        stop.set()
        await keeping
        return found

    with scheduler(port) as process:
        assert asyncio.run(run()) == set()
        assert listening(process.pid) == {port}


def test_requests_travel_together_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "_GATHER_S", 0.05)
    monkeypatch.setattr(bridge, "_GATHERED", 4)
    client = Mock()
    client.map.side_effect = lambda _task, tasks, **_options: [Mock() for _ in tasks]

    def sent() -> list[list[str]]:
        return [call.kwargs["key"] for call in client.map.call_args_list]

    async def run() -> None:
        made = bridge.Bridge(client, BytesIO())
        for key in "abcdef":
            made.request(json.dumps({"key": key, "labels": {"reach=hcm": 1e-6}}).encode() + b"\n{}")
        assert sent() == [["a", "b", "c", "d"]]
        await until(lambda: len(sent()) == 2)
        await asyncio.sleep(0.1)

    asyncio.run(run())
    assert sent()[1:] == [["e", "f"]]
