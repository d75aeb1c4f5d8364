"""`eventready doctor matrix`: which checks apply to which device, and which the equipment does not support."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eventready.audit.audit import network_setting
from eventready.cli.context import App
from eventready.cli.folding import width
from eventready.core.messages import Lang, term, text
from eventready.evaluation.matrix import CellState, Matrix, MatrixCell, build_matrix
from eventready.facts.observe import commands_for
from eventready.facts.performance.cell_records import devices_of_files
from eventready.facts.platform import Platform
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.select import select
from eventready.workspace.settings.performance import load_performance

_LABEL_WIDTH = 17
#: Columns of a line at most.
_MOST = 120


def command(app: App, *, limit: str | None) -> None:
    """Show the applicable checks of every device, and the unsupported checks with the reason."""
    devices = select(app.workspace.devices, limit)
    platforms = app.equipment.only(devices).platforms
    filed = {one.name for one in devices_of_files(load_performance(app.workspace_path), devices)}
    matrix = build_matrix(devices, platforms, network=network_setting(app.workspace), of_files=filed)
    ordered = sorted(devices, key=lambda device: device.name)
    app.show(
        lambda: [_entry(device, matrix, platforms[device.platform]) for device in ordered],
        _table(ordered, matrix, platforms, min(width(), _MOST), app.lang),
    )


def _entry(device: Device, matrix: Matrix, platform: Platform) -> dict[str, Any]:
    facts = matrix.facts_for(device.name)
    return {
        "device": device.name,
        "role": device.role,
        "platform": device.platform,
        "facts": list(facts),
        "commands": list(commands_for(platform, facts)),
        "unconfirmed": [fact for fact in facts if fact in platform.unconfirmed],
        "checks": {
            cell.check: {"state": str(cell.state), "reason": cell.reason.render("en") if cell.reason else ""}
            for cell in matrix.of(device.name)
        },
    }


def _table(
    devices: Sequence[Device], matrix: Matrix, platforms: Mapping[str, Platform], width: int, lang: Lang
) -> Iterator[str]:
    alike: dict[tuple[object, ...], list[Device]] = {}
    for device in devices:
        cells = tuple((cell.check, cell.state, _reason(cell, lang)) for cell in matrix.of(device.name))
        alike.setdefault((device.role, device.platform, cells), []).append(device)
    for group in alike.values():
        yield from _group(group, matrix, platforms[group[0].platform], width, lang)
        yield ""
    states = Counter(cell.state for device in devices for cell in matrix.of(device.name))
    count = {str(state): states[state] for state in CellState}
    total = text("cli:matrix.total", lang, devices=len(devices), checks=len(matrix.checks), **count)
    yield from textwrap.wrap(total, width)


def _group(group: Sequence[Device], matrix: Matrix, platform: Platform, width: int, lang: Lang) -> Iterator[str]:
    first = group[0]
    commands = len(commands_for(platform, matrix.facts_for(first.name)))
    yield from textwrap.wrap(", ".join(device.name for device in group), width)
    yield text("cli:matrix.group", lang, role=first.role, platform=first.platform, commands=commands)
    cells = matrix.of(first.name)
    for state in (CellState.APPLICABLE, CellState.NOT_APPLICABLE):
        # Checks of other roles would fill the screen; JSON has them.
        own = [cell.check for cell in cells if cell.state is state and first.role in matrix.checks[cell.check].roles]
        yield from _wrapped(term("cli:matrix_state", str(state), lang), ", ".join(own) or "-", width)
    reasons: dict[str, list[str]] = {}
    for cell in cells:
        if cell.state is CellState.UNSUPPORTED:
            reasons.setdefault(_reason(cell, lang), []).append(cell.check)
    for reason, checks in reasons.items():
        yield from _wrapped(term("cli:matrix_state", "unsupported", lang), f"{', '.join(checks)}: {reason}", width)
    if unconfirmed := [fact for fact in matrix.facts_for(first.name) if fact in platform.unconfirmed]:
        note = text("cli:matrix.unconfirmed", lang, facts=unconfirmed)
        yield from _wrapped(term("cli:matrix_state", "unconfirmed", lang), note, width)


def _reason(cell: MatrixCell, lang: Lang) -> str:
    return cell.reason.render(lang) if cell.reason else ""


def _wrapped(label: str, content: str, width: int) -> list[str]:
    hanging = " " * _LABEL_WIDTH
    return textwrap.wrap(
        content,
        width,
        initial_indent=f"  {label}".ljust(_LABEL_WIDTH),
        subsequent_indent=hanging,
        break_on_hyphens=False,
    )
