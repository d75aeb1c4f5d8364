"""`eventready inventory`: import of devices from a table or from NetBox, and learning from the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.workspace.learn import learn_command
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.platforms.loader import platform_names
from eventready.workspace.files.yaml_document import raise_errors
from eventready.workspace.importing.devices import Known, check_device, devices_of
from eventready.workspace.importing.merge import Merge, merge, write_hosts
from eventready.workspace.importing.netbox import NetBoxSource, read_netbox
from eventready.workspace.importing.table import read_table
from eventready.workspace.keys.secrets import resolve


@click.group()
def command() -> None:
    """Import devices into inventory/hosts.yaml, and learn their expected state from the network."""


command.add_command(learn_command)


@command.command("import", short_help="Devices from CSV, XLSX or NetBox")
@click.argument("source", metavar="FILE|netbox")
@click.option("--dry-run", is_flag=True, help="Show the difference, write nothing.")
@click.option("--sheet", default="", metavar="NAME", help="Sheet of the workbook.  [default: the first]")
@click.option("--url", default="", metavar="URL", help="netbox: address of the server.")
@click.option("--token", default="env:NETBOX_TOKEN", show_default=True, metavar="REFERENCE",
              help="netbox: reference of the API token.")  # fmt: skip
@click.option("--filter", "filters", multiple=True, metavar="KEY=VALUE", help="netbox: query, repeatable: site=hall.")
@click.option("--role-map", multiple=True, metavar="SLUG=ROLE", help="netbox: role of a slug, repeatable.")
@click.option("--platform-map", multiple=True, metavar="SLUG=PLATFORM", help="netbox: platform of a slug, repeatable.")
@click.option("--venue-field", default="venues", show_default=True, metavar="NAME",
              help="netbox: custom field with the venues.")  # fmt: skip
@click.option("--allow-http", is_flag=True, help="netbox: send the token without encryption.")
@click.pass_obj
def import_devices(
    app: App,
    *,
    source: str,
    dry_run: bool,
    sheet: str,
    url: str,
    token: str,
    filters: tuple[str, ...],
    role_map: tuple[str, ...],
    platform_map: tuple[str, ...],
    venue_field: str,
    allow_http: bool,
) -> None:
    """Merge devices into hosts.yaml. Devices of the same name are updated; comments and other keys stay.

    Columns: name, hostname, and optionally platform, role, port, username, password (a reference), venues, services,
    groups, endpoint, element, pair, allow_cleartext. Lists are separated by ";".
    """
    workspace = app.workspace
    known = Known(platform_names(workspace.platform_dirs), workspace.event.venue_ids, tuple(workspace.files.groups))
    if source == "netbox":
        if not url:
            raise UsageError(message("cli:inventory.no_url"))
        place = NetBoxSource(
            url=url, token=resolve(token, workspace.path, own=True), filters=_query(filters),
            roles=_pairs("--role-map", role_map), platforms=_pairs("--platform-map", platform_map),
            venue_field=venue_field, allow_http=allow_http,
        )  # fmt: skip
        devices = read_netbox(place)
        raise_errors([problem for device in devices for problem in check_device(device, known)])
    else:
        devices = devices_of(read_table(Path(source), sheet), known)
    merged = merge(workspace.path / "inventory" / "hosts.yaml", devices)
    _show(app, merged, len(devices))
    if not dry_run and merged.differences:
        write_hosts(workspace.path / "inventory", workspace.event, merged)
        app.notify("cli:inventory.written")


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
    if app.output != "table":
        app.emit([
            {"device": d.device, "new": d.new, "keys": {key: {"old": old, "new": new} for key, old, new in d.keys}}
            for d in merged.differences
        ])  # fmt: skip
        return
    for difference in merged.differences:
        click.echo(f"{'+' if difference.new else '~'} {difference.device}")
        for key, old, new in difference.keys:
            click.echo(f"    {key}: {_shown(new)}" if difference.new else f"    {key}: {_shown(old)} -> {_shown(new)}")
    new = sum(difference.new for difference in merged.differences)
    changed = len(merged.differences) - new
    app.notify("cli:inventory.read", total=total, new=new, changed=changed, unchanged=total - new - changed)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "-" if value is None else str(value)
