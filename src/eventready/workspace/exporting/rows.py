"""Rows of the sheets from the files of a workspace: own values of each entry, as `inventory import` reads them back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

from eventready.core.messages import term
from eventready.workspace.devices.device import ROLES, SERVICES
from eventready.workspace.files.yaml_document import load_optional
from eventready.workspace.importing.cells import written_list
from eventready.workspace.importing.known import value_at
from eventready.workspace.settings.duties import Addressee
from eventready.workspace.settings.event import Event, WindowKind
from eventready.workspace.sheets.layout import BASTIONS, DEVICES, DUTIES, LAYOUTS, LINKS, NOTES, PAIRS, WINDOWS, Layout
from eventready.workspace.sheets.spelling import fold
from eventready.workspace.workspace import Workspace

Entries = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Words:
    """Values in a language: venues by name, roles, services, platforms."""

    event: Event
    platforms: Sequence[str]
    lang: str

    @cached_property
    def venues(self) -> Mapping[str, str]:
        """Names of the venues by identifier; the identifier where a name means several."""
        titles = {venue.id: venue.title.render(self.lang).strip() for venue in self.event.venues}
        folded = [fold(form) for venue in self.event.venues for form in {venue.id, venue.name, venue.name_vi} if form]
        return {name: title if folded.count(fold(title)) == 1 else name for name, title in titles.items()}

    def shown(self, kind: str, value: Any) -> str:
        """Value of a vocabulary in the language."""
        text = "" if value is None else str(value)
        if kind == "venue":
            return self.venues.get(text, text)
        if kind == "flag":
            return term("workspace:flag", "yes" if value else "no", self.lang) if value is not None else ""
        return term(_FAMILIES[kind], text, self.lang) if kind in _FAMILIES else text

    def choices(self, kind: str) -> list[str]:
        """Values of a drop-down."""
        return [self.shown(kind, name) for name in self._names().get(kind, ())]

    def _names(self) -> Mapping[str, Iterable[Any]]:
        return {
            "venue": self.event.venue_ids,
            "service": SERVICES,
            "platform": self.platforms,
            "role": ROLES,
            "kind": get_args(WindowKind),
            "addressee": get_args(Addressee),
            "flag": (True, False),
        }


#: Families of terms by vocabulary.
_FAMILIES = {
    "role": "terms:role",
    "service": "terms:service",
    "platform": "terms:platform",
    "kind": "workspace:window_kind",
    "addressee": "workspace:addressee",
}


@dataclass(frozen=True)
class SheetRows:
    """Sheet with headers and rows of text."""

    layout: Layout
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


def template_sheets(words: Words) -> list[SheetRows]:
    """Sheets without rows."""
    return [_sheet(layout, (), words) for layout in LAYOUTS.values()]


def sheets_of_workspace(workspace: Workspace, words: Words) -> list[SheetRows]:
    """All sheets of a workspace. Raises WorkspaceError."""
    folder = workspace.path / "inventory"
    hosts = {name: host or {} for name, host in workspace.files.hosts.items()}
    jumps = load_optional(folder / "jump_hosts.yaml").mapping()
    sources: dict[Layout, Iterable[tuple[str, Mapping[str, Any]]]] = {
        DEVICES: hosts.items(),
        LINKS: (("", link) for link in _links(hosts)),
        PAIRS: (("", pair) for pair in _pairs(hosts)),
        BASTIONS: ((name, jump or {}) for name, jump in jumps.items()),
        WINDOWS: (("", window) for window in load_optional(folder / "event.yaml").mapping().get("windows") or ()),
        DUTIES: (("", duty) for duty in load_optional(folder / "duties.yaml").mapping().get("duties") or ()),
    }
    return [_sheet(layout, entries, words) for layout, entries in sources.items()]


def _sheet(layout: Layout, entries: Iterable[tuple[str, Mapping[str, Any]]], words: Words) -> SheetRows:
    listed = list(entries)
    notes = list(dict.fromkeys(str(key) for _, entry in listed for key in value_at(entry, NOTES) or ()))
    cell = _cells(layout, words)
    rows = [
        [*cell(name, entry), *(str((value_at(entry, NOTES) or {}).get(note, "")) for note in notes)]
        for name, entry in listed
    ]
    return SheetRows(layout, [*(column.header(words.lang) for column in layout.columns), *notes], rows)


def _cells(layout: Layout, words: Words) -> Callable[[str, Mapping[str, Any]], Iterator[str]]:
    def cells(name: str, entry: Mapping[str, Any]) -> Iterator[str]:
        for column in layout.columns:
            value = value_at(entry, column.path) if column.path else name
            if column.form == "list":
                yield written_list(words.shown(column.words, item) for item in value or ())
            else:
                yield words.shown(column.words, value).strip()

    return cells


def _links(hosts: Entries) -> Iterator[dict[str, Any]]:
    """Links written at either end, once."""
    seen: set[frozenset[tuple[str, str]]] = set()
    for name, host in hosts.items():
        for link in value_at(host, ("data", "expect", "links")) or ():
            ends = frozenset({(name, str(link["port"])), (str(link["device"]), str(link["to_port"]))})
            if ends not in seen:
                seen.add(ends)
                yield {"device": name, "port": link["port"], "other": link["device"], "to_port": link["to_port"]}


def _pairs(hosts: Entries) -> Iterator[dict[str, Any]]:
    """Members of each pair, two in a row."""
    members: dict[str, list[str]] = {}
    for name, host in hosts.items():
        if pair := value_at(host, ("data", "pair")):
            members.setdefault(str(pair), []).append(name)
    for pair, names in members.items():
        for first, second in zip(names[::2], [*names[1::2], None], strict=False):
            yield {"pair": pair, "device": first, "other": second}
