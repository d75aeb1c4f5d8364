"""`eventready serve`: the pages of the night in a browser, and their users."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import UTC
from ipaddress import ip_address
from typing import TYPE_CHECKING

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import message

with deferred():
    from eventready.cli.render.listing import cell, show, translated
    from eventready.core.redaction.redaction import redactor
    from eventready.watch.web.access.oidc import SignIn
    from eventready.watch.web.access.users import PageUsers
    from eventready.watch.web.app import application
    from eventready.watch.web.read_model import ReadModel
    from eventready.watch.web.server import listening, server
    from eventready.workspace.keys.secrets import resolve
    from eventready.workspace.settings.watch import HOST, load_serve

if TYPE_CHECKING:
    from eventready.watch.web.page import Role
    from eventready.workspace.settings.watch import IdentityProvider

_COLUMNS = ("name", "role", "added")


@click.group("serve", invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8750, show_default=True, help="Port to listen on.")
@click.option("--name", "names", multiple=True, metavar="NAME",
              help="Name of the server in addresses of browsers, repeatable, beside serve.yaml.")  # fmt: skip
@click.pass_context
def command(context: click.Context, *, host: str, port: int, names: Sequence[str]) -> int:
    """Serve the pages of the night: the wall with the verdicts per venue and service, open findings with their begin,
    and the age of everything. The pages read what `eventready watch` keeps in the store.

    Without users everybody on this machine may look and nobody may act. With users (`serve user add`) the pages need a
    login; operators may act. Other machines are served with users only, best behind a server with TLS.
    """
    if context.invoked_subcommand is not None:
        return Exit.OK
    app: App = context.obj
    for name in names:
        if not re.fullmatch(HOST, name):
            raise UsageError(message("web:host", name=name))
    settings = load_serve(app.workspace_path)
    sign_in = _sign_in(app, settings.oidc) if settings.oidc else None
    with app.open_store() as store:
        known = (*names, *settings.names)
        remote = bool(known) or not _local(host)
        if remote and not sign_in and not PageUsers(store).all():
            raise UsageError(message("web:user.needed"))
        model = ReadModel(app.workspace, store, app.clock)
        pages = application(model, app.chosen_lang, names=known, sign_in=sign_in, remote=remote)
        sockets = listening(host, port)
        app.notify("web:serving", url=f"http://{f'[{host}]' if ':' in host else host}:{port}/")
        server(pages, host, port).run(sockets)
    return Exit.OK


def _sign_in(app: App, provider: IdentityProvider) -> SignIn:
    """Return the logins at an identity provider, which connect as `eventready allow` permits."""
    app.allowed_workspace  # noqa: B018  refused before the first connection
    secret = resolve(provider.secret, app.workspace_path, where=str(app.workspace_path / "inventory" / "serve.yaml"))
    redactor.register(secret)
    return SignIn(provider, secret)


@command.group("user")
def user() -> None:
    """Add, list and remove the users of the pages."""


@user.command("add", short_help="Add a user, or change role and password")
@click.argument("name")
@click.option("--role", type=click.Choice(["viewer", "operator"]), default="viewer", show_default=True,
              help="Operators may act: acknowledge, silence, open incidents.")  # fmt: skip
@click.pass_obj
def add(app: App, *, name: str, role: Role) -> None:
    """Add the user NAME, or change role and password. The password is typed, or is the first line of stdin."""
    ask = sys.stdin.isatty()
    prompt = app.text("web:user.prompt")
    password = click.prompt(prompt, hide_input=True, confirmation_prompt=True) if ask else sys.stdin.readline()
    with app.open_store() as store:
        PageUsers(store).add(name, password.rstrip("\r\n"), role, app.clock)
    app.notify("web:user.added", name=name, role=role)


@user.command("list", short_help="List the users")
@click.pass_obj
def list_users(app: App) -> None:
    """List the users of the pages with their roles."""
    with app.open_store() as store:
        users = [
            {"name": name, "role": one.role, "added": one.added.astimezone(UTC).isoformat()}
            for name, one in PageUsers(store).all().items()
        ]
    if app.output != "table":
        app.emit(users)
        return
    table = translated("web:user_column", _COLUMNS, app.lang)
    for one in users:
        table.add_row(cell(one["name"]), app.text(f"web:role.{one['role']}"), one["added"])
    show(table)


@user.command("remove", short_help="Remove a user; open sessions end")
@click.argument("name")
@click.pass_obj
def remove(app: App, *, name: str) -> None:
    """Remove the user NAME; open sessions and pages of the user end within seconds."""
    with app.open_store() as store:
        PageUsers(store).remove(name)
    app.notify("web:user.removed", name=name)


def _local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
