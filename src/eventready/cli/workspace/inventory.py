"""`eventready inventory`: devices from tables and NetBox; spreadsheets; learning from the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.workspace.proposals import questions
from eventready.core.errors import UsageError
from eventready.core.files import create_atomic
from eventready.core.groups import group_by
from eventready.core.messages import LANGS, message, term
from eventready.core.redaction.redaction import redactor
from eventready.platforms.loader import describe, platform_names
from eventready.workspace.event_devices import with_users
from eventready.workspace.exporting import Words, sheets_of_workspace, template_sheets, to_csv, to_xlsx
from eventready.workspace.files.yaml_document import raise_errors
from eventready.workspace.importing.entries import Imported, entry_problems, read_entries
from eventready.workspace.importing.known import Known, PlatformNames
from eventready.workspace.importing.merge import Difference, Merge, merge_sheets, write_hosts
from eventready.workspace.importing.netbox import read_netbox
from eventready.workspace.importing.table import read_tables
from eventready.workspace.importing.web import ServerSource
from eventready.workspace.importing.zabbix import read_zabbix
from eventready.workspace.inventory import load_inventory
from eventready.workspace.keys.secrets import resolve
from eventready.workspace.settings.event import load_event
from eventready.workspace.settings.learning import load_learning
from eventready.workspace.unsaid import is_ignored, unsaid, unsaid_lines
from eventready.workspace.workspace import Workspace


def import_devices(
    app: App,
    *,
    source: str,
    dry_run: bool,
    fix: bool,
    sheet: str,
    url: str,
    token: str,
    filters: tuple[str, ...],
    role_map: tuple[str, ...],
    platform_map: tuple[str, ...],
    venue_field: str,
    venue_map: tuple[str, ...],
    peaks: bool,
    allow_http: bool,
) -> None:
    """Merge devices into hosts.yaml."""
    workspace = app.workspace
    known = known_names(workspace)
    if source in ("netbox", "zabbix"):
        if not url:
            raise UsageError(message("cli:inventory.no_url", source=source))
        secret = resolve(token or f"env:{source.upper()}_TOKEN", workspace.path, own=True)
        redactor.register(secret)  # a server may print it in an error, or as a value
        roles, platforms = _pairs("--role-map", role_map), _pairs("--platform-map", platform_map)
        venues = _pairs("--venue-map", venue_map)
        server = ServerSource(url, secret, _query(filters), roles, platforms, venues, venue_field, peaks, allow_http)
        devices = read_netbox(server) if source == "netbox" else read_zabbix(server, known)
        imported = Imported(
            {"devices": devices}, problems=tuple(p for one in devices for p in entry_problems(one, known))
        )
    else:
        imported = read_entries(read_tables(Path(source), sheet), known, fix=fix)
    if not (any(imported.entries.values()) or imported.problems):
        raise UsageError(message("cli:inventory.no_entry", source=source))
    _print_notices(app, imported)
    raise_errors(imported.errors)
    merged = merge_sheets(workspace.path / "inventory", imported)
    _show(app, merged, len(imported.of("devices")))
    if not dry_run and merged.differences:
        write_hosts(workspace.path / "inventory", workspace.event, merged)
        files = dict.fromkeys(f"inventory/{one.file}" for one in merged.differences)
        app.notify("cli:inventory.written", files=[*files])
    if not dry_run:
        _ask(app, workspace)


def _ask(app: App, workspace: Workspace) -> None:
    """Print the open questions of the written inventory on stderr."""
    folder = workspace.path / "inventory"
    event = load_event(folder / "event.yaml")
    devices = with_users(event, load_inventory(folder, event)[1])
    ignored = load_learning(folder / "learn.yaml").ignore
    open = [one for one in (*unsaid(event, devices), *unsaid_lines(devices)) if not is_ignored(one, ignored)]
    if open:
        app.notify("learn:unsaid")
    for line in questions(open, app.lang):
        app.say(line)


def known_names(workspace: Workspace) -> Known:
    """Names of a workspace for imported cells. Raises PlatformError."""
    folder, event = workspace.path / "inventory", workspace.event
    return Known(
        _platforms(workspace),
        {venue.id: tuple(form for form in (venue.name, venue.name_vi) if form) for venue in event.venues},
        tuple(workspace.files.groups),
        workspace.files,
        tuple(workspace.jump_hosts),
        event.windows,
        tuple(path.stem for path in (folder / "drills").glob("*.yaml")),
    )


def _platforms(workspace: Workspace) -> dict[str, PlatformNames]:
    found = {}
    for name in platform_names(workspace.platform_dirs):
        spec = describe(name, workspace.platform_dirs).spec
        terms = dict.fromkeys(term("terms:platform", name, lang) for lang in LANGS)
        found[name] = PlatformNames((name, *terms, spec.title), spec.roles)
    return found


def _print_notices(app: App, imported: Imported) -> None:
    """Print notes, unread parts, mends, and the number of mendable cells."""
    if imported.notes:
        app.notify("cli:inventory.kept", names=[f"'{name}'" for name in imported.notes])
    if imported.unread:
        app.notify("cli:inventory.unread", names=[f"'{name}'" for name in imported.unread])
    for (table, written, taken), mends in group_by(
        imported.mends, lambda mend: (mend.place.table, mend.written, mend.taken)
    ).items():
        cells = f"{table}!{', '.join(mend.place.cell for mend in mends)}"
        app.notify("cli:inventory.mended", cells=cells, written=written, taken=taken)
    if imported.mendable:
        app.notify("cli:inventory.fix", count=imported.mendable, total=len(imported.problems))


def template(app: App, *, out: Path) -> None:
    """Write an empty workbook for devices, links, pairs, bastions, windows and duties."""
    words = _words(app)
    _write(app, out, to_xlsx(template_sheets(words), words))


def export(app: App, *, form: str, out: Path | None) -> None:
    """Write the inventory as a spreadsheet, which `inventory import` reads back unchanged."""
    if form == "ansible":
        _script(app, out)
        return
    words = _words(app)
    sheets = sheets_of_workspace(app.workspace, words)
    if form == "xlsx":
        _write(app, out or Path("inventory.xlsx"), to_xlsx(sheets, words))
    elif out:
        _write(app, out, to_csv(sheets[0]))
    else:
        click.echo(to_csv(sheets[0]), nl=False)


def _script(app: App, out: Path | None) -> None:
    from eventready.change.intents.ansible_inventory import script_of  # noqa: PLC0415  Nornir takes 0.2 s

    text = script_of(app.workspace.path)
    if out is None:
        click.echo(text, nl=False)
        return
    _write(app, out, text.encode())
    out.chmod(0o700)


def _words(app: App) -> Words:
    workspace = app.workspace
    return Words(workspace.event, platform_names(workspace.platform_dirs), app.paper_lang)


def _write(app: App, path: Path, data: bytes) -> None:
    """Write a new file. Raises UsageError for an existing file, which may hold a person's work."""
    if not create_atomic(path, data):
        raise UsageError(message("cli:inventory.exists"), where=str(path))
    app.notify("cli:inventory.exported", file=str(path))


def _pairs(option: str, values: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for value in values:
        key, equals, name = value.partition("=")
        if not (key and equals and name):
            raise UsageError(message("cli:inventory.pair", option=option, value=value))
        pairs[key] = name
    return pairs


def _query(values: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    query: dict[str, tuple[str, ...]] = {}
    for value in values:
        for key, text in _pairs("--filter", (value,)).items():
            query[key] = (*query.get(key, ()), text)
    return query


def _show(app: App, merged: Merge, total: int) -> None:
    devices = {one.device: one.new for one in reversed(merged.differences) if one.file == "hosts.yaml"}
    new = sum(devices.values())
    changed = len(devices) - new
    counts = {"total": total, "new": new, "changed": changed, "unchanged": max(0, total - new - changed)}
    app.show(
        [
            {"device": one.device, "file": one.file, "new": one.new,
             "keys": {key: {"old": old, "new": new} for key, old, new in one.keys}}
            for one in merged.differences
        ],
        map(_lines, merged.differences),
        closing=[message("cli:inventory.read", **counts)],
    )  # fmt: skip


def _lines(one: Difference) -> Iterator[str]:
    file = "" if one.file == "hosts.yaml" else f" ({one.file})"
    yield f"{'+' if one.new else '~'} {one.device}{file}"
    for key, old, new in one.keys:
        yield f"    {key}: {_shown(new)}" if one.new else f"    {key}: {_shown(old)} -> {_shown(new)}"


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "-" if value is None else str(value)
