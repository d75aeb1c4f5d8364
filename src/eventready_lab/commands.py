"""`eventready lab`: a network to rehearse on, simulated or of real software."""

from __future__ import annotations

import asyncio
import os
import textwrap
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventready.cli.context import App
from eventready.cli.folding import width
from eventready.cli.help_language import translated_help
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Bilingual, Message, in_english, message
from eventready.store.store import Store
from eventready.workspace.permission import is_allowed
from eventready_lab.control.control_socket import send_request
from eventready_lab.control.lab_folder import LabFolder
from eventready_lab.control.score import score

if TYPE_CHECKING:
    from eventready_lab.embedded.process import LabOptions

#: Seconds of a start worth a line.
_LONG_S = 10
_KEYS = ("check", "device", "subject", "status")


def up(
    app: App,
    *,
    out: Path | None,
    foreground: bool,
    scale: int | None,
    scenario: str,
    latency: str,
    real: bool,
    no_wifi: bool,
) -> None:
    """Start the lab, and write the workspace copy to audit."""
    if real:
        embedded_only = foreground or scale is not None or scenario not in ("auto", "none") or bool(latency)
        _up_real(app, out, embedded_only=embedded_only, no_wifi=no_wifi)
        return
    from eventready_lab.embedded.process import LabOptions  # noqa: PLC0415  loads asyncssh
    from eventready_lab.embedded.scenario import expected_as_data  # noqa: PLC0415  loads asyncssh
    from eventready_lab.lifecycle import start  # noqa: PLC0415  loads asyncssh

    folder = LabFolder.of(app.workspace_path, out)
    offset_s = app.clock.offset.total_seconds()
    options = LabOptions(app.workspace_path, folder.path, scenario, scale or 0, offset_s, latency)
    if foreground:
        _serve_here(app, options, folder)
        return
    began = time.monotonic()
    record, plan = start(options)
    took_s = time.monotonic() - began
    left_out = [device.name for device in plan.left_out]
    app.show(
        _as_data(folder, record, left_out, expected_as_data(plan.scenario)),
        closing=[
            message("lab:up", n=record.devices, endpoints=record.endpoints, scenario=record.title),
            *([message("lab:up.took", seconds=took_s)] if took_s > _LONG_S else ()),
            *(message("lab:up.left_out_platform", device=one.name, platform=one.platform) for one in plan.left_out),
            *(message("lab:up.no_files", source=one.name, layout=one.layout) for one in plan.sources_left_out),
            _next(folder),
        ],
    )


def _up_real(app: App, out: Path | None, *, embedded_only: bool, no_wifi: bool) -> None:
    from eventready_lab.real.launcher import start  # noqa: PLC0415  loads asyncssh

    if embedded_only:
        raise UsageError(message("lab:up.embedded_only"))
    os.umask(0o022)  # daemons run as users of their own, and read the lab's files
    folder = LabFolder.of(app.workspace_path, out)
    record = start(app.workspace_path, folder, without_wifi=no_wifi)
    expected = [dict(zip(_KEYS, finding, strict=True)) for finding in record.expected]
    app.show(
        _as_data(folder, record, [in_english(name) for name in record.left_out], expected),
        closing=[
            message("lab:up.real", n=record.devices, endpoints=record.endpoints),
            *(message("lab:up.left_out", name=name) for name in record.left_out),
            _next(folder),
        ],
    )


def _as_data(folder: LabFolder, record: Any, left_out: list[str], expected: list[Any]) -> Mapping[str, Any]:
    return {
        "copy": str(folder.path),
        "pid": record.pid,
        "devices": record.devices,
        "endpoints": record.endpoints,
        "scenario": record.scenario,
        "left_out": left_out,
        "expected": expected,
    }


def _next(folder: LabFolder) -> Message:
    return message("lab:up.next" if is_allowed(folder.path) else "lab:up.next_allow", folder=str(folder.path))


def _serve_here(app: App, options: LabOptions, folder: LabFolder) -> None:
    from eventready_lab.embedded.process import serve  # noqa: PLC0415  loads asyncssh

    record = folder.read_record()
    if record:
        raise UsageError(message("lab:running_already", devices=record.devices, pid=str(record.pid)))
    os.umask(0o077)

    async def run() -> None:
        ready = asyncio.Event()
        serving = asyncio.create_task(serve(options, folder, ready=ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if ready.is_set():
            app.notify("lab:up.foreground", folder=str(folder.path))
        await serving

    asyncio.run(run())


def status(app: App, *, out: Path | None) -> None:
    """Show the running lab: devices, sessions, faults."""
    from eventready_lab.lifecycle import status as lab_status  # noqa: PLC0415  loads asyncssh

    state = lab_status(LabFolder.of(app.workspace_path, out))
    app.show(state, _status(state))


def _status(state: Mapping[str, Any]) -> Iterator[str | Message]:
    if not state["running"]:
        yield message("lab:down.nothing")
        return
    shown = {key: state[key] for key in ("endpoints", "sessions", "up_s", "pid", "workspace", "copy")}
    scenario = Bilingual(state["scenario_vi"], state["scenario"])
    yield message("lab:status", n=state["devices"], scenario=scenario, **shown)
    yield message("lab:status.faults" if state["faults"] else "lab:status.no_faults")
    yield from (f"  {_describe(fault)}" for fault in state["faults"])


def _describe(fault: Mapping[str, Any]) -> str:
    args = " ".join(f"{name}={value}" for name, value in fault["args"].items())
    return f"{fault['device']} {fault['fault']} {args}".rstrip()


def down(app: App, *, out: Path | None) -> None:
    """Stop the lab."""
    from eventready_lab.lifecycle import stop  # noqa: PLC0415  loads asyncssh

    result = stop(LabFolder.of(app.workspace_path, out))
    app.show({"down": result}, closing=[message(f"lab:down.{result}")])


def score_run(app: App, *, run: str, out: Path | None) -> int:
    """Compare a run with the scenario: findings found, missed and unexpected."""
    folder = LabFolder.of(app.workspace_path, out)
    record = folder.read_record()
    if record is None:
        raise UsageError(message("lab:not_running"))
    with Store.of_workspace(folder.path) as store:
        result = score(store.get(run).document["findings"], record.expected, record.absent)
    found = len(result.found)
    app.show(
        {kind: [dict(zip(_KEYS, one, strict=True)) for one in findings] for kind, findings in asdict(result).items()},
        message("lab:score.found", found=found, expected=found + len(result.missed)),
        (
            message(msgid, device=device, check=check, subject=subject, state=state)
            for msgid, findings in (("lab:score.missed", result.missed), ("lab:score.unexpected", result.unexpected))
            for check, device, subject, state in findings
        ),
    )
    return Exit.OK if result.perfect else Exit.FINDINGS


def fault(
    app: App,
    *,
    device: str | None,
    name: str | None,
    args: tuple[str, ...],
    clear: bool,
    listing: bool,
    out: Path | None,
) -> None:
    """Inject or clear a fault while the lab runs."""
    record = LabFolder.of(app.workspace_path, out).read_record()
    known = _fault_types(real=record is not None and record.real)
    if listing:
        _list(app, known)
        return
    if not clear and (not device or not name):
        raise UsageError(message("lab:fault.incomplete"))
    if record is None:
        raise UsageError(message("lab:not_running"))
    if device and name:
        requests = [(device, name, _arguments(known, name, args))]
    else:
        active = [one for one in send_request(record, do="status")["faults"] if device in (None, one["device"])]
        if not active:
            app.notify("lab:fault.none_on" if device else "lab:fault.none", device=device)
        requests = [(one["device"], one["fault"], one["args"]) for one in active]
    changed = [
        one
        for target, kind, values in requests
        for one in send_request(record, do="fault", device=target, fault=kind, args=values, clear=clear)["done"]
    ]
    msgid = "lab:fault.cleared" if clear else "lab:fault.injected"
    app.show(changed, closing=(message(msgid, fault=_describe(one)) for one in changed))


def _fault_types(*, real: bool) -> Mapping[str, Any]:
    """The fault types of the running lab."""
    if real:
        from eventready_lab.real.faults.catalogue import REAL_FAULT_TYPES  # noqa: PLC0415  loads asyncssh

        return REAL_FAULT_TYPES
    from eventready_lab.faults.simulated.catalogue import FAULT_TYPES  # noqa: PLC0415  loads asyncssh

    return FAULT_TYPES


def _arguments(known: Mapping[str, Any], name: str, args: tuple[str, ...]) -> dict[str, str]:
    values = {}
    for position, text in enumerate(args):
        key, sign, value = text.partition("=")
        if not sign and position == 0 and name in known and known[name].parameters:
            key, value = next(iter(known[name].parameters)), text
        elif not sign:
            raise UsageError(message("lab:fault.argument", argument=text))
        values[key] = value
    return values


def _list(app: App, fault_types: Mapping[str, Any]) -> None:
    listed = [fault_types[name] for name in sorted(fault_types)]
    app.show(
        [{"fault": kind.name, "help": kind.help, "args": dict(kind.parameters)} for kind in listed],
        (_fault_lines(kind, app.lang) for kind in listed),
    )


def _fault_lines(kind: Any, lang: str) -> Iterator[str]:
    args = " ".join(f"{name}={default}" for name, default in kind.parameters.items())
    lines = textwrap.wrap(translated_help(kind.help, lang), max(50, width()) - 21)
    for first, line in zip_longest([kind.name], [*lines, args] if args else lines, fillvalue=""):
        yield f"{first:20} {line}"
