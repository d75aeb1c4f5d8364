"""`eventready audit`: read devices, evaluate checks, give verdicts; with `--save` only save the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Literal

from eventready.audit.audit import AuditedWindow, AuditOptions, AuditResult, audit
from eventready.audit.capture import CaptureOptions, DeviceCapture, capture
from eventready.audit.collectors.cluster.address import cluster_address
from eventready.audit.collectors.cluster.labels import OTHERS
from eventready.audit.runner import ReadProgress
from eventready.change.execute.event_lines import observe_event_lines
from eventready.change.plan.mends import open_findings, proposals, standing_intents
from eventready.change.plan.paths import last_audit, paths_of
from eventready.change.plan.places import venues_of_device
from eventready.checks.registry import all_checks
from eventready.cli.audit.ci_files import junit, sarif
from eventready.cli.audit.run_summary import run_summary
from eventready.cli.audit.walk import explain
from eventready.cli.audit.whatif import last_full
from eventready.cli.context import App, lab_origin
from eventready.cli.progress import ProgressBars
from eventready.cli.signing import enterprise_key
from eventready.core.errors import Exit, StoreError, UsageError
from eventready.core.files import write_atomic
from eventready.core.messages import Message, as_data, message
from eventready.facts.equipment import Equipment
from eventready.store.database.connection import RunNotStored
from eventready.store.run import Run
from eventready.store.store import Store
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.select import select

#: Devices named in a notice.
_NAMED = 12


def command(
    app: App,
    *,
    limit: str | None,
    window: str | None,
    saved: Path | None,
    save: Path | None,
    replace: bool,
    workers: int | None,
    interval: float | None,
    time_limit: float | None,
    baseline: str,
    fail_on: Literal["warn", "fail"],
    wide: bool,
    cluster: str,
    certificates: Path,
    unconfined: bool,
    service: str,
    out: Path | None,
    junit_file: Path | None,
    sarif_file: Path | None,
) -> int:
    """Read every device, evaluate the checks, and give a verdict per venue and service."""
    if save:
        alone = {"--from": saved, "--baseline": baseline, "--explain": service, "--window": window, "--out": out,
                 "--junit": junit_file, "--sarif": sarif_file}  # fmt: skip
        if others := [option for option, value in alone.items() if value]:
            raise UsageError(message("cli:audit.save_alone", options=others))
        return save_answers(
            app, save, limit=limit, workers=workers, interval=interval, time_limit=time_limit, cluster=cluster,
            certificates=certificates, unconfined=unconfined, replace=replace,
        )  # fmt: skip
    if replace:
        raise UsageError(message("cli:audit.replace"))
    if window is not None and limit:
        raise UsageError(message("cli:audit.window_limit"))
    if service:
        with app.open_store(make=False) as store:
            if window is not None:
                raise UsageError(message("cli:audit.window_alone"))
            explain(app, last_full(store, app.workspace), service)
        return Exit.OK
    workspace = app.workspace if saved else app.allowed_workspace
    devices = select(workspace.devices, limit)
    reading = workspace.event.reading.given(workers=workers, interval_s=interval, time_limit_s=time_limit)
    options = AuditOptions(
        **dict(reading),
        baseline=baseline,
        saved=saved,
        fail_on=fail_on,
        wide=wide,
        cluster=None if saved else cluster_address(cluster, certificates, unconfined=unconfined),
        window=_window(app, window) if window is not None else None,
    )
    devices = _reading_for(devices, options.window)
    with (
        app.open_store() as store,
        ProgressBars(interactive=app.shows_progress, lang=app.lang) as bars,
    ):
        try:
            done = stored_audit(app, store, app.equipment.only(devices), options, bars)
        except RunNotStored as lost:
            bars.stop()
            _show(app, lost.run)
            _write(out, lost.run.json())
            raise
    _warn_of_nothing_expected(app, devices)
    _show(app, done.run)
    _write(out, done.run.json())
    _write(junit_file, _text(lambda: junit(done.run, fail_on)))
    _write(sarif_file, _text(lambda: sarif(done.run, all_checks(), workspace.devices)))
    _advise(app, done.run, devices)
    if saved is None and app.for_people:
        _offer(app, done.run, devices, limit)
    return Exit(done.exit)


def _window(app: App, name: str) -> AuditedWindow:
    """Return a window with the devices of its venues and of the ways there. Raises UsageError, StoreError."""
    workspace = app.workspace
    event = workspace.event.of_windows(name)
    paths = paths_of(workspace.event, workspace.devices, last_audit(workspace, app.clock))
    touching = (
        device.name
        for device in workspace.devices
        if not venues_of_device(device, workspace.event, paths).isdisjoint(event.venue_ids)
    )
    return AuditedWindow(" ".join(name.split()), event, frozenset(touching))


def _reading_for(devices: tuple[Device, ...], window: AuditedWindow | None) -> tuple[Device, ...]:
    """Devices to read for a window: those touching its venues, and the shared ones, on which ways may have changed."""
    if window is None:
        return devices
    return tuple(device for device in devices if device.name in window.devices or len(device.venues) != 1)


def stored_audit(
    app: App, store: Store, equipment: Equipment, options: AuditOptions, progress: ReadProgress
) -> AuditResult:
    """Audit devices, store the run, and sign the head of the chain. Raises as `audit` does."""
    workspace, clock = app.workspace, app.clock
    lines = () if options.saved else observe_event_lines(workspace, equipment, store, clock)
    done = audit(workspace, equipment, store=store, clock=clock, options=options, progress=progress, of_changes=lines)
    sign_new_head(app, store)
    return done


def _warn_of_nothing_expected(app: App, devices: Sequence[Device]) -> None:
    """Name the devices without expectations: a verdict about them rests on their own health alone."""
    names = [device.name for device in devices if device.expect.empty]
    if names and app.for_people:
        shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
        app.notify("learn:no_expectation", n=len(names), names=shown)


def _show(app: App, run: Run) -> None:
    app.show(run.json, run_summary(run, app.lang))


def _text(made: Callable[[], str]) -> Iterator[bytes]:
    yield made().encode("utf-8", "backslashreplace")


def _write(path: Path | None, pieces: Iterable[bytes]) -> None:
    """Write a file, readable by its owner only. Raises UsageError."""
    if path is not None:
        write_atomic(path, pieces, private=True, what="the file", do=message("cli:audit.stored"))


def _advise(app: App, run: Run, devices: Sequence[Device]) -> None:
    """Name the next command, the reason for an audit without any answer, and the limits of this machine."""
    if sessions := run.header.sessions:
        app.notify("cli:audit.fewer_sessions", most=sessions.most, wanted=sessions.wanted)
    if cluster := run.header.cluster:
        workers = [message("cli:audit.worker", **vars(worker)) for worker in cluster.workers]
        refused = [message(OTHERS[one.other], **vars(one)) for one in cluster.refused]
        app.notify("cli:audit.read_by", workers=workers)
        if refused:
            app.notify("cli:audit.refused_workers", workers=refused)
    if not devices:
        app.notify("cli:audit.no_device")
    elif app.workspace.event.lab and not any(device.reachable for device in run.header.devices):
        app.notify("cli:audit.no_lab", workspace=lab_origin(app.workspace_path))
    elif app.for_people and not run.header.window:
        app.notify("cli:audit.next", run=run.id, workspace=quote(str(app.workspace_path)))


def _offer(app: App, run: Run, devices: Sequence[Device], limit: str | None) -> None:
    """Name the plan for the most open findings; nothing where no intent mends any."""
    found, workspace = [*open_findings(run)], app.workspace
    with suppress(StoreError):  # the audit has been shown
        made = proposals(workspace, app.equipment.only(devices), found, standing_intents(workspace))
        for best in made[:1]:
            chosen = f" -l {quote(limit)}" if limit else ""
            app.notify("cli:audit.offer", n=len(best.findings), total=len(found), intent=best.intent, limit=chosen)


def sign_new_head(app: App, store: Store) -> None:
    """Sign the head of the chain where the workspace has a key; an unusable key is reported."""
    try:
        if key := enterprise_key(app):
            store.sign_head(key, app.clock)
    except UsageError as error:
        app.notify("cli:audit.unsigned", error=error.whole)


def save_answers(
    app: App,
    out: Path,
    *,
    limit: str | None,
    workers: int | None,
    interval: float | None,
    time_limit: float | None,
    cluster: str,
    certificates: Path,
    unconfined: bool,
    replace: bool,
) -> int:
    """Send the read-only commands of `audit --wide` and save each redacted answer as DIR/<device>/<command>.txt."""
    workspace = app.allowed_workspace
    devices = select(workspace.devices, limit)
    reading = workspace.event.reading.given(workers=workers, interval_s=interval, time_limit_s=time_limit)
    options = CaptureOptions(
        **dict(reading), replace=replace, cluster=cluster_address(cluster, certificates, unconfined=unconfined)
    )
    bars = ProgressBars(interactive=app.shows_progress, lang=app.lang)
    with app.at_work("audit --save", devices), bars:
        captures = capture(workspace, app.equipment.only(devices), out, clock=app.clock, options=options, progress=bars)
    app.show(as_data(captures), _saved(captures), closing=_advice_on_saved(captures, out))
    return Exit.INCOMPLETE if not captures or any(one.missing for one in captures) else Exit.OK


def _saved(captures: Sequence[DeviceCapture]) -> Iterator[Message]:
    for one in captures:
        yield message("cli:capture.device", device=one.device, files=one.files, missing=len(one.missing))
        for command, reason in one.missing.items():
            yield message("cli:capture.missing", command=command, reason=reason)


def _advice_on_saved(captures: Sequence[DeviceCapture], out: Path) -> Iterator[Message]:
    files = sum(one.files for one in captures)
    yield message("cli:capture.saved", devices=len(captures), files=files, folder=str(out), quoted=quote(str(out)))
    for one in captures:
        for fact, path in one.unparsed.items():
            file = quote(str(out / path))
            yield message("cli:capture.unparsed", device=one.device, platform=one.platform, fact=fact, file=file)
