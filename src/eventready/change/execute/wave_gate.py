"""Conditions for the begin of a wave, at its moment: windows, new failures, measured paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from eventready.change.document import Plan
from eventready.change.execute.context import ExecutionContext
from eventready.change.plan.paths import paths_of
from eventready.change.safety.freeze import closed_to_waves
from eventready.change.safety.maintenance import is_open
from eventready.core.clock import Clock
from eventready.core.messages import Message, message
from eventready.core.strings.texts import at
from eventready.store.event_journal import EventJournal
from eventready.store.run import Run
from eventready.store.store import Store
from eventready.store.watch_log import DEVICE, STREAM, Beat, RecordedChange, changes_since
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class WaveGate:
    """Gate of the waves of a change begun at an event time. `emergency`: closed windows do not count."""

    context: ExecutionContext
    plan: Plan
    begun: datetime
    emergency: bool = False

    def reason(self, wave: Sequence[str], beside: Iterable[str] = ()) -> str | Message:
        """Return the reason against the begin of a wave, or an empty text. Raises StoreError.

        `beside`: devices in their soak.
        """
        event, now = self.context.event_of(self.plan), self.context.clock.now()
        if not self.emergency and (closed := closed_to_waves(event, now)):
            return closed
        if (window := self.context.options.window) and not is_open(event, window, now):
            return message("change:window.wave", name=window)
        runs = self._runs()
        since = min([self.begun, *(moment_of(run) for run in runs[-1:])])
        changes = changes_since(self.context.store, event.id, self.context.clock, since)
        for one in _failures(wave, (one for moment, one in changes if moment >= self.begun)):
            return message("change:gate.failure", device=one.device, finding=f"{one.check} {one.subject}".strip())
        return self._cut_off(runs, wave, beside, [one for _moment, one in changes])

    def _runs(self) -> tuple[Run, ...]:
        """Return the audit on which the plan rests, and the newest audit; none without the first."""
        workspace, store, clock = self.context.workspace, self.context.store, self.context.clock
        full = store.full_runs(workspace.event.id, len(workspace.devices), rehearsal=clock.rehearsal)
        planned = datetime.fromisoformat(self.plan.created.event)
        newest = store.get(full[-1]) if full else None
        for name in reversed(full):
            run = store.get(name)
            if moment_of(run) <= planned:
                return (run, newest) if newest else ()
        return ()

    def _cut_off(
        self, runs: Sequence[Run], wave: Sequence[str], beside: Iterable[str], changes: Sequence[RecordedChange]
    ) -> str | Message:
        """Return the services without their measured path around the wave since the plan."""
        if not runs:
            return ""
        workspace, names = self.context.workspace, {*wave, *beside}
        before, newest = runs
        then = paths_of(workspace.event, workspace.devices, before)
        now = paths_of(workspace.event, workspace.devices, newest, changes)
        needs = [" ".join(need) for need in now.lost_since(then, names)]
        if not needs:
            return ""
        return message("change:gate.path", needs=needs, devices=sorted(names), at=at(moment_of(newest)))


def paths_at(workspace: Workspace, store: Store, clock: Clock) -> datetime | None:
    """Return the event time of the newest measurement of paths: the last full audit, or now beside a watch.

    None without an audit. Raises StoreError.
    """
    full = store.full_runs(workspace.event.id, len(workspace.devices), rehearsal=clock.rehearsal)
    if not full:
        return None
    beat = EventJournal(store, STREAM, workspace.event.id, clock).latest(1, lambda step: isinstance(step, Beat))
    moments = [moment_of(store.get(full[-1])), *(entry.body.at for entry in beat)]
    return max(moments)


def moment_of(run: Run) -> datetime:
    """Return the event time of an audit."""
    return datetime.fromisoformat(run.header.moment)


def _failures(names: Sequence[str], changes: Iterable[RecordedChange]) -> Iterator[RecordedChange]:
    """Yield the changes to a failure, or to no answer, in which devices stand now."""
    last = {(one.device, one.check, one.subject): one for one in changes if one.device in names}
    for one in last.values():
        if one.new == "fail" or (one.check == DEVICE and one.new == "not_measured"):
            yield one
