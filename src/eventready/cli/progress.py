"""Progress on stderr: one line of bars with counts and time left while a person watches, failures as they come."""

from __future__ import annotations

from threading import Lock
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

_STAGES = {
    "reading": "Reading devices",
    "counters": "Reading counters again",
    "planning": "Reading configurations",
}


class Bars:
    """The watch of an audit for a person. Off a terminal it says nothing but which devices gave trouble."""

    def __init__(self, *, interactive: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[bad]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not interactive,
            transient=True,
        )
        self._interactive = interactive
        self._lock = Lock()
        self._task: TaskID | None = None
        self._bad = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bars away; a second time does nothing."""
        self._progress.stop()

    def stage(self, name: str, total: int) -> None:
        """A stage over `total` devices begins."""
        with self._lock:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task = self._progress.add_task(_STAGES.get(name, name), total=total, bad="")
            self._bad = 0

    def done(self, device: str, trouble: str) -> None:
        """One device has been read; `trouble` is empty or a sentence."""
        with self._lock:
            if trouble:
                self._bad += 1
                self._say(f"{device}: not measured. {trouble}")
            if self._task is not None:
                self._progress.update(self._task, advance=1, bad=f"{self._bad} in trouble" if self._bad else "")

    def _say(self, line: str) -> None:
        if self._interactive:
            self._progress.console.print(line, markup=False, highlight=False)
        else:
            click.echo(line, err=True)
