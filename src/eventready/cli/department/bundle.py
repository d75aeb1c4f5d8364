"""`eventready bundle`: signed, machine-readable report for the department, and its signing key."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.duties.event_record import load_event_record
from eventready.cli.options import FILE, key_option
from eventready.core.errors import UsageError
from eventready.core.messages import message

with deferred():
    from eventready.core.files import write_atomic
    from eventready.province.bundles.bundle import LARGEST, Position, pack
    from eventready.province.bundles.bundle_log import BundleLog
    from eventready.province.bundles.contents import contents
    from eventready.store.store import Store
    from eventready.workspace.keys.signing_keys import OWN_KEY, load_private, make_key, operator_name, public_path


@click.group("bundle", invoke_without_command=True)
@click.option("--out", type=FILE, metavar="FILE", help="File of the bundle.")
@key_option("File, or env:, keyring:, vault: reference.")
@click.option(
    "--operator",
    default="",
    metavar="NAME",
    help="Name in the published key.  [default: as published, else `enterprise`]",
)
@click.option("--rehearsal", is_flag=True, help="Bundle a rehearsal (a lab, or another clock), marked as a rehearsal.")
@click.pass_context
def command(context: click.Context, out: Path | None, source: str, operator: str, *, rehearsal: bool) -> None:
    """Write a signed bundle: the latest run, the clauses, figures of the roster, and the incidents.

    A bundle has no raw output, no name of the roster and no telephone number. Bundles are numbered, and each names its
    predecessor; the department accepts the newest.
    """
    if context.invoked_subcommand is not None:
        return
    app: App = context.obj
    if out is None:
        raise UsageError(message("cli:bundle.no_file"))
    clock = app.outgoing_clock(rehearsal=rehearsal)
    workspace, moment = app.workspace, clock.now()
    key = load_private(
        source or _own_key(app), app.workspace_path, operator_name(operator) if operator else "",
        default=operator_name(workspace.event.enterprise),
    )  # fmt: skip
    record = load_event_record(app, clock)
    parts = contents(workspace, record, moment)
    with Store.of_workspace(app.workspace_path) as store:
        log = BundleLog(store, clock)
        checkpoint = store.sign_head(key, clock) if record.run else None
        heads = store.heads(log.signed_positions())

        def build(position: Position) -> bytes:
            return pack(parts, workspace.event.id, key, clock, position=position, checkpoint=checkpoint, earlier=heads)

        data = log.make(build, checkpoint.position if checkpoint else 0)
    if len(data) > LARGEST:
        raise UsageError(message("cli:bundle.too_large", size=len(data) / 1e6, limit=LARGEST / 1e6))
    write_atomic(out, data)
    if app.output == "table":
        signer = key.public
        click.echo(
            app.text("cli:bundle.written", file=str(out), size=len(data), operator=signer.operator, key=signer.id)
        )
    else:
        app.emit({"file": str(out), "size": len(data), "operator": key.public.operator, "key": key.public.id})


@command.command("keygen", short_help="Create the key that signs bundles")
@click.option("--out", type=FILE, metavar="FILE", help="File of the private key.")
@click.option("--operator", default="", metavar="NAME", help="Owner of the key.  [default: `enterprise` of event.yaml]")
@click.option(
    "--succeeds", default="", metavar="KEY", help="The operator's private key so far, which signs the new one."
)
@click.pass_obj
def keygen(app: App, out: Path | None, operator: str, succeeds: str) -> None:
    """Create a key pair: keep the private key, publish the public key (*.key.json) and its fingerprint.

    The department compares the fingerprint with you, for example by telephone, before it trusts the key. A new key of
    the same operator is accepted only with the signature of the key before (--succeeds).
    """
    path = out or app.workspace_path / OWN_KEY
    name = operator_name(operator or app.workspace.event.enterprise)
    public = make_key(path, name, load_private(succeeds, app.workspace_path, name) if succeeds else None)
    if app.output == "table":
        published = str(public_path(path))
        click.echo(
            app.text("cli:bundle.key", private=str(path), public=published, operator=public.operator, key=public.id)
        )
    else:
        app.emit({"private": str(path), "public": str(public_path(path)), **public.to_dict()})


def _own_key(app: App) -> str:
    """File of the workspace's private key. Raises UsageError for a missing file."""
    path = app.workspace_path / OWN_KEY
    if not path.is_file():
        raise UsageError(message("cli:bundle.no_key"), where=str(path))
    return str(path)
