"""`eventready kit`: the department's kit, from which each operator makes its workspace."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import FILE, key_option
from eventready.core.errors import UsageError
from eventready.core.messages import message

with deferred():
    from eventready.core.files import write_atomic
    from eventready.workspace.examples.kit import ReportAddress, make_kit
    from eventready.workspace.keys.signing_keys import OWN_KEY, load_private, operator_name
    from eventready.workspace.settings.event import load_event


@click.group("kit")
def command() -> None:
    """Hand the event to the operators: venues, windows, clauses, forms and deadlines in a signed file."""


@command.command("make", short_help="Write the signed kit of this workspace")
@click.option("--out", type=FILE, required=True, metavar="KIT", help="File of the kit.")
@key_option("File, or env:, keyring:, vault: reference.  [default: the key of `bundle keygen`]")
@click.option("--recipient-email", default="", metavar="ADDRESS",
              help="Address for the operators' reports.  [default: `mail.sender` of event.yaml]")  # fmt: skip
@click.pass_obj
def make(app: App, *, out: Path, source: str, recipient_email: str) -> None:
    """Write the kit of this workspace, the department's, to KIT, and print its fingerprint.

    Operators make their workspaces by `eventready init DIR --from KIT --fingerprint F`; tell them the fingerprint by
    another way than the kit, for example by telephone. `eventready consolidate` compares their bundles with the venues
    and clauses of this workspace.
    """
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
    if app.output != "table":
        app.emit({"file": str(out), "size": len(data), "key": key.public.id, "without_drills": list(drilled)})
        return
    click.echo(app.text("cli:kit.written", file=str(out), size=len(data), key=key.public.id))
    if drilled:
        app.notify("cli:kit.drills", clauses=drilled)
