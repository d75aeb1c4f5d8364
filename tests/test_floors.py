"""Imports run downward only: cli > audit, change, report, lab > store > checks > facts > session > workspace."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "eventready"

#: Rooms by floor, the ground first. What stands beside the rooms (errors, clock) is under all of them.
FLOORS = (
    ("errors", "clock", "collector", "files", "english", "__init__"),
    ("workspace",),
    ("session", "platforms"),
    ("facts",),
    ("checks",),
    ("run", "sheet", "compose", "tasks", "offline", "store", "pace", "reading", "spread"),
    ("roster", "duty", "keys"),
    ("audit", "change", "report", "lab", "trust", "delivery"),
    ("doctor",),
    ("cli",),
    ("__main__",),
)
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}


def room_of(module: str) -> str:
    """The room of a dotted name: `eventready.facts.read` is in `facts`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and module of everything of ours that a file imports, inside functions too, except for typing only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("eventready"):
            yield node.lineno, node.module or ""
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.startswith("eventready"))


MODULES = sorted(path for path in SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_run_downward(path: Path) -> None:
    relative = path.relative_to(SOURCE)
    room = relative.parts[0].removesuffix(".py")
    assert room in LEVEL, f"{relative} is in no room: name its floor in FLOORS"
    upward = [
        f"{relative}:{line} imports {module}" for line, module in imports(path) if LEVEL[room_of(module)] > LEVEL[room]
    ]
    assert not upward
