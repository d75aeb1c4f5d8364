"""eventready report: the readiness of a run, and the papers for the department."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.clauses.changes import ChangeOnRecord, changes_on_record
from eventready.clauses.gather import drills_that_count
from eventready.cli.audit.whatif import load_whatif
from eventready.cli.context import App
from eventready.cli.papers.formats import to_stdout
from eventready.core.errors import StoreError
from eventready.core.this_process import ONCE, relaxed_gc
from eventready.network.graph.export import NetworkGraph
from eventready.papers.document.formats import render, targets, write_bytes
from eventready.papers.document.model import Document
from eventready.papers.kinds.readiness import Background, readiness
from eventready.papers.words import Form
from eventready.store.documents import load_run
from eventready.store.run import Run
from eventready.store.store import Store


@relaxed_gc(ONCE)
def readiness_command(app: App, *, run: str, forms: tuple[Form, ...], out: Path | None, rehearsal: bool) -> None:
    """Write the readiness report: verdicts, findings, blind spots and evidence."""
    file = run if run.endswith(".json") else ""
    with app.open_store(make=bool(file)) as store:
        of = load_run(Path(file)) if file else store.get(run or _latest_complete(app, store), interrupted=True)
        lang, document = app.paper_lang, _document(app, store, of, rehearsal=rehearsal)
        made = {form: render(document, form) for form in forms}
    if to_stdout(out, forms):
        click.echo(made[forms[0]].decode(), nl=False)
        return
    places = targets(out or app.workspace_path / "reports", document.stem, forms)
    for form, place in places.items():
        write_bytes(place, made[form])
    app.show(
        [{"run": of.id, "format": form, "lang": lang, "file": str(place)} for form, place in places.items()],
        map(str, places.values()),
    )


def _document(app: App, store: Store, of: Run, *, rehearsal: bool) -> Document:
    background = Background(
        earlier=store.trend(of),
        previous=store.before(of),
        texts=store.texts,
        changes=_changes(app, store, of),
        rehearsal=rehearsal,
        drills=drills_that_count(store, rehearsal=rehearsal or of.header.clock.rehearsal),
        topology=_topology(app, of),
    )
    if not of.header.clock.rehearsal and _has_workspace(app):
        app.paper_clock(rehearsal=rehearsal)
    return readiness(of, app.paper_lang, background)


def _topology(app: App, run: Run) -> NetworkGraph | None:
    """Network of a run of this workspace; None without origins of its services."""
    if not _has_workspace(app) or app.workspace.event.id != run.header.event or not app.workspace.event.origins:
        return None
    return NetworkGraph.of(load_whatif(app.workspace, run).topology)


def _has_workspace(app: App) -> bool:
    """True with a workspace in the folder; a run document alone needs none."""
    return (app.workspace_path / "inventory" / "event.yaml").is_file()


def _latest_complete(app: App, store: Store) -> str:
    """Id of the latest run of all devices; `latest` without such a run."""
    if not _has_workspace(app):
        return "latest"
    full = store.full_runs(app.workspace.event.id, len(app.workspace.devices))
    return full[-1] if full else "latest"


def _changes(app: App, store: Store, run: Run) -> tuple[ChangeOnRecord, ...]:
    """The changes of the run's event; none, and a message, where the record was altered."""
    rehearsal = run.header.clock.rehearsal
    try:
        found = changes_on_record(store.changes, run.header.event)
    except StoreError as error:
        app.notify("cli:report.changes_unreadable", reason=error.render(app.lang))
        return ()
    return tuple(change for change in found if rehearsal or not change.rehearsal)
