"""The main job: read every device, hold what they say against the checks, give a verdict per venue and service.

Read `audit` from top to bottom; everything else here serves it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from eventready.checks.limits import resolve_limits
from eventready.checks.matrix import build_matrix
from eventready.checks.names import require_known
from eventready.checks.runner import Coverage, judge
from eventready.checks.verdict import exit_code, telling, verdicts
from eventready.clock import Clock
from eventready.collector import calm
from eventready.compose import compose, recorded_rows, summary
from eventready.errors import Exit
from eventready.facts.platform import load_platform
from eventready.offline import SavedOutputs
from eventready.reading import Job, Told
from eventready.run import Run
from eventready.session.hostkeys import known_hosts
from eventready.sheet import Sheet
from eventready.spread import readers
from eventready.store.store import Store
from eventready.workspace.device import Device
from eventready.workspace.workspace import Workspace


class Watch(Protocol):
    """Somebody who follows along, a progress bar for one. What it raises is ignored: it never takes the run with it."""

    def stage(self, name: str, total: int) -> None:
        """A stage over `total` devices begins."""

    def done(self, device: str, trouble: str) -> None:
        """One device has been read; `trouble` is empty or a sentence."""


@dataclass(frozen=True)
class Options:
    """How to audit. `interval_s` lies between the two readings of counters; 0 reads once and measures no rate.

    `baseline` names the run to compare with, `saved` a folder of saved outputs to read instead of the devices, and
    `fail_on` is the lightest finding that is worth an exit code of its own.
    """

    workers: int = 32
    interval_s: float = 10.0
    baseline: str = ""
    saved: Path | None = None
    fail_on: Literal["warn", "fail"] = "fail"


@dataclass(frozen=True)
class Audit:
    """What came of it: the run, sealed and stored, and the exit code that it means."""

    run: Run
    exit: Exit


def audit(
    workspace: Workspace, devices: Sequence[Device], *, store: Store, clock: Clock, options: Options, watch: Watch
) -> Audit:
    """One audit of `devices`, sealed and stored. Raises only for what is wrong before the first connection."""
    with calm():
        require_known(workspace.waivers)
        platforms = {name: load_platform(name, workspace.platform_dirs) for name in {d.platform for d in devices}}
        job = Job(
            devices={device.name: device for device in devices},
            platforms={device.name: platforms[device.platform] for device in devices},
            matrix=build_matrix(devices, platforms),
            limits=resolve_limits(workspace.limits, devices),
            moment=clock.now(),
            interval_s=options.interval_s,
            waivers=workspace.waivers,
            baseline=recorded_rows(store.get(options.baseline)) if options.baseline else {},
            saved=SavedOutputs(options.saved) if options.saved else None,
        )
        if not job.saved:
            workspace.check_secrets(job.devices)
            known_hosts(workspace.known_hosts)
        started = clock.real().isoformat(timespec="milliseconds")
        run_id = store.begin(event=workspace.event.id, clock=clock)

        sheets = _read(workspace, job, store, options.workers, watch)
        across = judge(
            devices, job.matrix, (o for sheet in sheets.values() for o in sheet.shared), moment=job.moment,
            limits=job.limits, waivers=job.waivers, baseline=job.baseline, scope="fleet",
        )  # fmt: skip
        found = [*(finding for name in sorted(sheets) for finding in sheets[name].telling), *telling(across)]
        covered = sum((sheet.coverage for sheet in sheets.values()), Coverage(0, 0))
        document = compose(
            run_id=run_id,
            started=started,
            event=workspace.event,
            duties=workspace.duties,
            clock=clock,
            devices=devices,
            sheets=sheets,
            across=across,
            verdicts=verdicts(
                workspace.event.venues, devices, found, left_out=set(workspace.devices).difference(devices)
            ),
            coverage=covered,
        )
        brief = summary(document, sheets.values(), across)
        sheets.clear()  # the document has what they said, and a thousand of them are heavy
        run = store.finish(document, brief)
        return Audit(run, exit_code(found, covered, options.fail_on))


def _read(workspace: Workspace, job: Job, store: Store, workers: int, watch: Watch) -> dict[str, Sheet]:
    """Every device's sheet: one reading, and where counters count a second one, `interval_s` later or more."""
    sheets: dict[str, Sheet] = {}

    def told(news: Told) -> None:
        store.keep(news.evidence)
        if news.sheet:
            sheets[news.device] = news.sheet
        with suppress(Exception):
            watch.done(news.device, news.trouble)

    with readers(job, workspace.nornir(workers), workers, told) as reading:
        with suppress(Exception):
            watch.stage("reading", len(job.devices))
        pause = reading.read()
        if pause.waiting:
            if not job.saved:
                time.sleep(max(0.0, pause.latest + job.interval_s - time.monotonic()))
            with suppress(Exception):
                watch.stage("counters", pause.waiting)
            reading.read_again()
    return sheets
