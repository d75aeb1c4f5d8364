"""Floors of the architecture as an SVG, from the import-linter contracts and the import graph."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import grimp

_WIDTH, _ROW, _GAP = 760, 46, 10
_TEXT = 'font-family="sans-serif" font-size="14"'


def floors(pyproject: Path) -> list[list[str]]:
    """Packages by floor, from the top, as in the layers contract with the id `floors`."""
    tool = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = next(c for c in tool["contracts"] if c["id"] == "floors")
    return [[name.strip(" ()") for name in layer.split("|")] for layer in contract["layers"]]


def import_counts(packages: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Modules of each package, and packages imported by it; packages without modules are left out."""
    graph = grimp.build_graph("eventready")
    counts: dict[str, tuple[int, int]] = {}
    for package in packages:
        root = f"eventready.{package}"
        if root not in graph.modules:
            continue
        modules = {root, *graph.find_descendants(root)}
        targets = {
            imported.split(".")[1]
            for module in modules
            for imported in graph.find_modules_directly_imported_by(module)
            if imported.startswith("eventready.") and imported not in modules
        }
        counts[package] = (len(modules), len(targets))
    return counts


def floors_svg(pyproject: Path) -> str:
    """Draw one row per floor, a box per package with its number of modules; arrows run downward only."""
    rows = floors(pyproject)
    counts = import_counts([name for row in rows for name in row])
    rows = [[name for name in row if name in counts] for row in rows]
    rows = [row for row in rows if row]
    height = len(rows) * (_ROW + _GAP) + _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" role="img"'
        ' aria-label="Floors of the architecture: imports run downward only">',
        "<style>rect{fill:#eef3fb;stroke:#4a6fa5}text{fill:#1c2a3a}</style>",
    ]
    for number, row in enumerate(rows):
        top = _GAP + number * (_ROW + _GAP)
        width = (_WIDTH - _GAP * (len(row) + 1)) / len(row)
        for place, name in enumerate(row):
            left = _GAP + place * (width + _GAP)
            modules, imported = counts[name]
            parts.append(f'<rect x="{left:.0f}" y="{top}" width="{width:.0f}" height="{_ROW}" rx="4"/>')
            parts.append(
                f'<text x="{left + width / 2:.0f}" y="{top + 20}" text-anchor="middle" {_TEXT}>{escape(name)}</text>'
                f'<text x="{left + width / 2:.0f}" y="{top + 37}" text-anchor="middle" font-family="sans-serif"'
                f' font-size="11">modules: {modules}, packages imported: {imported}</text>'
            )
    return "\n".join([*parts, "</svg>", ""])
