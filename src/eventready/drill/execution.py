"""Execution of a drill: audit, measure, break, observe, repair, audit again; every step is recorded first."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.core.messages import Bilingual, Message, from_json, message
from eventready.drill.probes import Measuring
from eventready.drill.record import DrillRecord, DrillRun, drill_run_named, drill_runs
from eventready.drill.spec import Drill, Failure
from eventready.drill.steps import (
    DeviceEvent,
    Failing,
    Opened,
    Outcome,
    Prechecked,
    Predicted,
    Prepared,
    ProbeResult,
    ProbesMeasured,
    Repaired,
    Repairing,
    Verified,
)
from eventready.drill.targets import DrillTarget
from eventready.store.run_records import RunFinding
from eventready.store.store import Store

_WARNINGS = ("warn", "fail")
_HOLDS = ("pass", "waived")


def predictions(drill: Drill, findings: Iterable[RunFinding]) -> tuple[Predicted, ...]:
    """Warnings and failures of the drill's predicting checks, on any device of the audit."""
    return tuple(
        Predicted(one.check, one.device, one.subject, one.status, _sentence(one))
        for one in findings
        if one.check in drill.predicted_by and one.status in _WARNINGS
    )


def unpredicted(probes: Sequence[ProbeResult], predicted: Sequence[Predicted]) -> bool:
    """True for a missed limit without an announcing finding: a gap in the checks."""
    return not predicted and any(not probe.within for probe in probes)


def unmet(drill: Drill, findings: Iterable[RunFinding]) -> tuple[Message, ...]:
    """Sentences for requirements without a passing finding of the audit."""
    return tuple(_unmet(drill, findings))


def _unmet(drill: Drill, findings: Iterable[RunFinding]) -> Iterator[Message]:
    by_name: dict[tuple[str, str], list[RunFinding]] = defaultdict(list)
    for finding in findings:
        by_name[finding.check, finding.device].append(finding)
    for requirement in drill.requires:
        for device in requirement.devices:
            found = by_name.get((requirement.check, device), [])
            if not found:
                yield message("drill:unmet.not_evaluated", check=requirement.check, device=device)
            for finding in found:
                if finding.status not in _HOLDS:
                    sentence = _sentence(finding)
                    yield message("drill:unmet.finding", check=requirement.check, device=device, finding=sentence)


def _sentence(finding: RunFinding) -> str | Message:
    """Sentence of a finding, with its message, or its text alone."""
    if not finding.message_id:
        return finding.message
    params = {name: from_json(param) for name, param in finding.params.items()}
    return Message(finding.message_id, params, finding.message)


#: Streams must be answered within this time before anything is broken.
_ANSWER_S = 10.0
#: So long a repaired network has until its streams are answered again.
_RECOVERY_S = 30.0
_POLL_S = 0.1

#: Audits the devices of a drill: (run id, findings of the run document).
AuditDevices = Callable[[Sequence[str]], tuple[str, Sequence[RunFinding]]]


class Progress(Protocol):
    """A follower of the drill. An exception of a follower is ignored."""

    def step(self, name: str, detail: Message) -> None:
        """A step begins."""


@dataclass(frozen=True)
class DrillOptions:
    """Operator of the drill; `plan`: id of the plan in production. `sleep` is replaced in tests.

    named: `by` is a person's name; otherwise a login.
    """

    by: str
    plan: str = ""
    named: bool = True
    sleep: Callable[[float], None] = time.sleep


@dataclass
class DrillExecutor:
    """Run drills of a workspace on a target."""

    store: Store
    clock: Clock
    target: DrillTarget
    audit: AuditDevices
    prepared: Callable[[Drill], Prepared]
    measuring: Callable[[Drill], Measuring]
    options: DrillOptions
    progress: Progress
    _predicted: tuple[Predicted, ...] = field(default=(), init=False)
    _events: list[DeviceEvent] = field(default_factory=list, init=False)
    _failed_at: float = field(default=0.0, init=False)
    _failed: datetime = field(default_factory=Clock.real, init=False)

    def run(self, drill: Drill) -> DrillRun:
        """Run a drill to its end. Raises RefusedError before anything is broken; afterwards the network is repaired."""
        opened = Opened(
            drill.name,
            drill,
            self.clock.now(),
            by=self.options.by,
            target=self.target.description,
            network=self.target.network,
            rehearsal=self.target.rehearsal or self.clock.rehearsal,
            plan=self.options.plan,
            named=self.options.named,
        )
        record = DrillRecord.open(self.store, opened)
        measuring = self.measuring(drill)
        try:
            self._precheck(drill, record, measuring)
        except EventreadyError as error:
            measuring.abandon()
            record.close("refused", message("drill:closed.refused", error=error.whole))
            raise
        probes = self._break_and_measure(drill, record, measuring)
        outcome, reason = self._verify(drill, record, probes)
        record.close(outcome, reason)
        return drill_run_named(drill_runs(self.store), record.id)

    def resume(self, run: DrillRun) -> DrillRun:
        """Repair the failures of an interrupted drill, and close the drill."""
        if run.finished:
            raise UsageError(message("drill:run.finished", run=run.id))
        record = DrillRecord(self.store, run.id)
        if run.failing:
            self._repair(run.drill, record)
        record.close("interrupted", message("drill:closed.process"))
        return drill_run_named(drill_runs(self.store), run.id)

    def _precheck(self, drill: Drill, record: DrillRecord, measuring: Measuring) -> None:
        self._report("precheck", message("drill:progress.audit"))
        run, findings = self.audit(_devices(drill))
        missing = unmet(drill, findings)
        self._predicted = predictions(drill, findings)
        record.write(Prechecked(run, missing, self._predicted, self.prepared(drill)))
        if missing:
            raise RefusedError(message("drill:run.unmet", missing=missing[:5]))  # fmt: skip
        standing = [failure for failure in drill.break_ if self.target.stands(failure)]
        if standing:
            raise RefusedError(message("drill:run.standing", device=standing[0].device, fault=standing[0].fault))
        self._report("measure", message("drill:progress.probes"))
        measuring.start(self.target)
        self._wait(lambda: measuring.answered, _ANSWER_S)
        if not measuring.answered:
            raise RefusedError(message("drill:run.unanswered", names=measuring.unanswered))  # fmt: skip
        self.options.sleep(drill.settle_s)

    def _break_and_measure(self, drill: Drill, record: DrillRecord, measuring: Measuring) -> tuple[ProbeResult, ...]:
        record.write(Failing())
        try:
            with self._repaired(drill, record):
                measuring.mark()
                self._events, self._failed_at, self._failed = [], time.monotonic(), Clock.real()
                for failure in drill.break_:
                    self._report("break", message("drill:progress.fault", fault=failure.fault, device=failure.device))
                    self.target.fail(failure)
                    self._note(failure, "made")
                self._report("observe", message("drill:progress.seconds", seconds=drill.observe_s))
                self.options.sleep(drill.observe_s)
                measuring.observe()
            self._wait(lambda: measuring.answered_now, _RECOVERY_S)
            self.options.sleep(drill.settle_s)
            probes = measuring.finish()
        except BaseException:
            measuring.abandon()
            with suppress(EventreadyError):
                if not drill_run_named(drill_runs(self.store), record.id).failing:  # else `--resume` has work to do
                    record.close("interrupted", message("drill:closed.called_off"))
            raise
        record.write(ProbesMeasured(probes, tuple(self._events), self._failed))
        return probes

    @contextmanager
    def _repaired(self, drill: Drill, record: DrillRecord) -> Iterator[None]:
        try:
            yield
        finally:
            self._repair(drill, record)

    def _repair(self, drill: Drill, record: DrillRecord) -> None:
        record.write(Repairing())
        for failure in reversed(drill.break_):
            self._report("repair", message("drill:progress.fault", fault=failure.fault, device=failure.device))
            self.target.repair(failure)
            self._note(failure, "repaired")
        record.write(Repaired())

    def _verify(
        self, drill: Drill, record: DrillRecord, probes: Sequence[ProbeResult]
    ) -> tuple[Outcome, Message | None]:
        self._report("verify", message("drill:progress.audit_again"))
        run, findings = self.audit(_devices(drill))
        missing = unmet(drill, findings)
        record.write(Verified(run, missing))
        names = {probe.name: Bilingual(probe.name_vi, probe.name) for probe in drill.probes}
        missed = [names[probe.probe] for probe in probes if not probe.within]
        if missing:
            return "failed", message("drill:closed.after_repair", missing=missing[:5])
        void = [one for one in probes if one.void]
        if void:
            reasons = [message("drill:closed.void_probe", probe=names[one.probe], reason=one.void) for one in void]
            return "void", message("drill:closed.void", probes=reasons)
        if unpredicted(probes, self._predicted):
            return "unpredicted", message("drill:closed.unpredicted", probes=missed)
        if missed:
            return "failed", message("drill:closed.missed", probes=missed)
        return "passed", None

    def _note(self, failure: Failure, action: Literal["made", "repaired"]) -> None:
        """Note an event of a device, in seconds since the failure, for the timeline."""
        at = round(time.monotonic() - self._failed_at, 3)
        self._events.append(DeviceEvent(at, failure.device, failure.fault, action))

    def _wait(self, condition: Callable[[], bool], longest_s: float) -> None:
        for _ in range(round(longest_s / _POLL_S)):
            if condition():
                return
            self.options.sleep(_POLL_S)

    def _report(self, step: str, detail: Message) -> None:
        with suppress(Exception):
            self.progress.step(step, detail)


def _devices(drill: Drill) -> tuple[str, ...]:
    required = (device for requirement in drill.requires for device in requirement.devices)
    return tuple(dict.fromkeys((*drill.devices, *required)))
