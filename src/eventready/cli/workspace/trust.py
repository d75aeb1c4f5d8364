"""`eventready trust`: review of the content of a workspace and of the host keys of its devices."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from pydantic import JsonValue

from eventready.cli.context import App
from eventready.cli.folding import fold
from eventready.core.allowed_content import forget
from eventready.core.errors import Exit, UsageError, most_severe
from eventready.core.messages import in_language, message, term
from eventready.core.strings.terminal_text import visible
from eventready.session.plugin import key_targets
from eventready.session.trust import HostKeyResult, HostKeyState, fetch_keys, key_rounds, record_results, ssh_devices
from eventready.workspace.bound_files import BoundContent
from eventready.workspace.devices.select import select
from eventready.workspace.permission import FileChange, allow, by_environment, changes, is_allowed, reviewed
from eventready.workspace.settings.alerts import load_alerts
from eventready.workspace.settings.watch import load_serve
from eventready.workspace.workspace import Workspace

#: Seconds for the host key of an address.
TIMEOUT_S = 10.0


def review(app: App) -> int:
    """Review the content, then the host keys, each with a question on the terminal."""
    if not app.for_people:
        raise UsageError(message("cli:trust.one_part"))
    review_content(app, yes=False, show=False)
    return review_keys(app, limit=None, yes=False, replace=False, timeout=TIMEOUT_S)


def review_content(app: App, *, yes: bool, show: bool) -> None:
    """Show the connections, programs and recipients of this workspace, and allow exactly this content."""
    folder = app.workspace_path
    forget(folder)
    workspace = app.workspace
    content = reviewed(folder)
    differences = changes(folder, content)
    if app.for_people and by_environment(folder):
        app.notify("cli:allow.environment")
        return
    changed = [{"file": one.path, "kind": one.kind, "diff": one.diff} for one in differences]
    app.show(
        {"allowed": is_allowed(folder), "connects": _addresses(workspace), "mail_server": _mail_server(workspace),
         "programs": _programs(content), "recipients": _recipients(workspace),
         "variables": content.references.variables, "change_settings": _change_settings(workspace),
         "page_settings": _page_settings(workspace), "changes": changed},
        _review(app, content, differences),
    )  # fmt: skip
    if show:
        return
    if not differences and is_allowed(folder):
        app.notify("cli:allow.already")
        return
    if not yes:
        if not app.interactive:
            raise UsageError(message("cli:allow.terminal"))
        click.confirm(app.text("cli:allow.confirm", event=workspace.event.title), abort=True, err=True)
    allow(folder, content)
    app.notify("cli:allow.done")


def _review(app: App, content: BoundContent, differences: Sequence[FileChange]) -> Iterator[str]:
    workspace = app.workspace
    addresses = _addresses(workspace)
    more = max(0, len(addresses) - 8)
    msgid = "cli:allow.devices_more" if more else "cli:allow.devices"
    connects = app.text(msgid, count=len(workspace.devices), addresses=addresses[:8], more=more)
    yield from _lines(app.text("cli:allow.connects"), [connects] if addresses else [])
    yield from _lines(app.text("cli:allow.server"), [*filter(None, [_mail_server(workspace)])])
    yield from _lines(app.text("cli:allow.recipients"), _recipients(workspace))
    yield from _lines(app.text("cli:allow.programs"), _programs(content))
    yield from _lines(app.text("cli:allow.variables"), content.references.variables)
    for title, settings in (("changes", _change_settings(workspace)), ("pages", _page_settings(workspace))):
        lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items()]
        yield from _lines(app.text(f"cli:allow.{title}"), lines)
    for change in differences:
        yield f"{term('cli:allow_change', change.kind, app.lang):8} {visible(change.path)}"
        yield from (f"         {visible(in_language(line, app.lang))}" for line in change.diff)


def _addresses(workspace: Workspace) -> list[str]:
    jumps = (jump.hostname for jump in workspace.jump_hosts.values())
    return sorted({*(device.hostname for device in workspace.devices), *jumps})


def _mail_server(workspace: Workspace) -> str:
    server = workspace.event.mail.server if workspace.event.mail else None
    return server.host if server else ""


def _programs(content: BoundContent) -> list[str]:
    return [f"{command} ({file})" for command, file in content.references.programs]


def _change_settings(workspace: Workspace) -> Mapping[str, JsonValue]:
    """Settings of changes as written, and the number of approvals in any case."""
    settings = workspace.event.changes
    written: dict[str, JsonValue] = settings.model_dump(mode="json", exclude_unset=True)
    return {"approvals": settings.approvals, **written}


def _page_settings(workspace: Workspace) -> Mapping[str, JsonValue]:
    """Settings of serve.yaml as written: names, believed proxies, and the provider of the roles."""
    written: dict[str, JsonValue] = load_serve(workspace.path).model_dump(mode="json", exclude_unset=True)
    return written


def _recipients(workspace: Workspace) -> list[str]:
    """Addresses of the department, of reminders, alerts and police stations, and references to Apprise URLs."""
    event = workspace.event
    police = [venue.police.email for venue in event.venues if venue.police]
    calls = load_alerts(workspace.path)
    called = calls.addresses() if calls else ()
    return [*dict.fromkeys(filter(None, (event.recipient.email, *event.schedule.remind.addresses, *police, *called)))]


def _lines(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"  {visible(line)}" for line in lines)


def review_keys(app: App, *, limit: str | None, yes: bool, replace: bool, timeout: float) -> int:
    """Fetch the SSH host keys of the devices, show the fingerprints, and record the keys after confirmation."""
    workspace = app.allowed_workspace
    devices = ssh_devices(select(workspace.devices, limit), workspace.platform_dirs)
    targets = key_targets(workspace.nornir(), [device.name for device in devices])
    wanted_states = {HostKeyState.NEW, HostKeyState.CHANGED} if replace else {HostKeyState.NEW}
    shown: list[HostKeyResult] = []
    recorded = 0
    for round_of_targets in key_rounds(targets):
        results = fetch_keys(round_of_targets, workspace.known_hosts, timeout)
        shown += results
        app.display(_key_lines(app, item) for item in results)
        wanted = [item for item in results if item.state in wanted_states]
        if wanted:
            _confirm(app, len(wanted), yes=yes)
            record_results(wanted, workspace.known_hosts)
            if not by_environment(workspace.path):
                allow(workspace.path)  # allowed before, and the keys were confirmed
        recorded += len(wanted)
    app.show([_document(item) for item in shown])
    known_hosts = str(workspace.known_hosts)
    if recorded:
        app.notify("cli:trust.recorded", count=recorded, file=known_hosts)
    else:
        app.notify("cli:trust.none")
    left = [item for item in shown if item.state is HostKeyState.CHANGED and not replace]
    if left:
        app.notify("cli:trust.changed", count=len(left))
    revoked = [item for item in shown if item.state is HostKeyState.REVOKED]
    if revoked:
        app.notify("cli:trust.revoked", count=len(revoked), file=known_hosts)
    silent = any(item.state is HostKeyState.SILENT for item in shown)
    return most_severe({Exit.REFUSED for _ in [*left, *revoked]} | ({Exit.INCOMPLETE} if silent else set()))


def _confirm(app: App, count: int, *, yes: bool) -> None:
    if yes:
        return
    if not app.interactive:
        raise UsageError(message("cli:trust.terminal"))
    click.confirm(app.text("cli:trust.confirm", n=count), abort=True, err=True)


def _key_lines(app: App, item: HostKeyResult) -> Iterator[str]:
    found = str(item.key) if item.key else in_language(item.reason, app.lang)
    state = app.text(f"cli:trust_state.{item.state}")
    yield from fold([f"{state:17} {item.address:22} {', '.join(item.devices)}: {found}"], " " * 18)
    for old in item.recorded if item.state is HostKeyState.CHANGED else ():
        yield f"{'':17} {app.text('cli:trust.earlier'):22} {old}"


def _document(item: HostKeyResult) -> dict[str, Any]:
    return {
        "address": item.address,
        "devices": list(item.devices),
        "state": str(item.state),
        "algorithm": item.key.algorithm if item.key else None,
        "fingerprint": item.key.fingerprint if item.key else None,
        "recorded": [str(key) for key in item.recorded],
        "reason": in_language(item.reason, "en"),
    }
