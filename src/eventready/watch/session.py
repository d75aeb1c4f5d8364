"""Watch of a workspace: devices, checks, states and record, put together and run until an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from math import inf

from eventready.audit.audit import network_setting
from eventready.audit.run_builder import recorded_network, usual_audits
from eventready.change.plan.paths import paths_of
from eventready.change.plan.places import venues_of_device
from eventready.checks.finding import Finding, Outcome
from eventready.checks.registry import audit_checks
from eventready.core.clock import Clock
from eventready.core.errors import StoreError, UsageError, WorkspaceError
from eventready.core.messages import message
from eventready.core.strings.texts import moment_of
from eventready.core.this_process import notify_systemd, relaxed_gc
from eventready.core.validation_messages import suggest
from eventready.evaluation.bearing import Weight, weights
from eventready.evaluation.limits import ResolvedLimits, resolve_limits
from eventready.evaluation.matrix import Matrix, build_matrix
from eventready.evaluation.runner import History
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.equipment import Equipment
from eventready.facts.performance.cell_records import devices_of_files
from eventready.facts.performance.cell_source import cell_sources
from eventready.facts.platform import Platform
from eventready.network.graph.topology import Topology, behind
from eventready.network.setting import NetworkSetting
from eventready.store.run import Run
from eventready.store.run_records import RunFinding
from eventready.store.store import Store
from eventready.store.watch_log import RecordedChange
from eventready.watch.alerts.calls import AlertCalls
from eventready.watch.cell_files import CellFiles
from eventready.watch.job import Remembered, WatchJob, remembered
from eventready.watch.kpi import KpiRecord
from eventready.watch.loop import WatchLoop
from eventready.watch.own_clock import clock_finding
from eventready.watch.reader import Accounting, Ask, DeviceReader, accounting
from eventready.watch.record import WatchRecord
from eventready.watch.schedule import Schedule
from eventready.watch.snapshot import NO_CALLS, OUTDATED, Snapshots
from eventready.watch.snapshot_record import SNAPSHOT_S, LastVerdicts
from eventready.watch.states import Key, StateChange, States
from eventready.watch.watcher import Watcher
from eventready.workspace.devices.device import Device
from eventready.workspace.files.yaml_document import raise_errors
from eventready.workspace.settings.performance import PerformanceFile, load_performance
from eventready.workspace.settings.watch import WatchFile, load_watch
from eventready.workspace.workspace import Workspace

#: Pauses and changes in progress are looked up at most so often; a standby watcher waits so long; seconds.
_LOOK_S, _STANDBY_S = 5.0, 5.0
_LONGEST_PAUSE_S = 86_400.0
#: Least time between two snapshots, as a multiple of the time that the latest took, which counts as at most so many
#: times as long as before: the next snapshot comes before the one that announced it is old.
_PAUSES, _SLOWER = 4, 2

OnBegin = Callable[[Mapping[str, Accounting]], None]
OnRound = Callable[[Watcher, Sequence[StateChange], Mapping[str, str]], None]


@dataclass
class WatchSession:
    """Watch of some devices of a workspace. `ask`: see `DeviceReader`."""

    workspace: Workspace
    devices: Sequence[Device]
    store: Store
    clock: Clock
    workers: int = 32
    calls: AlertCalls | None = None
    ask: Ask | None = None
    _rounds: bool = False
    _resting: Mapping[str, str] = field(default_factory=dict)
    _looked_at: float = -inf

    def run(
        self,
        seconds: float,
        on_round: OnRound,
        on_standby: Callable[[], None] = lambda: None,
        on_begin: OnBegin = lambda _lines: None,
        on_outage: Callable[[StoreError], None] = lambda _error: None,
    ) -> None:
        """Watch for `seconds`. Another watcher of the store leads first; this watcher then takes over.

        `on_round` gets the watcher, the changes, and the reason by resting device; `on_begin` the lines of accounting
        in an hour, outside of protected time. After a failure of the store, named to `on_outage`, the watch begins anew
        with its lock and its record. Raises StoreError before the first round, WorkspaceError, and UsageError without
        devices.
        """
        if not self.devices:
            raise UsageError(message("watch:no_device"))
        settings = _settings(self.workspace)
        until = time.monotonic() + seconds
        announced = outage = False

        def after_round(watcher: Watcher, changes: Sequence[StateChange], resting: Mapping[str, str]) -> None:
            nonlocal outage
            self._rounds, outage = True, False
            on_round(watcher, changes, resting)

        while time.monotonic() < until:
            try:
                with self.store.exclusive("watch") as mine:
                    if mine:
                        self._lead(settings, until, after_round, (lambda _lines: None) if self._rounds else on_begin)
                        return
            except StoreError as error:
                if not (self._rounds or announced):
                    raise
                if not outage:
                    on_outage(error)
                outage = True
            notify_systemd("WATCHDOG=1" if announced or outage else "READY=1")
            if not (announced or outage):
                announced = True
                on_standby()
            time.sleep(min(_STANDBY_S, max(0.0, until - time.monotonic())))

    def _lead(self, settings: WatchFile, until: float, on_round: OnRound, on_begin: OnBegin) -> None:
        workspace, devices = self.workspace, {device.name: device for device in self.devices}
        equipment = Equipment.of(workspace).only(self.devices)
        questions, left_out = equipment.asking, workspace.left_out(self.devices)
        performance = load_performance(workspace.path)
        matrix = build_matrix(
            self.devices, equipment.platforms, network=network_setting(workspace), left_out=left_out,
            of_files=[one.name for one in devices_of_files(performance, self.devices)],
        )  # fmt: skip
        if self.ask is None:
            workspace.check_secrets(devices)
        facts = {name: matrix.needed(name) for name in devices}
        record = WatchRecord(self.store, workspace.event.id, self.clock)
        states = States()
        audited = _last_audit(self.store, workspace, self.clock)
        known, since, causes = known_states(record, audited, self.clock.now().timestamp())
        states.begin(known, since, causes)
        job = self._job(matrix, record, known, audited)
        reader = self._reader(settings, questions, performance)
        on_begin(
            {
                name: accounting(questions[name], facts[name], settings.interval_of, held=name in reader.held)
                for name in devices
            }
        )

        protected = self._protection(audited)
        watcher = Watcher(job, states, settings.interval_of, protected)
        if self.calls:
            self.calls.begin(devices, record)
            self.calls.alerts.settle(known)
            self.calls.died()
        snapshots = Snapshots(self.store, workspace.event.id, self.clock)
        kept_at, cost_s, changed = -inf, 0.0, False

        def after_round(changes: Sequence[StateChange]) -> None:
            nonlocal kept_at, cost_s, changed
            begun, changed = time.monotonic(), changed or bool(changes)
            if begun - kept_at >= max(_PAUSES * cost_s, 0 if changed else SNAPSHOT_S):
                notes = [*(self.calls.notes() if self.calls else [NO_CALLS]), *([OUTDATED] * workspace.changed)]
                every_s = max(_PAUSES * cost_s, SNAPSHOT_S) + cost_s
                snapshots.keep(watcher, self._resting, begun, every_s, notes)
                kept_at, changed = time.monotonic(), False
                cost_s = min(kept_at - begun, _SLOWER * max(cost_s, SNAPSHOT_S / _PAUSES))
            if self.calls:
                self.calls.round(changes, self._resting, watcher.open_findings())
            notify_systemd("WATCHDOG=1")
            on_round(watcher, changes, self._resting)

        loop = WatchLoop(
            watcher=watcher,
            schedule=Schedule(facts, settings.interval_of, reader.held, protected),
            reader=reader,
            log=record,
            figures=KpiRecord(devices, self.store.series(workspace.event.id, rehearsal=self.clock.rehearsal)),
            clock=self.clock,
            resting=lambda: self._rest(record).keys(),
            on_round=after_round,
            own_findings=lambda: () if self.clock.rehearsal else (clock_finding(),),
            workers=self.workers,
        )
        notify_systemd("READY=1")
        try:
            with self.calls.sending() if self.calls else nullcontext(), relaxed_gc():
                loop.run(until)
            record.end()
        except KeyboardInterrupt:
            record.end()
            raise
        finally:
            reader.close()

    def _reader(
        self, settings: WatchFile, platforms: Mapping[str, Platform], performance: PerformanceFile
    ) -> DeviceReader:
        """Return the reader of the devices and of their performance files. Raises StoreError, WorkspaceError."""
        workspace, hold = self.workspace, () if self.ask else settings.hold
        held = [one.name for one in self.devices if any(fnmatchcase(one.name, pattern) for pattern in hold)]
        filed = devices_of_files(performance, self.devices)
        sources = cell_sources(workspace.path, performance, filed)
        files = CellFiles(sources, filed, self.store, workspace.event.id, self.clock) if filed else None
        return DeviceReader(workspace.nornir(self.workers), platforms, held, self.ask, files)

    def _job(self, matrix: Matrix, record: WatchRecord, known: Mapping[Key, str], audited: Run | None) -> WatchJob:
        """Return the input of the watch, with findings of the last full audit. Raises StoreError."""
        workspace, devices = self.workspace, {device.name: device for device in self.devices}
        limits = resolve_limits(workspace.limits, self.devices)
        return WatchJob(
            workspace.event,
            devices,
            matrix,
            limits,
            workspace.waivers,
            _behind(workspace, audited, devices) if audited else {},
            network_weights(audited, self.devices, limits) if audited else (),
            self._usual(),
            self._last(audited),
            self._remembered(known, record, audited),
        )

    def _last(self, audited: Run | None) -> LastVerdicts | None:
        """Return the verdicts of the last watch or audit, the later of both. Raises StoreError."""
        snapshot = Snapshots(self.store, self.workspace.event.id, self.clock).latest()
        found = [snapshot.last] if snapshot else []
        found += (
            [LastVerdicts(_at(audited), tuple((*one.place, one.verdict) for one in audited.verdicts()))]
            if audited
            else []
        )
        return max(found, key=lambda one: one.at, default=None)

    def _remembered(self, known: Mapping[Key, str], record: WatchRecord, audited: Run | None) -> dict[str, Remembered]:
        """Return the memory in force at the begin of the watch. Raises StoreError."""
        now, event = self.clock.now(), self.workspace.event
        recorded = [(_at(audited), _as_change(one)) for one in audited.open_findings()] if audited else []
        recorded += record.timeline()
        since = min((one.start for one in event.windows_at(now, "event")), default=None)
        return remembered(known, sorted(recorded, key=lambda one: one[0]), now, time.monotonic(), since)

    def _usual(self) -> Callable[[datetime], History]:
        """Return the readings of earlier audits of the weekday and hour of now, read again every hour."""

        @lru_cache(maxsize=1)
        def of_hour(_hour: tuple[object, int]) -> History:
            return usual_audits(self.store, self.clock, self.workspace.event.id, len(self.workspace.devices))

        return lambda moment: of_hour((moment.date(), moment.hour))

    def _protection(self, audited: Run | None) -> Callable[[], frozenset[str]]:
        """Return the lookup of the devices in protected time now, by their venues; looked up every second."""
        event, devices = self.workspace.event, self.devices
        paths = paths_of(event, self.workspace.devices, audited)
        venues = {one.name: venues_of_device(one, event, paths) for one in devices} if event.placed else {}

        @lru_cache(maxsize=1)
        def of_second(_second: int) -> frozenset[str]:
            windows = event.windows_at(self.clock.now(), "protected")
            return frozenset(
                one.name for one in devices if any(window.touches(venues.get(one.name, ())) for window in windows)
            )

        return lambda: of_second(int(time.monotonic()))

    def _rest(self, record: WatchRecord) -> Mapping[str, str]:
        """Return the reason by device left alone: a command or a change in progress; empty for a pause by a person.

        Raises StoreError, also for a lost lock: another watcher may lead.
        """
        if time.monotonic() - self._looked_at >= _LOOK_S:
            self._looked_at = time.monotonic()
            self.store.confirm("watch")
            self._resting = record.resting(self.clock.now())
        return self._resting


def _settings(workspace: Workspace) -> WatchFile:
    """Read watch.yaml. Raises WorkspaceError, also for an unknown fact and for a name of no device in `hold`."""
    path = workspace.path / "inventory" / "watch.yaml"
    settings = load_watch(path)
    names = [device.name for device in workspace.devices]
    problems = [
        WorkspaceError(message("watch:interval.unknown", fact=fact), where=str(path), do=suggest(fact, CATALOGUE))
        for fact in settings.intervals
        if fact not in CATALOGUE
    ]
    problems += [
        WorkspaceError(message("watch:hold.unknown", pattern=one), where=str(path), do=suggest(one, names))
        for one in settings.hold
        if not any(fnmatchcase(name, one) for name in names)
    ]
    raise_errors(problems)
    return settings


def _last_audit(store: Store, workspace: Workspace, clock: Clock) -> Run | None:
    """Return the last full audit; None without an audit."""
    full = store.full_runs(workspace.event.id, len(workspace.devices), rehearsal=clock.rehearsal)
    return store.get(full[-1]) if full else None


def _behind(workspace: Workspace, run: Run, devices: Collection[str]) -> dict[str, frozenset[str]]:
    """Return the devices cut off by each device of the watch, by the network of an audit."""
    setting = NetworkSetting(workspace.event.venues, workspace.event.origins, workspace.risks)
    cut = behind(Topology(recorded_network(workspace.devices, run), setting))
    return {name: names for name, names in cut.items() if name in devices}


def network_weights(run: Run, devices: Sequence[Device], limits: ResolvedLimits) -> tuple[Weight, ...]:
    """Return the weights of an audit's findings about the whole network, with checks of audits alone."""
    found = [
        Finding(
            Outcome(one.status), one.subject, one.message_id, check=one.check, device=one.device,
            venues=one.venues, services=one.services, blind=one.blind, was=Outcome(one.was) if one.was else None,
        )
        for one in run.open_findings()
        if one.check in audit_checks()
    ]  # fmt: skip
    return weights(devices, found, limits)


def known_states(
    record: WatchRecord, audited: Run | None, now: float
) -> tuple[dict[Key, str], dict[Key, float], dict[Key, str]]:
    """Return the states before a watch, their begins and causes: of earlier watches and of the last audit, the later
    counts.

    An audit of the future, such as a real one before a rehearsal, is not later. Raises StoreError.
    """
    last = record.last_changes()
    states = {key: one.new for key, (_at, one) in last.items() if key.check}
    since = {key: begun.timestamp() for key, (begun, _one) in last.items()}
    at = _at(audited).timestamp() if audited else now
    for key, status in states_of(audited).items() if audited else ():
        if key not in states or (states[key] != status and since[key] < at <= now):
            states[key], since[key] = status, min(at, now)
    return states, since, {key: one.cause for key, (_at, one) in last.items()}


def _as_change(one: RunFinding) -> RecordedChange:
    """Return a finding of an audit as the change to its state."""
    return RecordedChange(one.device, one.check, one.subject, "", one.status, damped=False, cause="", params=one.params)


def _at(run: Run) -> datetime:
    """Time of an audit on the event's clock."""
    return moment_of(run.header.moment)


def states_of(run: Run) -> dict[Key, str]:
    """Return the states of the findings of an audit."""
    return {Key(one.device, one.check, one.subject): one.status for one in run.findings()}


def pause(session: WatchSession, device: str, seconds: float, by: str) -> datetime:
    """Let the watchers leave a device alone for some seconds; 0 ends a pause. Return its end.

    Raises UsageError, StoreError.
    """

    if device not in {one.name for one in session.devices}:
        names = [one.name for one in session.devices]
        raise UsageError(message("watch:pause.unknown", device=device), do=suggest(device, names))
    if seconds > _LONGEST_PAUSE_S:
        raise UsageError(message("watch:pause.long"))
    until = session.clock.now() + timedelta(seconds=seconds)
    WatchRecord(session.store, session.workspace.event.id, session.clock).pause(device, until, by)
    return until
