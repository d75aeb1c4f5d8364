"""`eventready matrix`: what will be asked, and what cannot be."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import click

from eventready.checks.matrix import Ask, Matrix, build_matrix
from eventready.cli.context import App
from eventready.english import number_of
from eventready.facts.platform import Platform, load_platform
from eventready.facts.read import commands_for
from eventready.workspace.device import Device
from eventready.workspace.select import select

_LABELS = {Ask.ASKED: "asked", Ask.CANNOT_TELL: "cannot tell", Ask.NOT_APPLICABLE: "not wanted"}
_LABEL_WIDTH = 14


@click.command(short_help="Devices x checks: what will be asked, and what cannot be")
@click.option("-l", "--limit", "expression", metavar="EXPR", help="Devices: role=router,venue=hoi-nghi, names, globs.")
@click.pass_obj
def command(app: App, expression: str | None) -> None:
    """Say for every device which checks it will be asked for, which it cannot answer and why. Connects to nothing."""
    devices = select(app.workspace.devices, expression)
    extra = app.workspace.platform_dirs
    platforms = {name: load_platform(name, extra) for name in sorted({device.platform for device in devices})}
    matrix = build_matrix(devices, platforms)
    ordered = sorted(devices, key=lambda device: device.name)
    if app.output == "table":
        width = min(shutil.get_terminal_size((100, 24)).columns, 120)
        for line in _table(ordered, matrix, platforms, width):
            click.echo(line)
    else:
        app.emit([_entry(device, matrix, platforms[device.platform]) for device in ordered])


def _entry(device: Device, matrix: Matrix, platform: Platform) -> dict[str, Any]:
    facts = matrix.facts_for(device.name)
    return {
        "device": device.name,
        "role": device.role,
        "platform": device.platform,
        "facts": list(facts),
        "commands": list(commands_for(platform, facts)),
        "checks": {cell.check: {"state": str(cell.state), "reason": cell.reason} for cell in matrix.of(device.name)},
    }


def _table(devices: Sequence[Device], matrix: Matrix, platforms: dict[str, Platform], width: int) -> Iterator[str]:
    alike: dict[tuple[object, ...], list[Device]] = {}
    for device in devices:
        cells = tuple((cell.check, cell.state, cell.reason) for cell in matrix.of(device.name))
        alike.setdefault((device.role, device.platform, cells), []).append(device)
    for group in alike.values():
        yield from _group(group, matrix, platforms[group[0].platform], width)
        yield ""
    count = {state: sum(cell.state is state for cell in matrix.cells.values()) for state in Ask}
    yield from textwrap.wrap(
        f"{number_of(len(devices), 'device')}, {number_of(len(matrix.checks), 'check')}: "
        f"{count[Ask.ASKED]} asked, {count[Ask.CANNOT_TELL]} that the equipment "
        f"cannot tell, {count[Ask.NOT_APPLICABLE]} not wanted or of other roles.",
        width,
    )


def _group(group: Sequence[Device], matrix: Matrix, platform: Platform, width: int) -> Iterator[str]:
    first = group[0]
    commands = len(commands_for(platform, matrix.facts_for(first.name)))
    yield from textwrap.wrap(", ".join(device.name for device in group), width)
    yield f"  {first.role} on {first.platform}, {commands} commands each"
    cells = matrix.of(first.name)
    for state in (Ask.ASKED, Ask.NOT_APPLICABLE):
        # What is only asked of other roles would fill the screen; JSON has it.
        own = [cell.check for cell in cells if cell.state is state and first.role in matrix.checks[cell.check].roles]
        yield from _wrapped(_LABELS[state], ", ".join(own) or "-", width)
    reasons: dict[str, list[str]] = {}
    for cell in cells:
        if cell.state is Ask.CANNOT_TELL:
            reasons.setdefault(cell.reason, []).append(cell.check)
    for reason, checks in reasons.items():
        yield from _wrapped(_LABELS[Ask.CANNOT_TELL], f"{', '.join(checks)}: {reason}", width)


def _wrapped(label: str, text: str, width: int) -> list[str]:
    hanging = " " * _LABEL_WIDTH
    return textwrap.wrap(
        text, width, initial_indent=f"  {label}".ljust(_LABEL_WIDTH), subsequent_indent=hanging, break_on_hyphens=False
    )
