"""Audit: read every device, evaluate the checks, give a verdict per venue and service.

Read `audit` from top to bottom; the rest of the package serves it.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Literal

from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.processes import open_collector
from eventready.audit.collectors.reading import (
    AuditJob,
    CollectStatus,
    DeviceCollector,
    DeviceRead,
    OnRead,
    packed,
)
from eventready.audit.device_result import DeviceResult, elsewhere, items_across
from eventready.audit.run_builder import begun_run, build_run, earlier_audits, recorded_rows, summary, with_verdicts
from eventready.audit.runner import ReadProgress
from eventready.audit.saved_outputs import SavedOutputs
from eventready.checks.equipment.upkeep import outdated
from eventready.checks.finding import Finding
from eventready.core.clock import Clock
from eventready.core.errors import Exit, most_severe
from eventready.core.messages import Message, message
from eventready.core.this_process import relaxed_gc
from eventready.core.timezone import local_time
from eventready.evaluation.bearing import weights
from eventready.evaluation.limits import resolve_limits
from eventready.evaluation.matrix import DutyIndex, build_matrix
from eventready.evaluation.rests import rests
from eventready.evaluation.runner import Coverage, evaluate_all
from eventready.evaluation.verdicts import ServiceWalks, exit_code, verdicts_of
from eventready.evaluation.waivers import require_known
from eventready.facts.equipment import Equipment
from eventready.facts.observation import Observation
from eventready.facts.performance.cell_records import observe_cells
from eventready.network.planned_work import planned_works
from eventready.network.seen import SeenSubjects
from eventready.network.setting import NetworkSetting
from eventready.session.hostkeys import known_hosts
from eventready.store.run import Run
from eventready.store.run_records import ClusterWorker, FewerSessions, RefusedWorker, RunCluster
from eventready.store.store import Store
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.performance import PerformanceFile, load_performance
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class AuditedWindow:
    """Window of the verdicts of an audit. `event`: with its venues alone; `devices`: with findings in the exit code."""

    name: str
    event: Event
    devices: frozenset[str]


@dataclass(frozen=True)
class AuditOptions:
    """Options of an audit.

    `interval_s`: seconds between the two readings of counters; 0 reads once and measures no rate.
    `time_limit_s`: seconds after which the remaining devices are not contacted.
    `baseline`: name of the run to compare with. `saved`: folder of saved outputs to read instead of the devices.
    `fail_on`: lightest finding with an exit code of its own. `wide`: ask for all facts of the platforms.
    `cluster`: scheduler whose workers read the devices. `window`: of the verdicts; None gives those of all venues.
    """

    workers: int = 32
    interval_s: float = 10.0
    time_limit_s: float = 7200.0
    baseline: str = ""
    saved: Path | None = None
    fail_on: Literal["warn", "fail"] = "fail"
    wide: bool = False
    cluster: SchedulerAddress | None = None
    window: AuditedWindow | None = None


@dataclass
class _Reading:
    """Results by device, recorded as they arrive, with the workers of a cluster and the clocks of these."""

    store: Store
    progress: ReadProgress
    run_id: str = ""
    results: dict[str, DeviceResult] = field(default_factory=dict)
    workers: dict[str, str] = field(default_factory=dict)
    skews: dict[str, float] = field(default_factory=dict)

    def record(self, read: DeviceRead) -> None:
        """Record the reading of a device. An answer is late, never early: the largest skew is the nearest."""
        self.store.keep(read.evidence)
        if read.result and read.device not in self.results:
            self.store.keep_items(self.run_id, read.result.items)
            self.results[read.device] = replace(read.result, items=())
        if worker := read.worker:
            self.workers[read.device] = worker.name
            self.skews[worker.name] = max(worker.skew_s, self.skews.get(worker.name, worker.skew_s))
        with suppress(Exception):
            self.progress.done(read.device, read.trouble)

    def cluster(self, status: CollectStatus) -> RunCluster | None:
        """Entry of the run for a cluster: workers with their devices and clocks, and refused workers."""
        if not self.workers and not status.refused:
            return None
        shares, skews = Counter(self.workers.values()), self.skews
        workers = tuple(ClusterWorker(name, shares[name], round(skews[name], 2) + 0.0) for name in sorted(shares))
        return RunCluster(workers, tuple(RefusedWorker(*one) for one in status.refused))


@dataclass(frozen=True)
class AuditResult:
    """The stored run, and the exit code of the command."""

    run: Run
    exit: Exit


def audit(
    workspace: Workspace,
    equipment: Equipment,
    *,
    store: Store,
    clock: Clock,
    options: AuditOptions,
    progress: ReadProgress,
    of_changes: Sequence[Observation] = (),
) -> AuditResult:
    """Audit devices, seal the run and store the run. Raises EventreadyError only before the first connection.

    `of_changes`: observations of the lines of an event that is over.
    """
    ends_at, devices = time.monotonic() + options.time_limit_s, equipment.devices
    venues = (options.window.event if options.window else workspace.event).venues
    with relaxed_gc():
        job = _job(workspace, equipment, store, clock, options, of_changes=of_changes)
        if job.saved and job.saved.rehearsal:
            clock = replace(clock, marked=True)
        started = clock.real().isoformat(timespec="milliseconds")
        begun = begun_run(workspace.event, workspace.duties, clock, devices)
        reading = _Reading(store, progress)
        with _open_collector(workspace, job, options, reading.record, ends_at) as collector:
            run_id = reading.run_id = store.begin(event=workspace.event.id, clock=clock, header=begun)
            store.keep(job.evidence)
            status = _read(job, collector, progress, ends_at)
        results = reading.results
        matrix = job.matrix.with_waived(finding for result in results.values() for finding in result.waived)
        evaluated = evaluate_all(
            devices, matrix, {name: result.shared for name, result in results.items()}, moment=job.moment,
            limits=job.limits, waivers=job.waivers, baseline=job.baseline, duties=job.duties, scope="fleet",
        )  # fmt: skip
        across = tuple(one for one in evaluated.findings if not elsewhere(one, job.devices.get(one.device), job.venues))
        if job.saved:
            old = outdated(job.saved.captured, job.devices, clock.real())
            across = tuple(sorted((*old, *across), key=lambda finding: (finding.device, finding.check)))
        coverage = sum((result.coverage for result in results.values()), Coverage(0, 0))
        seen = sum((result.seen for result in results.values()), SeenSubjects())
        weighed = chain(
            chain.from_iterable(results[name].weights for name in sorted(results)), weights(devices, across, job.limits)
        )
        found = verdicts_of(venues, devices, weighed, network=evaluated.network, left_out=matrix.left_out)
        counted = (one for one in results.values() if not options.window or one.device in options.window.devices)
        codes = _exits(counted, across, options.fail_on) | {exit_code((), coverage, verdicts=found)}
        header = build_run(
            run_id=run_id,
            started=started,
            event=workspace.event,
            duties=workspace.duties,
            clock=clock,
            devices=devices,
            results=results,
            coverage=coverage,
            seen=seen,
            saved=job.saved is not None,
            window=options.window.name if options.window else "",
            sessions=_fewer_sessions(status, options.workers),
            workers=reading.workers,
            cluster=reading.cluster(status),
            below=rests(evaluated.network),
        )
        store.keep_items(run_id, items_across(across))
        walks = ServiceWalks(evaluated.network, across, venues, _proof(job, clock))
        document = with_verdicts(header, found, walks.of)
        del found, walks, evaluated  # the references of a large fleet take more memory than its results
        return AuditResult(store.finish(document, summary(document, results.values(), across)), most_severe(codes))


def _proof(job: AuditJob, clock: Clock) -> Message:
    """Time or source of the readings as proof of the ways."""
    if job.saved:
        return message("checks:service_way.saved")
    begun, ended = (f"{local_time(moment):%H:%M}" for moment in (job.moment, clock.now()))
    at = begun if begun == ended else message("checks:service_way.span", begun=begun, ended=ended)
    return message("checks:service_way.witnessed", at=at)


def _exits(results: Iterable[DeviceResult], across: Iterable[Finding], fail_on: Literal["warn", "fail"]) -> set[Exit]:
    """Exit codes of the findings of devices, and of those across devices."""
    codes = {exit_code(across, Coverage(1, 1), fail_on)}
    bad = ("fail",) if fail_on == "fail" else ("fail", "warn")
    for result in results:
        codes |= {Exit.FINDINGS} if any(result.counts.get(status) for status in bad) else set()
        codes |= {Exit.INCOMPLETE} if result.unmeasured else set()
    return codes


def _job(
    workspace: Workspace,
    equipment: Equipment,
    store: Store,
    clock: Clock,
    options: AuditOptions,
    *,
    of_changes: Sequence[Observation],
) -> AuditJob:
    """Resolve platforms, limits, matrix and baseline; check secrets and host keys unless outputs are saved ones."""
    require_known(workspace.waivers, workspace.duties)
    devices = equipment.devices
    performance = PerformanceFile() if options.saved else load_performance(workspace.path)
    of_files, evidence = packed(observe_cells(workspace.path, performance, devices, clock), ())
    job = AuditJob(
        devices=equipment.by_name,
        platforms=equipment.asking,
        matrix=build_matrix(
            devices,
            equipment.platforms,
            wide=options.wide,
            network=network_setting(workspace, options.window.event if options.window else None),
            left_out=workspace.left_out(devices),
            of_files=[one.device for one in of_files],
            of_changes=[one.device for one in of_changes],
        ),
        limits=resolve_limits(workspace.limits, devices),
        moment=clock.now(),
        interval_s=options.interval_s,
        waivers=workspace.waivers,
        duties=DutyIndex(workspace.duties),
        baseline=recorded_rows(store.get(options.baseline)) if options.baseline else {},
        history={} if options.saved else earlier_audits(store, clock, workspace.event.id, len(workspace.devices)),
        saved=SavedOutputs(options.saved) if options.saved else None,
        of_files={one.device: one for one in of_files},
        evidence=evidence,
        of_changes={one.device: one for one in of_changes},
        venues=frozenset(options.window.event.venue_ids) if options.window else frozenset(),
    )
    if not job.saved and options.cluster is None:
        workspace.check_secrets(job.devices)
    if not job.saved:
        known_hosts(workspace.known_hosts)
    return job


def network_setting(workspace: Workspace, of_window: Event | None = None) -> NetworkSetting | None:
    """Setting of the checks of the whole network, or of the venues of a window; None for an event without origins."""
    event = of_window or workspace.event
    if not event.origins:
        return None
    works = planned_works(workspace.works, workspace.circuits)
    return NetworkSetting(event.venues, event.origins, workspace.risks, windows=event.windows, works=works)


@contextmanager
def _open_collector(
    workspace: Workspace, job: AuditJob, options: AuditOptions, record: OnRead, ends_at: float
) -> Iterator[DeviceCollector]:
    nornir = workspace.nornir(options.workers, not_after=ends_at)
    if options.cluster is None:
        with open_collector(job, nornir, options.workers, record) as collector:
            yield collector
        return
    from eventready.audit.collectors.cluster.reader import open_cluster  # noqa: PLC0415  loads Dask

    with open_cluster(job, workspace, nornir, options.cluster, on_read=record, ends_at=ends_at) as cluster:
        yield cluster


def _read(job: AuditJob, collector: DeviceCollector, progress: ReadProgress, ends_at: float) -> CollectStatus:
    """Read all devices, and measured counters a second time at least `interval_s` later, or at the end of the run."""
    with suppress(Exception):
        progress.stage("reading", len(job.devices))
    status = collector.read()
    if status.waiting:
        if not job.saved:
            pause(min(status.latest + job.interval_s, ends_at) - time.monotonic(), progress)
        with suppress(Exception):
            progress.stage("counters", status.waiting)
        collector.read_again()
    return status


def _fewer_sessions(status: CollectStatus, wanted: int) -> FewerSessions | None:
    """Devices read at once, where this machine allowed fewer than more workers than the default would have read."""
    return FewerSessions(wanted, status.sessions) if status.held and wanted > AuditOptions.workers else None


def pause(seconds: float, progress: ReadProgress) -> None:
    """Wait until the second reading of counters, and report each second."""
    with suppress(Exception):
        progress.stage("pause", max(0, math.ceil(seconds)))
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 1.0))
        with suppress(Exception):
            progress.done("", "")
