"""Merge of all sheets into the files of the inventory: devices with their links, bastions, windows, duties."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from eventready.workspace.files.yaml_document import load_optional
from eventready.workspace.importing.entries import Entry
from eventready.workspace.importing.known import value_at
from eventready.workspace.importing.merge import Difference, Merge, Named, flatten, merge, styled, update, writer_for
from eventready.workspace.importing.reading import Imported

_LINKS = ("data", "expect", "links")


def merge_sheets(folder: Path, imported: Imported) -> Merge:
    """Merge everything imported into the texts of the inventory, without writing. Raises WorkspaceError."""
    devices = merge(folder / "hosts.yaml", _with_links(imported, load_optional(folder / "hosts.yaml").mapping()))
    texts: dict[str, str] = {}
    differences = [*devices.differences]
    if imported.of("bastions"):
        jumps = merge(folder / "jump_hosts.yaml", imported.of("bastions"))
        texts |= {"jump_hosts.yaml": jumps.text} if jumps.differences else {}
        differences += [replace(found, file="jump_hosts.yaml") for found in jumps.differences]
    for sheet, name in (("windows", "event.yaml"), ("duties", "duties.yaml")):
        text, found = _merged_list(folder / name, sheet, imported.of(sheet))
        texts |= {name: text} if found else {}
        differences += found
    return Merge(devices.text, tuple(differences), texts, devices.old)


def _with_links(imported: Imported, hosts: Mapping[str, Any]) -> list[Entry]:
    """Devices with the links missing at both ends, at the first end of each."""
    found = {device.name: device for device in imported.of("devices")}
    written = {name: list(value_at(host, _LINKS) or ()) for name, host in hosts.items()}
    for link in imported.of("links"):
        near, far = (link.entry["device"], link.entry["port"]), (link.entry["other"], link.entry["to_port"])
        if _has_link(written, near, far) or _has_link(written, far, near):
            continue
        own = written.setdefault(near[0], [])
        own.append({"port": near[1], "device": far[0], "to_port": far[1]})
        device = found.get(near[0], Entry(near[0], {}, link.place))
        data = {**(device.entry.get("data") or {}), "expect": {"links": [*own]}}
        found[near[0]] = replace(device, entry={**device.entry, "data": data})
    return list(found.values())


def _has_link(written: Mapping[str, Sequence[Mapping[str, Any]]], near: tuple[str, str], far: tuple[str, str]) -> bool:
    ends = ((link.get("port"), link.get("device"), link.get("to_port")) for link in written.get(near[0], ()))
    return any(tuple(map(str, end)) == (near[1], *far) for end in ends)


def _merged_list(path: Path, key: str, entries: Sequence[Named]) -> tuple[str, list[Difference]]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if not _listed(deepcopy(dict(load_optional(path).mapping())), key, entries, path.name):
        return text, []
    yaml = writer_for(text)
    document = yaml.load(text) or {}
    differences = _listed(document, key, entries, path.name)
    written = io.StringIO()
    yaml.dump(document, written)
    return written.getvalue(), differences


def _listed(document: dict[str, Any], key: str, entries: Sequence[Named], file: str) -> list[Difference]:
    """Update the entries of a list by their names: the identifier of a duty, kind and name of a window."""
    present = document.setdefault(key, []) if entries else []
    differences = []
    taken: set[int] = set()
    for one in entries:
        name = _entry_name(one.entry)
        index = next((i for i, old in enumerate(present) if i not in taken and _entry_name(old) == name), len(present))
        taken.add(index)
        if index == len(present):
            present.append(styled(one.entry))
            keys = tuple((path, None, value) for path, value in flatten(one.entry))
            differences.append(Difference(name, True, keys, file))
        elif changed := tuple(update(present[index], one.entry)):
            differences.append(Difference(name, False, changed, file))
    return differences


def _entry_name(entry: Mapping[str, Any]) -> str:
    """Name of an entry of a list: the identifier of a duty; kind and name of a window."""
    if "id" in entry:
        return str(entry["id"])
    return " ".join(str(entry[key]) for key in ("kind", "name_vi", "name") if entry.get(key)).strip()
