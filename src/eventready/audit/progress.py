"""Progress of work on many devices: audits, captures and plans."""

from __future__ import annotations

from typing import Protocol


class ReadProgress(Protocol):
    """Listener for the devices read so far, such as a progress bar. Exceptions of a listener are ignored."""

    def stage(self, name: str, total: int) -> None:
        """Begin a stage over `total` devices, such as `reading` or `counters`; `pause` lasts `total` seconds."""

    def done(self, device: str, trouble: str) -> None:
        """Count a device as read; `trouble` is empty or a sentence."""


class NoProgress:
    """Progress without a display."""

    def stage(self, *_: object) -> None:
        """See ReadProgress."""

    done = stage
