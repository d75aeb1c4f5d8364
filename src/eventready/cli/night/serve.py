"""`eventready serve`: the pages of the night in a browser, and their users."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import UTC
from ipaddress import ip_address
from typing import TYPE_CHECKING

import click

from eventready.cli.console import Listing
from eventready.cli.context import App
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import message
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


def command(app: App, *, host: str, port: int, names: Sequence[str]) -> int:
    """Serve the pages of the night: the wall with the verdicts per venue and service, open findings with their
    begin, and the age of everything.
    """
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
    """Return the logins at an identity provider, which connect as `eventready trust content` permits."""
    app.allowed_workspace  # noqa: B018  refused before the first connection
    secret = resolve(provider.secret, app.workspace_path, where=str(app.workspace_path / "inventory" / "serve.yaml"))
    redactor.register(secret)
    return SignIn(provider, secret)


def add(app: App, *, name: str, role: Role) -> None:
    """Add the user NAME, or change role and password."""
    ask = sys.stdin.isatty()
    prompt = app.text("web:user.prompt")
    password = click.prompt(prompt, hide_input=True, confirmation_prompt=True) if ask else sys.stdin.readline()
    with app.open_store() as store:
        PageUsers(store).add(name, password.rstrip("\r\n"), role, app.clock)
    app.notify("web:user.added", name=name, role=role)


def list_users(app: App) -> None:
    """List the users of the pages with their roles."""
    with app.open_store() as store:
        users = [
            {"name": name, "role": one.role, "added": one.added.astimezone(UTC).isoformat()}
            for name, one in PageUsers(store).all().items()
        ]
    cells = ((one["name"], message(f"web:role.{one['role']}"), one["added"]) for one in users)
    app.show(users, Listing("web:user_column", _COLUMNS, cells))


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
