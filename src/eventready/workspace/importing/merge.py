"""Merge of devices and expectations into hosts.yaml: comments, order, other devices and other keys stay.

A device is rewritten by itself: the text of all others stays as it is, to the byte.
"""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from eventready.core.errors import WorkspaceError
from eventready.core.files import write_atomic
from eventready.core.messages import Bilingual, message
from eventready.workspace.devices.access import load_jump_hosts
from eventready.workspace.files.yaml_document import YamlDocument, load_optional
from eventready.workspace.importing.entries import Entry, Imported
from eventready.workspace.importing.known import WRITTEN_LINKS, ends_of, value_at
from eventready.workspace.inventory import load_inventory
from eventready.workspace.settings.duties import load_duties
from eventready.workspace.settings.event import Event, load_event

#: Longest line that a list is written into, in characters of its items.
_ONE_LINE = 80
#: A key with a block below, and the first dash of a list below a key.
_NESTED = re.compile(r"^( *)[^\s#-][^#\n]{0,200}:[ ]{0,40}(?:#.*)?\n( +)[^\s#-]", re.M)
_DASH = re.compile(r"^( *)[^\s#-][^#\n]{0,200}:[ ]{0,40}(?:#.*)?\n( *)- ", re.M)


@dataclass(frozen=True)
class Difference:
    """Change of a device or of an entry of another file: `new`, or the changed keys with old and new value."""

    device: str
    new: bool
    keys: tuple[tuple[str, Any, Any], ...]
    file: str = "hosts.yaml"

    @classmethod
    def added(cls, name: str, entry: Entry, file: str = "hosts.yaml") -> Difference:
        """Return the difference of a new entry."""
        return cls(name, True, tuple((key, None, value) for key, value in flatten(entry.entry)), file)


@dataclass(frozen=True)
class Merge:
    """New text of hosts.yaml, and of `others` by name; the differences from the old texts.

    `old`: bytes of hosts.yaml that the text was made from.
    """

    text: str
    differences: tuple[Difference, ...]
    others: Mapping[str, str] = field(default_factory=dict)
    old: bytes = b""

    @property
    def texts(self) -> dict[str, str]:
        """Texts of all files by name, in the order of writing: hosts.yaml refers to the others."""
        return {**self.others, "hosts.yaml": self.text}


def merge(hosts: Path, devices: Sequence[Entry]) -> Merge:
    """Merge devices into the text of hosts.yaml, without writing. Raises WorkspaceError."""
    old = hosts.read_bytes() if hosts.exists() else b""
    document = load_optional(hosts)
    try:
        merged = _merged(old.decode().replace("\r\n", "\n"), document, devices)
    except MarkedYAMLError as error:  # such as a tab before a comment, which the other parser takes
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise WorkspaceError(message("workspace:import.not_editable"), where=f"{hosts}:{line}") from None
    text = merged.text.replace("\n", "\r\n") if b"\r\n" in old else merged.text
    return replace(merged, text=text, old=old)


def _merged(text: str, document: YamlDocument, devices: Sequence[Entry]) -> Merge:
    plain = _apart(document.mapping())  # the round-trip parser takes a hundred times as long
    devices = [device for device in devices if _apply(plain, device)]
    if not devices:
        return Merge(text, ())
    yaml = writer_for(text)
    if document.aliased or "\n..." in text:
        return _whole(yaml, text, devices)
    try:
        return _by_device(yaml, text, document, devices)
    except YAMLError:  # a device on one line with others
        return _whole(yaml, text, devices)


def _apart(value: Any) -> Any:
    """Copy without shared parts, as aliases make them."""
    if isinstance(value, Mapping):
        return {key: _apart(part) for key, part in value.items()}
    return [_apart(part) for part in value] if isinstance(value, list) else value


def writer_for(text: str) -> YAML:
    """Return a writer with the indentation of a text."""
    yaml = YAML()
    yaml.width = 4096
    yaml.preserve_quotes = True
    nested, dash = _NESTED.search(text), _DASH.search(text)
    mapping = max(1, len(nested[2]) - len(nested[1])) if nested else 2
    offset = max(0, len(dash[2]) - len(dash[1])) if dash else 2
    yaml.indent(mapping=mapping, sequence=offset + 2, offset=offset)
    return yaml


def _by_device(yaml: YAML, text: str, document: YamlDocument, devices: Sequence[Entry]) -> Merge:
    """Merge each device into its own part of the text; new devices follow at the end."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    starts = [line - 1 for line in sorted(document.line(name) for name in document.mapping())]
    parts = {
        name: _part(lines, document.line(name) - 1, [*starts, len(lines)]) for name in document.mapping()
    }  # fmt: skip
    differences, written, new = [], {}, CommentedMap()
    for device in devices:
        begin, end = parts.get(device.name, (0, 0))
        alone = _loaded(yaml, "".join(lines[begin:end]), device.name) if device.name in parts else new
        if difference := _apply(alone, device):
            differences.append(difference)
            if alone is not new:
                written[begin, end] = _dumped(yaml, alone)
    for (begin, end), changed in sorted(written.items(), reverse=True):
        lines[begin:end] = [changed]
    if new:
        lines = _without_empty(lines) if not parts else lines
        lines += ["\n"] if lines and not lines[-1].endswith("\n") else []
        lines.append(_dumped(yaml, new))
    return Merge("".join(lines), tuple(differences))


def _without_empty(lines: list[str]) -> list[str]:
    """Comments of a file without devices, without its empty mapping."""
    return [line for line in lines if not line.strip() or line.lstrip().startswith("#")]


def _part(lines: Sequence[str], begin: int, starts: Sequence[int]) -> tuple[int, int]:
    """Lines of a device, without the comments and blank lines before the next device."""
    end = min(start for start in starts if start > begin)
    while end > begin + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return begin, end


def _loaded(yaml: YAML, part: str, name: str) -> CommentedMap:
    """Load a device by itself. Raises YAMLError for another part."""
    alone = yaml.load(part)
    if not isinstance(alone, CommentedMap) or list(alone) != [name] or alone.fa.flow_style():
        raise YAMLError
    return alone


def _dumped(yaml: YAML, document: Any) -> str:
    written = io.StringIO()
    yaml.dump(document, written)
    return written.getvalue()


def _whole(yaml: YAML, text: str, devices: Sequence[Entry]) -> Merge:
    document = yaml.load(text)
    if document is None:
        document = CommentedMap()
    document.fa.set_block_style()
    for device in devices:
        _separate(document, device.name, device.entry)
    differences = [found for device in devices if (found := _apply(document, device))]
    return Merge(_dumped(yaml, document), tuple(differences))


def _separate(target: Any, key: str, entry: Any) -> None:
    """Give a device its own copy of the parts to change: other devices may share them by an alias."""
    if not isinstance(entry, Mapping) or target.get(key) is None:
        return
    own = deepcopy(target[key])
    for part in (own, *(own.values() if isinstance(own, Mapping) else ())):
        if hasattr(part, "yaml_set_anchor"):
            part.yaml_set_anchor(None)
    target[key] = own
    for name, value in entry.items():
        _separate(own, name, value)


def _apply(document: dict[str, Any], device: Entry) -> Difference | None:
    if document.get(device.name) is None:
        document[device.name] = styled(device.entry)
        return Difference.added(device.name, device)
    changed = tuple(update(document[device.name], device.entry))
    return Difference(device.name, False, changed) if changed else None


def update(target: Any, entry: Mapping[str, JsonValue], prefix: str = "") -> list[tuple[str, Any, Any]]:
    changed: list[tuple[str, Any, Any]] = []
    for key, value in entry.items():
        if isinstance(value, Mapping):
            if not isinstance(target.get(key), Mapping):
                target[key] = CommentedMap()
            changed += update(target[key], value, f"{prefix}{key}.")
        elif _comparable(target.get(key)) != _comparable(value):
            changed.append((f"{prefix}{key}", _plain(target.get(key)), value))
            _set(target, key, value)
    return changed


def _set(target: Any, key: str, value: Any) -> None:
    """Set a value; remaining items of a list keep their comments."""
    old = target.get(key)
    if isinstance(old, CommentedSeq) and isinstance(value, list) and old:
        for index in reversed(range(len(old))):
            if old[index] not in value:
                del old[index]
        old.extend(_item(item) for item in value if item not in old)
        if old and list(old) == value:
            return
    target[key] = styled(value)


def _item(value: Any) -> Any:
    item = styled(value)
    if isinstance(item, CommentedMap):
        item.fa.set_flow_style()
    return item


def styled(value: Any) -> Any:
    """Value in the style of the file: mappings of a list in braces, a short list of words in brackets."""
    if isinstance(value, Mapping):
        return CommentedMap({key: styled(part) for key, part in value.items()})
    if not isinstance(value, list):
        return value
    listed = CommentedSeq([_item(item) for item in value])
    if not any(isinstance(item, Mapping) for item in value) and len(", ".join(map(str, value))) <= _ONE_LINE:
        listed.fa.set_flow_style()
    return listed


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def _comparable(value: Any) -> Any:
    """Value as shown by its cell: text without outer blanks; a number and its digits are equal."""
    if isinstance(value, list | tuple):
        return [_comparable(item) for item in value]
    return value if value is None or isinstance(value, bool | Mapping) else str(value).strip()


def flatten(entry: Mapping[str, JsonValue], prefix: str = "") -> list[tuple[str, Any]]:
    """Dotted keys and values of an entry."""
    found: list[tuple[str, Any]] = []
    for key, value in entry.items():
        found += flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [(f"{prefix}{key}", value)]
    return found


#: Files of the inventory that are loaded together.
_FILES = ("event.yaml", "hosts.yaml", "groups.yaml", "defaults.yaml", "jump_hosts.yaml", "duties.yaml")


def write_hosts(folder: Path, event: Event, merged: Merge) -> None:
    """Validate the merged inventory and write its files atomically. Raises WorkspaceError, UsageError."""
    with tempfile.TemporaryDirectory() as temporary:
        trial = Path(temporary)
        for name in _FILES:
            if (folder / name).exists():
                shutil.copyfile(folder / name, trial / name)
        if (folder / "drills").is_dir():
            shutil.copytree(folder / "drills", trial / "drills")
        for name, text in merged.texts.items():
            (trial / name).write_text(text, encoding="utf-8")
        try:
            _validate(trial, event, merged.others)
        except WorkspaceError as error:
            problem = Bilingual(*(error.render(lang).replace(str(trial), str(folder)) for lang in ("vi", "en")))
            raise WorkspaceError(message("workspace:import.invalid", problem=problem)) from None
    hosts = folder / "hosts.yaml"
    if (hosts.read_bytes() if hosts.exists() else b"") != merged.old:
        raise WorkspaceError(message("workspace:import.changed"), where=str(hosts))
    for name, text in merged.texts.items():
        write_atomic(folder / name, text.encode(), what=name)


def _validate(folder: Path, event: Event, changed: Mapping[str, str]) -> None:
    event = load_event(folder / "event.yaml") if "event.yaml" in changed else event
    load_inventory(folder, event)
    if changed:
        load_jump_hosts(folder / "jump_hosts.yaml", lab=event.lab)
        load_duties(folder / "duties.yaml", windows=event.windows, venues=event.venue_ids)


def merge_sheets(folder: Path, imported: Imported) -> Merge:
    """Merge everything imported into the texts of the inventory, without writing. Raises WorkspaceError."""
    devices = merge(folder / "hosts.yaml", _with_links(imported, load_optional(folder / "hosts.yaml")))
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


def _with_links(imported: Imported, document: YamlDocument) -> list[Entry]:
    """Devices with the links missing at both ends, at the first end of each."""
    found = {device.name: device for device in imported.of("devices")}
    written = {name: list(value_at(host, WRITTEN_LINKS) or ()) for name, host in document.mapping().items()}
    known = {ends_of(name, link) for name, links in written.items() for link in links}
    for link in imported.of("links"):
        value = {"port": link.of("port"), "device": link.of("other"), "to_port": link.of("to_port")}
        name = link.of("device")
        if (ends := ends_of(name, value)) not in known:
            known.add(ends)
            written.setdefault(name, []).append(value)
            device = found.get(name, Entry(name, {}, link.place))
            found[name] = device.with_data(expect={"links": [*written[name]]})
    return list(found.values())


def _merged_list(path: Path, key: str, entries: Sequence[Entry]) -> tuple[str, list[Difference]]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if not _listed(deepcopy(dict(load_optional(path).mapping())), key, entries, path.name):
        return text, []
    yaml = writer_for(text)
    document = yaml.load(text) or {}
    differences = _listed(document, key, entries, path.name)
    return _dumped(yaml, document), differences


def _listed(document: dict[str, Any], key: str, entries: Sequence[Entry], file: str) -> list[Difference]:
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
            differences.append(Difference.added(name, one, file))
        elif changed := tuple(update(present[index], one.entry)):
            differences.append(Difference(name, False, changed, file))
    return differences


def _entry_name(entry: Mapping[str, JsonValue]) -> str:
    """Name of an entry of a list: the identifier of a duty; kind and name of a window."""
    if "id" in entry:
        return str(entry["id"])
    return " ".join(str(entry[key]) for key in ("kind", "name_vi", "name") if entry.get(key)).strip()
