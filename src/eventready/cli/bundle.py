"""eventready bundle: the signed, machine-readable report for the department, and the key that signs it."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.cli.context import App
from eventready.delivery.bundle import LARGEST, pack
from eventready.delivery.contents import contents
from eventready.delivery.record import sent_from
from eventready.duty.on_record import gather
from eventready.errors import UsageError
from eventready.files import write_whole
from eventready.keys import load_private, make_key, public_path

#: Where a key lies unless something else is said; the folder is not put under version control.
_KEY = Path(".eventready") / "keys" / "bundle.pem"


@click.group("bundle", invoke_without_command=True, short_help="The signed report for the department's own eventready")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="The bundle to write.")
@click.option("--key", "source", default="", metavar="KEY", help="File, or env:, keyring:, vault: reference.")
@click.option("--operator", default="", metavar="NAME", help="As the key was published.  [default: `enterprise`]")
@click.pass_context
def command(context: click.Context, out: Path | None, source: str, operator: str) -> None:
    """Write a bundle: the latest run, the clauses, the roster in figures and the incidents, signed.

    It carries no raw reading, no name of the roster and no telephone number.
    """
    if context.invoked_subcommand is not None:
        return
    app: App = context.obj
    if out is None:
        raise UsageError("it must be said where the bundle goes", do="Give --out FILE.")
    workspace, moment = app.workspace, app.clock.now()
    key = load_private(source or _own_key(app), app.workspace_path, _operator(app, operator))
    address = workspace.event.recipient.email
    record = gather(workspace, lambda store: sent_from(store, app.clock, address), rehearsal=app.clock.rehearsal)
    for notice in record.notices:
        app.say(notice)
    data = pack(contents(workspace, record, moment), workspace.event.id, key, app.clock)
    if len(data) > LARGEST:
        raise UsageError(f"the bundle would have {len(data) / 1e6:.0f} MB", do="Please report it.")
    write_whole(out, data)
    if app.output == "table":
        click.echo(f"{out}  {len(data):,} bytes, signed by {key.public.operator} ({key.public.id})")
    else:
        app.emit({"file": str(out), "size": len(data), "operator": key.public.operator, "key": key.public.id})


@command.command("keygen", short_help="Make the key that signs bundles")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="The private key's file.")
@click.option("--operator", default="", metavar="NAME", help="Whose key it is.  [default: `enterprise` of event.yaml]")
@click.pass_obj
def keygen(app: App, out: Path | None, operator: str) -> None:
    """Make a pair of keys: keep the private one, publish the other (*.key.json) and its fingerprint.

    The department compares the fingerprint with you, by telephone for one, before it trusts the key.
    """
    path = out or app.workspace_path / _KEY
    public = make_key(path, _operator(app, operator))
    if app.output == "table":
        click.echo(f"private  {path}  (keep it to yourself)")
        click.echo(f"publish  {public_path(path)}")
        click.echo(f"operator {public.operator}")
        click.echo(f"key      {public.id}")
    else:
        app.emit({"private": str(path), "public": str(public_path(path)), **public.plain()})


def _own_key(app: App) -> str:
    """Where the key lies unless it is named. Raises UsageError where there is none."""
    path = app.workspace_path / _KEY
    if not path.is_file():
        do = "Name yours with --key, or make one: `eventready bundle keygen`."
        raise UsageError("there is no key to sign with", where=str(path), do=do)
    return str(path)


def _operator(app: App, name: str) -> str:
    return name or app.workspace.event.enterprise
