"""`eventready consolidate`: report of the department from the operators' bundles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import FILE, FOLDER
from eventready.cli.papers.formats import format_option
from eventready.core.errors import Exit, most_severe
from eventready.papers.words import Form

with deferred():
    from eventready.papers.document.formats import render, write_bytes
    from eventready.papers.document.profile import load_profile
    from eventready.province.bundles.bundle import BundlePolicy
    from eventready.province.bundles.bundle_log import ReceivedLog
    from eventready.province.bundles.receive import ReceivedBundles, receive
    from eventready.province.overview import VenueNames
    from eventready.province.province import province
    from eventready.store.store import Store
    from eventready.workspace.keys.signing_keys import load_public
    from eventready.workspace.settings.duties import load_duties
    from eventready.workspace.settings.event import load_event


@click.command()
@click.argument("bundles", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
                metavar="BUNDLE...")  # fmt: skip
@click.option("--keys", type=FOLDER, required=True, metavar="DIR", help="The operators' published keys.")
@click.option("--out", type=FOLDER, required=True, metavar="DIR", help="Folder of the report.")
@click.option(
    "--event", "event_id", default="", metavar="ID", help="Identifier of the event.  [default: the workspace's]"
)
@click.option("--max-age", type=click.IntRange(0, 3650), default=8, show_default=True, metavar="DAYS",
              help="Older bundles are refused.")  # fmt: skip
@click.option("--restart", "restarted", multiple=True, metavar="OPERATOR",
              help="This operator lost its store, and its numbers begin again.")  # fmt: skip
@click.option("--venues", "venues_file", type=FILE, metavar="FILE",
              help="Venues of operators with identifiers of their own (YAML).")  # fmt: skip
@click.option("--rehearsal", is_flag=True, help="Accept bundles of rehearsals only, and mark the report.")
@format_option("html,docx,pdf,md,json")
@click.pass_obj
def command(
    app: App, *, bundles: tuple[Path, ...], keys: Path, out: Path, event_id: str, max_age: int,
    restarted: tuple[str, ...], venues_file: Path | None, rehearsal: bool, forms: tuple[Form, ...],
) -> int:  # fmt: skip
    """Verify every BUNDLE (signature, event, age, number) and write a report of all operators.

    Run it in the department's own workspace, whose event.yaml has the letterhead: `enterprise` is the department,
    `recipient` the People's Committee. The workspace remembers the last bundle and the key of each operator; an older
    bundle and another key are refused. Refused files are named, the others are consolidated.

    Operators with the department's kit have its venues and clauses. A bundle with other venues is refused; --venues
    maps them: `venues: {OPERATOR: {its-hall: hall, its-office: null}}` (null: outside the event).

    \b
    Exit codes:
      0  done
      2  a file is not a bundle
      3  a run behind an earlier checkpoint was rewritten
      7  a bundle was refused: altered, unknown key, old, replayed, other venues
    """
    inventory = app.workspace_path / "inventory"
    event = load_event(inventory / "event.yaml")
    duties = load_duties(inventory / "duties.yaml", windows=event.windows, venues=event.venue_ids).duties
    clock = replace(app.clock, marked=app.clock.marked or rehearsal)
    policy = BundlePolicy(
        event=event_id or event.id,
        keys=load_public(keys),
        moment=clock.now(),
        oldest=timedelta(days=max_age),
        rehearsal=clock.rehearsal,
    )
    venues = VenueNames.load(event, venues_file, {key.operator for key in policy.keys.values()})
    profile = load_profile(app.workspace_path, app.paper_lang)
    with Store.of_workspace(app.workspace_path) as store:
        log = ReceivedLog(store, clock, policy)
        received = receive(bundles, policy, log.last(), restarted, venues.mapped)
        for refused in received.refused:
            app.say(f"eventready: {refused.path}: {refused.error.render(app.lang)}")
        for unused in chain.from_iterable(venues.unused.values()):
            app.say(unused.render(app.lang))
        for sentence in (*received.missing, *received.rewritten.values()):
            app.say(sentence)
        if not received.bundles:
            app.notify("cli:consolidate.none")
            return most_severe({refused.error.exit for refused in received.refused})
        document = province(received, policy, event, profile, app.paper_lang, duties=duties)
        made = {out / f"{document.stem}.{form}": render(document, form) for form in forms}
        for path, data in made.items():
            write_bytes(path, data)
        log.record(received.bundles)
    _show(app, received, list(made))
    rewritten = {Exit.FINDINGS} if received.rewritten else set()
    return most_severe({refused.error.exit for refused in received.refused} | rewritten)


def _show(app: App, received: ReceivedBundles, files: Sequence[Path]) -> None:
    if app.output == "table":
        for file in files:
            click.echo(file)
        silent = app.text("cli:consolidate.silent", operators=received.silent) if received.silent else ""
        app.notify(
            "cli:consolidate.done", operators=len(received.bundles), refused=len(received.refused), silent=silent
        )
        return
    app.emit(
        {
            "files": [str(file) for file in files],
            "operators": [bundle.operator for bundle in received.bundles],
            "refused": [{"file": str(r.path), "why": str(r.error), "exit": r.error.exit} for r in received.refused],
            "silent": list(received.silent),
            "missing": [sentence.render("en") for sentence in received.missing],
            "rewritten": {name: sentence.render("en") for name, sentence in received.rewritten.items()},
        }
    )
