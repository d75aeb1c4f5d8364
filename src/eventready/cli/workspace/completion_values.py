"""Values of the workspace for a completion, by light reads: no file is validated, nothing heavy imported."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from importlib.metadata import entry_points
from pathlib import Path

import click

#: Kind of value by metavar or name of a parameter.
KINDS: Mapping[str, str] = {
    "EXPR": "selection", "RUN": "runs", "EARLIER": "runs", "LATER": "runs", "BASELINE": "runs", "CLAUSES": "clauses",
    "CLAUSE": "clauses", "VENUE": "venues", "FAULT": "faults", "CHANGE": "changes", "DEVICE": "devices",
    "PLATFORM": "platforms", "PAGE": "pages", "INTENT": "intents",
}  # fmt: skip
_MAX_BYTES, _MAX_RUNS = 16_000_000, 50
_RUNS = "SELECT id FROM eventready_run WHERE state = 'finished' ORDER BY position DESC"
_CHANGES = "SELECT id FROM eventready_change ORDER BY begun DESC"
_KEY = re.compile(r"^(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\s#'\"\-{\[&*!][^:\n]*)):", re.M)


def values_of(parameter: click.Parameter, workspace: Path, incomplete: str) -> Iterable[str]:
    """Values of a parameter by its metavar or name; none for a parameter without known values."""
    names = [(parameter.metavar or "").strip("[].").split("=")[0].split("|")[0], (parameter.name or "").upper()]
    kind = next((KINDS[name] for name in names if name in KINDS), None)
    readers: Mapping[str, Callable[[], Iterable[str]]] = {
        "selection": lambda: _selection(workspace, incomplete),
        "devices": lambda: _devices(workspace),
        "venues": lambda: _block_ids(workspace, "event.yaml", "venues"),
        "intents": lambda: [path.name for path in (workspace / "templates").glob("*/") if any(path.glob("*.j2"))],
        "clauses": lambda: _block_ids(workspace, "duties.yaml", "duties"),
        "runs": lambda: ["latest", "previous", *_query(workspace, _RUNS)],
        "changes": lambda: ["latest", *_query(workspace, _CHANGES)],
        "faults": _faults,
        "platforms": _platforms,
        "pages": _pages,
    }
    return readers[kind]() if kind else ()


def _faults() -> Iterable[str]:
    """Names of the faults of the lab, empty without the lab."""
    for point in entry_points(group="eventready.completions", name="faults"):
        with suppress(ImportError):
            names: Iterable[str] = point.load()
            return names
    return ()


def _platforms() -> Iterable[str]:
    from eventready.platforms.loader import platform_names  # noqa: PLC0415  for a name of a platform only

    return platform_names()


def _pages() -> Iterable[str]:
    from eventready.cli.workspace.docs import pages, pages_folder  # noqa: PLC0415  for a name of a page only

    return pages(pages_folder())


def _selection(workspace: Path, incomplete: str) -> Iterable[str]:
    """Last term of an expression: names, or values after `role=`, `venue=`."""
    before, comma, term = incomplete.rpartition(",")
    excludes = "!" if term.startswith("!") else ""
    key, equals, _value = term.removeprefix("!").partition("=")
    if equals:
        known = {
            "role": ("router", "switch", "bts_controller", "wifi_controller", "service_host", "vantage"),
            "service": ("fixed", "internet", "mobile", "wifi"),
            "venue": _block_ids(workspace, "event.yaml", "venues"),
            "name": _devices(workspace),
        }.get(key, ())
        return [f"{before}{comma}{excludes}{key}={value}" for value in known]
    names = [*_devices(workspace), "role=", "venue=", "service=", "platform="]
    return [f"{before}{comma}{excludes}{name}" for name in names]


def _read(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        if path.stat().st_size <= _MAX_BYTES:
            return path.read_text(encoding="utf-8")
    return ""


def _devices(workspace: Path) -> list[str]:
    """Top-level keys of hosts.yaml."""
    found = _KEY.findall(_read(workspace / "inventory" / "hosts.yaml"))
    return [next(part for part in groups if part).strip() for groups in found]


def _block_ids(workspace: Path, file: str, block: str) -> list[str]:
    """Values of `id` inside a top-level block."""
    text = _read(workspace / "inventory" / file)
    match = re.search(rf"^{block}:(.*?)(?=^\S|\Z)", text, re.M | re.S)
    return re.findall(r"^\s+-?\s*id:\s*[\"']?([^\"'\s#]+)", match[1], re.M) if match else []


def _query(workspace: Path, statement: str) -> list[str]:
    """First column of at most 50 rows of the SQLite store."""
    path = workspace / ".eventready" / "eventready.db"
    if "EVENTREADY_DATABASE_URL" in os.environ or not path.is_file():
        return []
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.1)) as store:
        return [str(row[0]) for row in store.execute(f"{statement} LIMIT {_MAX_RUNS}")]
    return []
