"""`eventready doctor`: diagnostics of this machine and workspace, and of the access to devices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from eventready.audit.collectors.cluster.address import SchedulerAddress, cluster_address
from eventready.audit.collectors.cluster.reader import open_reader
from eventready.audit.doctor import Diagnostic, examine, further_requirements
from eventready.clauses.example_data import example_data
from eventready.cli.context import App
from eventready.cli.folding import fold
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, Exit, UsageError, WorkspaceError
from eventready.core.messages import Message, in_language, message, term
from eventready.core.strings.texts import few, is_loopback
from eventready.delivery.notify.channel import people_without_address
from eventready.platforms.loader import describe
from eventready.roster.reading.load import workspace_roster
from eventready.session.diagnosis import Diagnosis, DiagnosisStep, StepState, diagnose, diagnose_all
from eventready.session.plugin import host_target
from eventready.watch.alerts.explain import impossible
from eventready.workspace.devices.select import select
from eventready.workspace.keys.secrets import is_reference, resolve
from eventready.workspace.settings.alerts import AlertsFile, load_alerts

#: Message of a value that a template lacks.
_LACKS = "change:template.lacks"
#: Names of example data shown per kind, and of devices per cause; the count is always shown.
_NAMED = 5
#: Indent of what stands under the name of a diagnostic.
_UNDER_NAME = " " * 11


def command(
    app: App,
    *,
    limit: str | None,
    connect: bool,
    verbose: bool,
    real: bool,
    install: bool,
    cluster: str,
    certificates: Path,
    unconfined: bool,
) -> int:
    """Check Python, packages, clock, database, workspace, secrets and host keys."""
    if install and not real:
        raise UsageError(message("cli:doctor.install_real"))
    if (limit is not None or cluster) and not connect:
        raise UsageError(message("cli:doctor.limit_connect"))
    if connect:
        return _connect(app, limit, cluster_address(cluster, certificates, unconfined=unconfined), verbose=verbose)
    here = (_doors(app), _drills(app), _intents(app), _alerts(app), _example(app))
    examined = _further(app, install=install) if real else (*examine(app.workspace_path), *chain(*here))
    signs = [sign.rendered(app.lang if app.for_people else "en") for sign in examined]
    app.show([vars(sign) for sign in signs], (_sign(app, sign) for sign in _by_cause(signs, app.lang)))
    return Exit.OK if all(sign.ok or not sign.needed for sign in signs) else Exit.USAGE


def _sign(app: App, sign: Diagnostic) -> Iterator[str]:
    word = sign.label or ("ok" if sign.ok else "missing" if sign.needed else "absent")
    state, name = term("cli:doctor_state", word, app.lang), term("audit:doctor_name", sign.name, app.lang)
    yield from fold([f"{state:8} {name}: {in_language(sign.detail, app.lang)}"], _UNDER_NAME)
    if not sign.ok and sign.remedy:
        yield from fold([_UNDER_NAME + app.hint(sign.remedy)], "")


def _by_cause(signs: Iterable[Diagnostic], lang: str) -> Iterator[Diagnostic]:
    """Merged diagnostics of access with the same cause, under the names of the first devices."""
    causes: dict[Diagnostic, list[str]] = {}
    for sign in signs:
        name, _, device = sign.name.partition(" ") if sign.name.startswith("access ") else (sign.name, "", "")
        detail = in_language(sign.detail, lang).removeprefix(f"{device}: ")
        causes.setdefault(replace(sign, name=name, detail=detail), []).append(device)
    for sign, devices in causes.items():
        more = len(devices) - _NAMED
        names = message("change:and_more", names=devices[:_NAMED], more=more) if more > 0 else devices
        yield replace(sign, name=f"{sign.name} {in_language(names, lang)}".rstrip())


def _doors(app: App) -> Iterator[Diagnostic]:
    """Unused keys of the pages, and pages served to other machines without TLS."""
    from eventready.store.store import Store  # noqa: PLC0415  loads SQLAlchemy
    from eventready.watch.web.access.keys import KEYS, SERVED  # noqa: PLC0415  loaded with a store only

    try:
        if not Store.exists(app.workspace_path):
            return
        with app.open_store(make=False, only_reads=True) as store:
            keys, served = store.current(KEYS).all().values(), store.current(SERVED).get("")
    except EventreadyError:
        return
    now = Clock.real()
    for kind in ("link", "token"):
        if names := sorted({key.shown for key in keys if key.kind == kind and not key.used and key.valid(now)}):
            detail, remedy = (
                message(f"cli:doctor.doors.{kind}", names=few(names, _NAMED)),
                message("cli:doctor.doors_do"),
            )
            yield Diagnostic("doors", ok=False, detail=detail, remedy=remedy, needed=False, label="note")
    url = urlsplit(served.url if served else "")
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        yield _open_door(message("cli:doctor.doors.clear", url=url.geturl()), message("cli:doctor.doors_clear_do"))


def _open_door(detail: Message, remedy: Message) -> Diagnostic:
    return Diagnostic("doors", ok=False, detail=detail, remedy=remedy, needed=False, label="note")


def _drills(app: App) -> Iterator[Diagnostic]:
    """Invalid drills of a valid workspace."""
    if not (app.workspace_path / "inventory" / "drills").is_dir():
        return
    from eventready.drill.preparation import drills_of  # noqa: PLC0415  loaded for workspaces with drills only

    try:
        workspace = app.workspace
    except EventreadyError:
        return
    try:
        drills_of(workspace)
    except EventreadyError as error:
        yield Diagnostic("drills", ok=False, detail=error.whole, needed=False, label="failed")


def _intents(app: App) -> Iterator[Diagnostic]:
    """Intents with missing template values, by device."""
    from eventready.change.intents.render import render_intent  # noqa: PLC0415  loaded for workspaces with intents only

    try:
        devices = [device for device in app.workspace.devices if device.intents]
    except EventreadyError:
        return
    for device in devices:
        for intent in device.intents:
            try:
                render_intent(app.workspace, device, intent)
            except WorkspaceError as error:
                problems = getattr(error, "problems", (error,))
                lacking = [one for one in problems if isinstance(one.cause, Message) and one.cause.id == _LACKS]
                if lacking:
                    detail = message("cli:doctor.lacks", intent=intent, problems=[one.cause for one in lacking])
                    remedy = message("cli:doctor.lacks_do", origin=device.origin, intent=intent)
                    yield Diagnostic("intents", ok=False, detail=detail, remedy=remedy, needed=False, label="note")


def _alerts(app: App) -> Iterator[Diagnostic]:
    """Unresolvable references and impossible conditions of alerts.yaml, people of a called role without an address."""
    try:
        settings, remind = load_alerts(app.workspace_path), app.workspace.event.schedule.remind
        references = [*filter(is_reference, (*remind.addresses, *(settings.addresses() if settings else ())))]
        _, roster = workspace_roster(app.workspace)
    except EventreadyError as error:
        yield Diagnostic("alerts", ok=False, detail=error.whole, needed=False, label="failed")
        return
    for reference in dict.fromkeys(references):
        try:
            resolve(reference, app.workspace_path)
        except EventreadyError as error:
            yield Diagnostic("alerts", ok=False, detail=error.whole, needed=False)
    for wrong in impossible(settings, app.workspace):
        yield Diagnostic("alerts", ok=False, detail=wrong.whole, needed=False)
    if not isinstance(settings, AlertsFile):
        return
    for receiver in settings.receivers:
        names = people_without_address(settings, receiver, roster)
        if names:
            detail = message("cli:doctor.alerts", receiver=receiver.name, names=names[:_NAMED])
            yield Diagnostic("alerts", ok=False, detail=detail, remedy=message("cli:doctor.alerts_do"), needed=False)


def _example(app: App) -> Iterator[Diagnostic]:
    """Data of the example in the workspace, by kind; none for an invalid workspace, which has its own diagnostic."""
    try:
        found = example_data(app.workspace)
    except EventreadyError:
        return
    for kind in dict.fromkeys(datum.kind for datum in found):
        names = [datum.name for datum in found if datum.kind == kind]
        detail = message(
            "cli:doctor.example", kind=message(f"clauses:example.{kind}", n=len(names)), names=few(names, _NAMED)
        )
        remedy = message(f"cli:doctor.example_do.{kind}")
        yield Diagnostic("example data", ok=False, detail=detail, remedy=remedy, needed=False, label="example")


def _further(app: App, *, install: bool) -> Iterator[Diagnostic]:
    """Diagnostics of the requirements of other packages, after the installation of missing packages."""
    for requirements in further_requirements():
        for name in requirements.install_missing() if install else ():
            app.notify("cli:doctor.installed", name=name)
        yield from requirements.examine()


def _connect(app: App, limit: str | None, cluster: SchedulerAddress | None, *, verbose: bool) -> int:
    workspace = app.allowed_workspace
    nornir, devices = workspace.nornir(), {device.name: device for device in select(workspace.devices, limit)}

    def here(name: str) -> Diagnosis:
        platform = devices[name].platform
        return diagnose(name, lambda: (host_target(nornir, name), describe(platform, workspace.platform_dirs).spec))

    found: list[Diagnosis] = []
    with open_reader(workspace, app.equipment.only(devices.values()), cluster) if cluster else nullcontext() as reader:
        for diagnosis in diagnose_all(devices, reader.diagnose if reader else here):
            found.append(diagnosis)
            if verbose:
                app.display(_steps(diagnosis, app))
    reached = sum(diagnosis.failed is None for diagnosis in found)
    closing = () if verbose else [message("cli:doctor.steps")]
    app.show([_document(diagnosis) for diagnosis in found], fold(_failures(found, app)), closing=closing)
    app.notify("cli:doctor.reached", reached=reached, total=len(found))
    return Exit.OK if reached == len(found) else Exit.INCOMPLETE


def _failures(found: Iterable[Diagnosis], app: App) -> Iterator[str]:
    """Yield a line per cause of devices not reached with its remedy, the cause of the most devices last."""
    causes: dict[tuple[str, str], list[tuple[str, DiagnosisStep]]] = {}
    for one in found:
        if step := one.failed:
            cause = step.detail.id if isinstance(step.detail, Message) else step.detail
            causes.setdefault((step.step, cause), []).append((one.device, step))
    for alike in sorted(causes.values(), key=len):
        step, names = alike[0][1], few([device for device, _step in alike], _NAMED)
        name, detail = term("session:step", step.step, app.lang), in_language(step.detail, app.lang)
        yield f"{in_language(names, app.lang)}: {name}: {detail}"
        if step.remedy:
            yield f"  {app.hint(step.remedy)}"


def _steps(diagnosis: Diagnosis, app: App) -> Iterator[str]:
    lang = app.lang
    word = term("cli:doctor_state", "not reached" if diagnosis.failed else "reached", lang)
    yield f"{diagnosis.device}: {word}"
    for result in diagnosis.steps:
        if result.state is StepState.NOT_REACHED:
            continue
        state, step = term("cli:doctor_state", result.state, lang), term("session:step", result.step, lang)
        yield f"  {state:8} {step:10} {in_language(result.detail, lang)}".rstrip()
        if result.remedy:
            yield f"  {'':8} {'':10} {app.hint(result.remedy)}"
    left = [
        term("session:step", result.step, lang) for result in diagnosis.steps if result.state is StepState.NOT_REACHED
    ]
    if left:
        yield f"  {'-':8} {word}: {', '.join(left)}"


def _document(diagnosis: Diagnosis) -> dict[str, object]:
    return {
        "device": diagnosis.device,
        "reached": diagnosis.failed is None,
        "steps": [
            {
                "step": str(r.step),
                "state": str(r.state),
                "detail": in_language(r.detail, "en"),
                "remedy": in_language(r.remedy, "en"),
            }
            for r in diagnosis.steps
        ],
    }
