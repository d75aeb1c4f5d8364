"""`eventready serve`: the pages of the night in a browser, and the keys of persons and programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import TYPE_CHECKING

import click

from eventready.cli.console import Listing
from eventready.cli.context import App
from eventready.core.clock import Clock
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import redactor
from eventready.core.strings.texts import is_loopback
from eventready.core.timezone import local_time
from eventready.delivery.service_units import wall_service
from eventready.watch.web.access.keys import SERVED, AccessKey, AccessKeys, Served
from eventready.watch.web.access.oidc import SignIn
from eventready.watch.web.app import application
from eventready.watch.web.read_model import ReadModel
from eventready.watch.web.server import listening, server
from eventready.workspace.keys.secrets import resolve
from eventready.workspace.settings.watch import HOST, load_serve

if TYPE_CHECKING:
    from eventready.store.store import Store
    from eventready.watch.web.page import Role
    from eventready.workspace.settings.watch import IdentityProvider

_FIRST = Served("http://127.0.0.1:8750")
_COLUMNS = ("name", "role", "kind", "source", "since", "until", "used", "address")


def command(app: App, *, host: str, port: int, names: Sequence[str], systemd: bool) -> int:
    """Serve the pages of the night: the wall with the verdicts per venue and service, open findings with their
    begin, and the age of everything.
    """
    for name in names:
        if not re.fullmatch(HOST, name):
            raise UsageError(message("web:host", name=name))
    if systemd:
        options = ("--host", host, "--port", str(port), *(word for name in names for word in ("--name", name)))
        click.echo(wall_service(app.workspace_path, app.workspace.event.id, options), nl=False)
        return Exit.OK
    settings = load_serve(app.workspace_path)
    sign_in = _sign_in(app, settings.oidc) if settings.oidc else None
    with app.open_store() as store:
        known = (*names, *settings.names)
        alone = sign_in is None and _keys(app, store).alone()
        if alone and (known or settings.proxies or not is_loopback(host)):
            raise UsageError(message("web:key.needed"))
        look = token_urlsafe(32) if alone else ""
        model = ReadModel(app.workspace, store, app.clock)
        pages = application(model, app.chosen_lang, names=known, port=port, look=look, sign_in=sign_in)
        sockets = listening(host, port)
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        store.current(SERVED).put("", Served(url.rstrip("/")))
        app.notify("web:serving", url=f"{url}enter#{look}" if look else url)
        server(pages, host, port, [str(one) for one in settings.proxies]).run(sockets)
    return Exit.OK


def _keys(app: App, store: Store) -> AccessKeys:
    return AccessKeys(store, app.workspace.event)


def _sign_in(app: App, provider: IdentityProvider) -> SignIn:
    """Return the logins at an identity provider, which connect as `eventready trust content` permits."""
    app.allowed_workspace  # noqa: B018  refused before the first connection
    secret = resolve(provider.secret, app.workspace_path, where=str(app.workspace_path / "inventory" / "serve.yaml"))
    redactor.register(secret)
    return SignIn(provider, secret)


def invite(app: App, *, name: str, role: Role, url: str) -> None:
    """Print the personal link of NAME, valid for a single browser within a day."""
    names = load_serve(app.workspace_path).names
    with app.open_store() as store:
        own = f"https://{names[0]}" if names else (store.current(SERVED).get("") or _FIRST).url
        base = _address(url) if url else own
        link = f"{base}/enter#{_keys(app, store).invite(name, role)}"
    app.show({"name": name, "role": role, "link": link}, link)
    app.notify("web:key.invited", name=name, role=role)


def _address(url: str) -> str:
    if not re.fullmatch(rf"https?://(?:{HOST[1:-1]}|\[[\da-f:]+\])(?::\d{{1,5}})?/?", url, re.IGNORECASE):
        raise UsageError(message("web:key.url", url=repr(url[:80])))
    return url.rstrip("/")


def token(app: App, *, name: str, role: Role) -> None:
    """Print a token for the program NAME."""
    with app.open_store() as store:
        secret = _keys(app, store).issue(name, role)
    app.show({"name": name, "role": role, "token": secret}, secret)
    app.notify("web:key.issued", name=name, role=role)


def people(app: App) -> None:
    """List persons and programs with their links, sessions and tokens, their source and last use."""
    with app.open_store() as store:
        keys = sorted(_keys(app, store).all().values(), key=lambda key: (key.shown, key.since, key.kind))
    rows = [(key, _state(key)) for key in keys]
    app.show(
        [
            {"name": key.shown, "role": key.role, "kind": key.kind, "state": state, "source": key.source,
             "since": _iso(key.since), "until": _iso(key.until), "used": _iso(key.used), "address": key.address}
            for key, state in rows
        ],
        Listing("web:key_column", _COLUMNS, (_cells(key, state) for key, state in rows)),
    )  # fmt: skip


def _state(key: AccessKey) -> str:
    if key.kind == "link" and key.used:
        return "opened"
    return key.kind if key.valid(Clock.real()) else "ended"


def _cells(key: AccessKey, state: str) -> tuple[str | Message, ...]:
    times = (key.since, key.until, key.used)
    shown = (f"{local_time(moment):%d/%m %H:%M}" if moment else "" for moment in times)
    role, kind = message(f"web:role.{key.role}"), message(f"web:key_kind.{state}")
    return (key.shown, role, kind, key.source, *shown, key.address)


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def revoke(app: App, *, name: str) -> None:
    """End all links, sessions and tokens of NAME; open pages end within seconds, acts at once."""
    with app.open_store() as store:
        count = _keys(app, store).revoke(name)
    app.notify("web:key.revoked", name=name, count=count)
