"""`eventready department consolidate`: report of the department from the operators' bundles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path

from eventready.cli.context import App
from eventready.core.errors import Exit, most_severe
from eventready.core.messages import message
from eventready.papers.document.formats import render, write_bytes
from eventready.papers.document.profile import load_profile
from eventready.papers.words import Form
from eventready.province.bundles.bundle import BundlePolicy
from eventready.province.bundles.bundle_log import ReceivedLog
from eventready.province.bundles.receive import ReceivedBundles, receive
from eventready.province.overview import VenueNames
from eventready.province.province import province
from eventready.store.store import Store
from eventready.workspace.keys.signing_keys import load_public
from eventready.workspace.settings.duties import load_duties
from eventready.workspace.settings.event import load_event


def command(
    app: App, *, bundles: tuple[Path, ...], keys: Path, out: Path, event_id: str, max_age: int,
    restarted: tuple[str, ...], venues_file: Path | None, rehearsal: bool, forms: tuple[Form, ...],
) -> int:  # fmt: skip
    """Verify every BUNDLE (signature, event, age, number) and write a report of all operators."""
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
    profile = load_profile(app.workspace_path, app.paper_lang, event.country)
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
    silent = message("cli:consolidate.silent", operators=received.silent) if received.silent else ""
    counts = {"operators": len(received.bundles), "refused": len(received.refused)}
    app.show(
        {
            "files": [str(file) for file in files],
            "operators": [bundle.operator for bundle in received.bundles],
            "refused": [{"file": str(r.path), "why": str(r.error), "exit": r.error.exit} for r in received.refused],
            "silent": list(received.silent),
            "missing": [sentence.render("en") for sentence in received.missing],
            "rewritten": {name: sentence.render("en") for name, sentence in received.rewritten.items()},
        },
        map(str, files),
        closing=[message("cli:consolidate.done", **counts, silent=silent)],
    )
