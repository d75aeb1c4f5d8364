"""A lab in a thread of this process, with a loop of its own: for tests, benchmarks and scripts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from eventready.lab.book import Made
from eventready.lab.machine import Machine
from eventready.lab.server import HOST, Lab

T = TypeVar("T")


class LabThread:
    """`with LabThread(machines) as lab:` all machines listen at `lab.address(name)`."""

    def __init__(self, machines: Sequence[Machine]) -> None:
        self.lab = Lab(machines)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lab", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.lab.start(), self._loop).result()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.within(self.lab.stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(_end_tasks())
        self._loop.close()

    def address(self, device: str) -> tuple[str, int]:
        """(host, port) at which a device answers."""
        return HOST, self.lab.port(device)

    def within(self, call: Callable[[], T]) -> T:
        """Call something in the lab's own thread, where the machines may be changed."""

        async def run() -> T:
            return call()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def make(self, device: str, fault: str, args: Mapping[str, Any] | None = None) -> Made:
        """Make a fault."""
        made = self.within(lambda: self.lab.faults.make(device, fault, args or {}))
        asyncio.run_coroutine_threadsafe(self.lab.refresh(), self._loop).result()
        return made

    def clear(self, device: str, fault: str, args: Mapping[str, Any] | None = None) -> None:
        """Clear a fault."""
        self.within(lambda: self.lab.faults.clear(device, fault, args or {}))
        asyncio.run_coroutine_threadsafe(self.lab.refresh(), self._loop).result()


async def _end_tasks() -> None:
    """Cancel what still runs, connections that were being set up for one."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
