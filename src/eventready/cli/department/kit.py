"""`eventready department kit`: the department's kit, from which each operator makes its workspace."""

from __future__ import annotations

from pathlib import Path

from eventready.clauses.announcement import announcement_of
from eventready.cli.context import App
from eventready.core.errors import UsageError
from eventready.core.files import write_atomic
from eventready.core.messages import message
from eventready.workspace.examples.kit import ReportAddress, make_kit
from eventready.workspace.keys.signing_keys import OWN_KEY, load_private, operator_name
from eventready.workspace.settings.duties import load_duties
from eventready.workspace.settings.event import load_event


def make(app: App, *, out: Path, source: str, recipient_email: str) -> None:
    """Write the kit of this workspace, the department's, to KIT, and print its fingerprint."""
    event = load_event(app.workspace_path / "inventory" / "event.yaml")
    email = recipient_email or (event.mail.sender if event.mail else "")
    if not email:
        raise UsageError(message("cli:kit.no_address"))
    own = app.workspace_path / OWN_KEY
    if not source and not own.is_file():
        raise UsageError(message("cli:bundle.no_key"), where=str(own))
    contact = event.mail.contact if event.mail else None
    key = load_private(source or str(own), app.workspace_path, "", default=operator_name(event.enterprise))
    recipient = ReportAddress(event.enterprise, email, contact.phone if contact else "")
    data, drilled = make_kit(app.workspace_path, recipient, key, app.clock)
    write_atomic(out, data)
    now, inventory = app.clock.now(), app.workspace_path / "inventory"
    duties = load_duties(inventory / "duties.yaml", windows=event.windows, venues=event.venue_ids).duties
    theirs = event.model_copy(update={"prepared": now, "operator": "both"})
    announcement = announcement_of(theirs, duties, now, "kit")
    written: dict[str, str | int] = {"file": str(out), "size": len(data), "key": key.public.id}
    app.show(
        {**written, "without_drills": list(drilled), **announcement.to_dict()},
        message("cli:kit.written", **written),
        closing=[*([message("cli:kit.drills", clauses=drilled)] if drilled else ()), *announcement.sentences],
    )
