"""Worker of a cluster: a wrong clock takes its labels away, until the clock is set right."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from eventready.audit.collectors.cluster import member
from eventready.audit.collectors.cluster.address import require_distributed
from eventready.core.messages import Message


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


async def without_revocations(_worker: object) -> None:
    await asyncio.Event().wait()


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
