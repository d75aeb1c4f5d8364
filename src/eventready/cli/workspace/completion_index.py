"""Completion without importing commands: an index of the command tree, and values of the workspace by light reads.

The index is written to the user's cache once per version, so that a completion takes the start of Python and no more.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from eventready import __version__

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

Index = Mapping[str, Mapping[str, Any]]


def index_file() -> Path:
    """Cache file of the index of this version."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "eventready" / f"completion-{__version__}.json"


def load_index(build: Callable[[], Index]) -> Index:
    """Index from the cache, newer than this package; otherwise built and cached."""
    path = index_file()
    with suppress(OSError, ValueError):
        if path.stat().st_mtime >= Path(__file__).parents[1].stat().st_mtime:
            found: Index = json.loads(path.read_text(encoding="utf-8"))
            return found
    index = build()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(index), encoding="utf-8")
    return index


def complete(index: Index, words: Sequence[str], incomplete: str) -> list[str]:
    """Candidates for the word `incomplete` after the complete `words` (without the program's name)."""
    path, position, option, workspace = _walk(index, words)
    entry = index[path]
    values: Iterable[str] = entry["commands"]
    if option is None and incomplete.startswith("-"):
        values = [*entry["options"], *index[""]["options"]]
    elif option is not None or not values:
        arguments = entry["arguments"]
        wanted: Mapping[str, Any] = option or next(
            iter(arguments[position:] or arguments[-1:]), {"choices": [], "kind": ""}
        )
        values = wanted["choices"] or _values(wanted["kind"], index, workspace, incomplete)
    return sorted({value for value in values if value.startswith(incomplete)})


def _walk(index: Index, words: Iterable[str]) -> tuple[str, int, Mapping[str, Any] | None, Path]:
    """Command path, number of positional words, option awaiting a value, workspace."""
    path, position, awaiting = "", 0, ""
    workspace = Path(os.environ.get("EVENTREADY_WORKSPACE", "."))
    for word in words:
        if awaiting:
            workspace = Path(word) if awaiting in ("-w", "--workspace") else workspace
            awaiting = ""
        elif word.startswith("-"):
            awaiting = word if _option(index, path, word) else ""
        elif f"{path} {word}".strip() in index:
            path = f"{path} {word}".strip()
        else:
            position += 1
    return path, position, _option(index, path, awaiting) if awaiting else None, workspace


def _option(index: Index, path: str, word: str) -> Mapping[str, Any] | None:
    """Option with a value; None for flags and unknown words."""
    found: Mapping[str, Any] | None = index[path]["options"].get(word) or index[""]["options"].get(word)
    return found if found and found["value"] else None


def _values(kind: str, index: Index, workspace: Path, incomplete: str) -> Iterable[str]:
    readers: Mapping[str, Callable[[], Iterable[str]]] = {
        "selection": lambda: _selection(workspace, incomplete),
        "devices": lambda: _devices(workspace),
        "venues": lambda: _block_ids(workspace, "event.yaml", "venues"),
        "intents": lambda: [path.name for path in (workspace / "templates").glob("*/") if any(path.glob("*.j2"))],
        "clauses": lambda: _block_ids(workspace, "duties.yaml", "duties"),
        "runs": lambda: ["latest", "previous", *_query(workspace, _RUNS)],
        "changes": lambda: ["latest", *_query(workspace, _CHANGES)],
    }
    read = readers.get(kind, lambda: index[""].get(kind, ()))  # faults, platforms, pages
    return read()


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
