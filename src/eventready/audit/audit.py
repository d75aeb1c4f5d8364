"""Audit: read every device, evaluate the checks, give a verdict per venue and service.

Read `audit` from top to bottom; the rest of the package serves it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from eventready.audit.collectors.processes import open_collector
from eventready.audit.collectors.reading import AuditJob, DeviceRead
from eventready.audit.device_result import DeviceResult, items_across
from eventready.audit.history import earlier_audits
from eventready.audit.progress import ReadProgress
from eventready.audit.run_builder import begun_run, build_run, recorded_rows, summary
from eventready.audit.saved_outputs import SavedOutputs
from eventready.checks.equipment.capture_age import outdated
from eventready.core.clock import Clock
from eventready.core.errors import Exit
from eventready.core.gc import relaxed_gc
from eventready.evaluation.duties import DutyIndex
from eventready.evaluation.limits import resolve_limits
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.names import require_known
from eventready.evaluation.runner import Coverage, evaluate
from eventready.evaluation.verdicts import exit_code, telling, verdicts
from eventready.facts.platform import load_platform
from eventready.facts.questions import with_questions
from eventready.network.seen import SeenSubjects
from eventready.network.setting import NetworkSetting
from eventready.session.hostkeys import known_hosts
from eventready.store.run import Run
from eventready.store.store import Store
from eventready.workspace.devices.device import Device
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class AuditOptions:
    """Options of an audit.

    `interval_s`: seconds between the two readings of counters; 0 reads once and measures no rate.
    `time_limit_s`: seconds after which the remaining devices are not contacted.
    `baseline`: name of the run to compare with. `saved`: folder of saved outputs to read instead of the devices.
    `fail_on`: lightest finding with an exit code of its own. `wide`: ask for all facts of the platforms.
    """

    workers: int = 32
    interval_s: float = 10.0
    time_limit_s: float = 7200.0
    baseline: str = ""
    saved: Path | None = None
    fail_on: Literal["warn", "fail"] = "fail"
    wide: bool = False


@dataclass(frozen=True)
class AuditResult:
    """The stored run, and the exit code of the command."""

    run: Run
    exit: Exit


def audit(
    workspace: Workspace,
    devices: Sequence[Device],
    *,
    store: Store,
    clock: Clock,
    options: AuditOptions,
    progress: ReadProgress,
) -> AuditResult:
    """Audit `devices`, seal the run and store the run. Raises EventreadyError only before the first connection."""
    with relaxed_gc():
        job = _job(workspace, devices, store, clock, options)
        if job.saved and job.saved.rehearsal:
            clock = replace(clock, marked=True)
        started = clock.real().isoformat(timespec="milliseconds")
        begun = begun_run(workspace.event, workspace.duties, clock, devices)
        run_id = store.begin(event=workspace.event.id, clock=clock, document=begun)

        results, sessions = _read(workspace, job, store, options, progress, run_id=run_id)
        matrix = job.matrix.with_waived(finding for result in results.values() for finding in result.decisive)
        across = evaluate(
            devices, matrix, (o for result in results.values() for o in result.shared), moment=job.moment,
            limits=job.limits, waivers=job.waivers, baseline=job.baseline, duties=job.duties, scope="fleet",
        )  # fmt: skip
        if job.saved:
            old = outdated(job.saved.captured, job.devices, clock.real())
            across = tuple(sorted((*old, *across), key=lambda finding: (finding.device, finding.check)))
        decisive = [*(finding for name in sorted(results) for finding in results[name].decisive), *telling(across)]
        coverage = sum((result.coverage for result in results.values()), Coverage(0, 0))
        seen = sum((result.seen for result in results.values()), SeenSubjects())
        not_audited = set(workspace.devices).difference(devices)
        found = verdicts(workspace.event.venues, devices, decisive, left_out=not_audited)
        document = build_run(
            run_id=run_id,
            started=started,
            event=workspace.event,
            duties=workspace.duties,
            clock=clock,
            devices=devices,
            results=results,
            verdicts=found,
            coverage=coverage,
            seen=seen,
            saved=job.saved is not None,
            sessions={"wanted": options.workers, "most": sessions} if sessions else None,
        )
        digest = summary(document, results.values(), across)
        store.keep_items(run_id, items_across(across))
        run = store.finish(document, digest)
        return AuditResult(run, exit_code(decisive, coverage, options.fail_on, found))


def _job(
    workspace: Workspace, devices: Sequence[Device], store: Store, clock: Clock, options: AuditOptions
) -> AuditJob:
    """Resolve platforms, limits, matrix and baseline; check secrets and host keys unless outputs are saved ones."""
    require_known(workspace.waivers, workspace.duties)
    platforms = {name: load_platform(name, workspace.platform_dirs) for name in {d.platform for d in devices}}
    job = AuditJob(
        devices={device.name: device for device in devices},
        platforms={device.name: with_questions(platforms[device.platform], device) for device in devices},
        matrix=build_matrix(devices, platforms, wide=options.wide, network=network_setting(workspace, devices)),
        limits=resolve_limits(workspace.limits, devices),
        moment=clock.now(),
        interval_s=options.interval_s,
        waivers=workspace.waivers,
        duties=DutyIndex(workspace.duties),
        baseline=recorded_rows(store.get(options.baseline)) if options.baseline else {},
        history={} if options.saved else earlier_audits(store, clock, workspace.event.id, len(workspace.devices)),
        saved=SavedOutputs(options.saved) if options.saved else None,
    )
    if not job.saved:
        workspace.check_secrets(job.devices)
        known_hosts(workspace.known_hosts)
    return job


def network_setting(workspace: Workspace, devices: Sequence[Device]) -> NetworkSetting | None:
    """Setting of the checks of the whole network; None for a part of the devices, and for an event without origins."""
    event = workspace.event
    if not event.origins or len(devices) < len(workspace.devices):
        return None
    return NetworkSetting(event.venues, event.origins, workspace.risks)


def _read(
    workspace: Workspace, job: AuditJob, store: Store, options: AuditOptions, progress: ReadProgress, *, run_id: str
) -> tuple[dict[str, DeviceResult], int]:
    """Results by device: a reading, and a second reading of counters at least `interval_s` later.

    The number is the most devices read at once where this machine allowed fewer than more workers than the default
    would have read, otherwise 0.
    """
    results: dict[str, DeviceResult] = {}

    def record(read: DeviceRead) -> None:
        store.keep(read.evidence)
        if read.result and read.device not in results:
            store.keep_items(run_id, read.result.items)
            results[read.device] = replace(read.result, items=())
        with suppress(Exception):
            progress.done(read.device, read.trouble)

    nornir = workspace.nornir(options.workers, not_after=time.monotonic() + options.time_limit_s)
    with open_collector(job, nornir, options.workers, record) as collector:
        with suppress(Exception):
            progress.stage("reading", len(job.devices))
        status = collector.read()
        if status.waiting:
            if not job.saved:
                pause(status.latest + job.interval_s - time.monotonic(), progress)
            with suppress(Exception):
                progress.stage("counters", status.waiting)
            collector.read_again()
    held = status.held and options.workers > AuditOptions.workers
    return results, status.sessions if held else 0


def pause(seconds: float, progress: ReadProgress) -> None:
    """Wait until the second reading of counters, and report each second."""
    with suppress(Exception):
        progress.stage("pause", max(0, math.ceil(seconds)))
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 1.0))
        with suppress(Exception):
            progress.done("", "")
