"""Probe stream of a drill: prober process, samples, end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import Message, message
from eventready.core.text_lines import lines_of
from eventready.session.probes.outage import Interruption, Sample, interruption

_END_S = 5.0


@dataclass(frozen=True)
class StreamTarget:
    """Where a stream goes. `launcher` are the words before the prober's command: a network namespace of a lab."""

    kind: str
    host: str
    port: int = 0
    argument: str = ""
    launcher: tuple[str, ...] = ()


@dataclass
class ProbeStream:
    """Running prober. `finish` ends the process and measures the losses."""

    name: str
    rate: float
    process: subprocess.Popen[str]
    samples: list[Sample] = field(default_factory=list)
    _reader: threading.Thread | None = None

    @classmethod
    def start(cls, name: str, target: StreamTarget, rate: float) -> ProbeStream:
        """Start the prober of a target. Raises UsageError if the process cannot be started."""
        command = [
            *target.launcher, sys.executable, "-m", "eventready.session.probes.prober", target.kind, target.host,
            str(target.port), "--rate", str(rate), "--argument", target.argument,
        ]  # fmt: skip
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                start_new_session=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        except OSError as error:
            raise UsageError(message("drill:stream.not_started", name=name, reason=os_reason(error))) from None
        stream = cls(name, rate, process)
        stream._reader = threading.Thread(target=stream._read, name=f"probe {name}", daemon=True)
        stream._reader.start()
        return stream

    def _read(self) -> None:
        for line in self.process.stdout or ():
            row = json.loads(line)
            self.samples.append(Sample(row["sequence"], row["sent"], row["received"]))

    @property
    def answered(self) -> bool:
        """True once an answer has arrived."""
        return any(not sample.lost for sample in list(self.samples))

    def finish(self) -> Interruption:
        """End the prober after the requests under way, and measure. Raises UsageError after a failure of the prober."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            code = self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.kill()
            code = 0
        if self._reader:
            self._reader.join(_END_S)
        complaint = self.process.stderr.read().strip() if self.process.stderr else ""
        if code:
            raise UsageError(message("drill:stream.failed", name=self.name, reason=_last_line(complaint)))
        return interruption(self.samples, 1.0 / self.rate)

    def kill(self) -> None:
        """End the prober at once; samples are kept."""
        self.process.kill()
        self.process.wait()


def stop_all(streams: Sequence[ProbeStream]) -> None:
    """Kill every running prober."""
    for stream in streams:
        if stream.process.poll() is None:
            stream.kill()


def _last_line(text: str) -> str | Message:
    return lines_of(text)[-1] if text else message("drill:no_reason")
