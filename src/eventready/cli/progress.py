"""Progress on stderr: a bar with counts and time left on a terminal, and failures as they occur."""

from __future__ import annotations

from threading import Lock
from types import TracebackType
from typing import Self

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from eventready.cli.console import VisibleConsole
from eventready.core.errors import EventreadyError
from eventready.core.messages import Lang, Message, term, text


class ProgressBars:
    """Progress bars of an audit. Without a terminal only failed devices are printed."""

    def __init__(self, *, interactive: bool, lang: Lang = "en") -> None:
        self._lang: Lang = lang
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[bad]}"),
            TimeRemainingColumn(),
            console=VisibleConsole(stderr=True),
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
        """Remove the bars; idempotent."""
        self._progress.stop()

    def stage(self, name: str, total: int) -> None:
        """Begin a stage over `total` devices."""
        with self._lock:
            if self._task is not None:
                self._progress.remove_task(self._task)
            if name == "pause" and not self._interactive and total:
                self._say(text("cli:progress.waiting", self._lang, seconds=total))
            self._task = self._progress.add_task(term("cli:stage", name, self._lang), total=total, bad="")
            self._bad = 0

    def done(self, device: str, trouble: str | Message) -> None:
        """Count a device as read; `trouble` is empty or a sentence."""
        with self._lock:
            if trouble:
                self._bad += 1
                reason = EventreadyError(trouble).render(self._lang)
                self._say(text("cli:progress.not_measured", self._lang, device=device, reason=reason))
            if self._task is not None:
                failed = text("cli:progress.failed", self._lang, count=self._bad) if self._bad else ""
                self._progress.update(self._task, advance=1, bad=failed)

    def _say(self, line: str) -> None:
        if self._interactive:
            self._progress.console.print(line, markup=False, highlight=False)
        else:
            click.echo(line, err=True)
