"""An embedded lab in a thread of this process, for tests, benchmarks and scripts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from eventready_lab.control.active_fault import ActiveFault
from eventready_lab.control.workspace_copy import HOST
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.embedded.lab import EmbeddedLab

T = TypeVar("T")


class LabThread:
    """`with LabThread(devices) as lab:` every device listens at `lab.address(name)`."""

    def __init__(self, devices: Sequence[SimulatedDevice]) -> None:
        self.lab = EmbeddedLab(devices)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lab", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.lab.start(), self._loop).result()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.call(self.lab.stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(_cancel_tasks())
        self._loop.close()

    def address(self, device: str) -> tuple[str, int]:
        """(host, port) of a device."""
        return HOST, self.lab.port(device)

    def call(self, function: Callable[[], T]) -> T:
        """Call a function in the lab's thread: only this thread may change the devices."""

        async def run() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def inject(self, device: str, fault: str, args: Mapping[str, Any] | None = None) -> ActiveFault:
        """Inject a fault."""
        injected = self.call(lambda: self.lab.faults.inject(device, fault, args or {}))
        asyncio.run_coroutine_threadsafe(self.lab.refresh(), self._loop).result()
        return injected

    def clear(self, device: str, fault: str, args: Mapping[str, Any] | None = None) -> None:
        """Clear a fault."""
        self.call(lambda: self.lab.faults.clear(device, fault, args or {}))
        asyncio.run_coroutine_threadsafe(self.lab.refresh(), self._loop).result()


async def _cancel_tasks() -> None:
    """Cancel the remaining tasks, such as connections being set up."""
    remaining = asyncio.all_tasks() - {asyncio.current_task()}
    for task in remaining:
        task.cancel()
    await asyncio.gather(*remaining, return_exceptions=True)
