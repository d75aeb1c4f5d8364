"""Merge of imported devices into hosts.yaml: comments, other devices and other keys stay."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from eventready.core.atomic_files import write_atomic
from eventready.core.errors import WorkspaceError
from eventready.core.messages import Bilingual, message
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.importing.devices import ImportedDevice
from eventready.workspace.inventory import load_inventory
from eventready.workspace.settings.event import Event


@dataclass(frozen=True)
class Difference:
    """Change of a device: `new`, or the changed keys with old and new value."""

    device: str
    new: bool
    keys: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True)
class Merge:
    """New text of hosts.yaml, and its differences from the old text."""

    text: str
    differences: tuple[Difference, ...]


def merge(hosts: Path, devices: Sequence[ImportedDevice]) -> Merge:
    """Merge devices into the text of hosts.yaml, without writing. Raises WorkspaceError."""
    if hosts.exists():
        load_yaml(hosts, may_be_empty=True)  # a sentence for invalid YAML
    yaml = YAML()
    yaml.width = 120
    yaml.preserve_quotes = True
    text = hosts.read_text(encoding="utf-8") if hosts.exists() else ""
    document = yaml.load(text)
    if document is None:
        document = CommentedMap()
    document.fa.set_block_style()
    differences = [found for device in devices if (found := _apply(document, device))]
    written = io.StringIO()
    yaml.dump(document, written)
    return Merge(written.getvalue(), tuple(differences))


def _apply(document: CommentedMap, device: ImportedDevice) -> Difference | None:
    if document.get(device.name) is None:
        document[device.name] = _plain(device.entry)
        return Difference(device.name, True, tuple((key, None, value) for key, value in flatten(device.entry)))
    changed = tuple(_update(document[device.name], device.entry))
    return Difference(device.name, False, changed) if changed else None


def _update(target: Any, entry: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any, Any]]:
    changed: list[tuple[str, Any, Any]] = []
    for key, value in entry.items():
        if isinstance(value, Mapping):
            if not isinstance(target.get(key), Mapping):
                target[key] = {}
            changed += _update(target[key], value, f"{prefix}{key}.")
        elif _comparable(target.get(key)) != value:
            changed.append((f"{prefix}{key}", _comparable(target.get(key)), value))
            target[key] = value
    return changed


def _comparable(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) if isinstance(value, Mapping) else value for key, value in entry.items()}


def flatten(entry: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Dotted keys and values of an entry."""
    found: list[tuple[str, Any]] = []
    for key, value in entry.items():
        found += flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [(f"{prefix}{key}", value)]
    return found


def write_hosts(folder: Path, event: Event, merged: Merge) -> None:
    """Validate the merged inventory and write hosts.yaml atomically. Raises WorkspaceError, UsageError."""
    with tempfile.TemporaryDirectory() as temporary:
        trial = Path(temporary)
        for name in ("groups.yaml", "defaults.yaml"):
            if (folder / name).exists():
                shutil.copyfile(folder / name, trial / name)
        (trial / "hosts.yaml").write_text(merged.text, encoding="utf-8")
        try:
            load_inventory(trial, event)
        except WorkspaceError as error:
            problem = Bilingual(*(error.render(lang).replace(str(trial), str(folder)) for lang in ("vi", "en")))
            raise WorkspaceError(message("workspace:import.invalid", problem=problem)) from None
    write_atomic(folder / "hosts.yaml", merged.text.encode(), what="hosts.yaml")
