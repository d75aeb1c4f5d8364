"""Captures with the rows that ntc-templates makes of them.

Fields that both have are compared: the platform's `fields` say which column feeds which field, its `words` and the
record say what the column's text means. captures.yaml names captures whose own rows are wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from eventready.core.errors import PlatformError
from eventready.facts.observation import Observation
from eventready.facts.parsing.build import UnknownWord, WordTable, columns_of
from eventready.facts.platform import CompiledFact, load_platform
from eventready.facts.records import Fact
from eventready.platforms.loader import platform_names
from eventready.workspace.files.yaml_document import load_yaml
from tests.corpus.captured import Output, captures

SPOKEN = {
    "aruba_os": ("aruba_os",),
    "cisco_ios": ("cisco_xe", "cisco_9800", "cisco_ios"),
    "cisco_wlc_ssh": ("cisco_wlc",),
    "huawei_vrp": ("huawei_vrp", "huawei_ac"),
    "juniper_junos": ("juniper_junos",),
    "mikrotik_routeros": ("mikrotik_routeros",),
}
#: Other commands that print the form of a fact's command, by folder.
ALSO = {
    ("aruba_os", "access_point"): ("show_ap_database",),
    ("mikrotik_routeros", "interface"): ("interface_print_detail", "interface_print_terse"),
    ("mikrotik_routeros", "optic"): ("interface_ethernet_monitor_name_once",),
    ("mikrotik_routeros", "ospf_neighbour"): ("routing_ospf_neighbor_print",),
    ("mikrotik_routeros", "bgp_neighbour"): ("routing_bgp_peer_print_status",),
    ("mikrotik_routeros", "static_route"): ("ip_route_print_terse",),
}
EXCEPTIONS: dict[str, dict[str, str]] = load_yaml(Path(__file__).with_name("captures.yaml"), may_be_empty=True).data
_BRACED = re.compile(r"\{([^{}]+)\}")
_FILTER = re.compile(r"(?P<verb>include|exclude|begin|match) (?P<pattern>.+)")


class NtcOutput(Output):
    """A capture with the rows of ntc-templates."""

    @property
    def excuse(self) -> str:
        """Reason of captures.yaml."""
        return EXCEPTIONS.get(self.fact, {}).get(self.name, "")

    @property
    def text(self) -> str:
        """The output, as if the device had filtered it."""
        return filtered(self.compiled.command, super().text)

    def disagreements(self, observed: Observation) -> list[str]:
        """Return the first row that no row beside the capture agrees with."""
        found = disagreement(self.compiled, observed, expected_rows(self.file))
        return [found] if found else []


def filtered(command: str, text: str) -> str:
    """The lines that the command's `| include ...` leaves."""
    lines = text.splitlines()
    for part in command.split(" | ", 1)[1:]:
        match = _FILTER.fullmatch(part)
        assert match, f"the test does not know the filter {part!r}"
        pattern = re.compile(match["pattern"].strip('"'), re.I if match["verb"] == "match" else 0)
        found = [bool(pattern.search(line)) for line in lines]
        if match["verb"] == "begin":
            lines = lines[found.index(True) :] if True in found else []
        else:
            wanted = match["verb"] in ("include", "match")
            lines = [line for line, hit in zip(lines, found, strict=True) if hit is wanted]
    return "\n".join(lines)


def expected_rows(capture: Path) -> list[dict[str, Any]]:
    """The rows that ntc-templates makes of the capture, by upper-case column."""
    rows = load_yaml(capture.with_suffix(".yml")).data["parsed_sample"] or []
    return [{key.upper(): value for key, value in row.items()} for row in rows]


def disagreement(compiled: CompiledFact, observed: Observation, expected: list[dict[str, Any]]) -> str:
    """The first row of ours that no row beside the capture agrees with."""
    if not expected:
        return ""
    shared = [
        field
        for field, column in compiled.spec.fields.items()
        if _available(column, expected[0])
        and not re.search(rf"(?:each|first) [\w ]*\b{column}\b", compiled.spec.template)
    ]
    if not shared:
        return ""
    theirs = [_meaning(compiled, shared, row) for row in expected]
    if len(theirs) == len(observed.rows):
        pairs = [(row, [their]) for row, their in zip(observed.rows, theirs, strict=True)]
    else:
        pairs = [(row, theirs) for row in observed.rows]
    for row, candidates in pairs:
        ours = {field: getattr(row, field) for field in shared}
        if not any(_agree(ours, their) for their in candidates):
            return f"we read {ours}, beside it stands {candidates[0] if len(candidates) == 1 else 'no such row'}"
    return ""


def _available(column: str, row: dict[str, Any]) -> bool:
    return all(name in row for name in _BRACED.findall(column) or [column])


_UNREADABLE = object()


def _meaning(compiled: CompiledFact, shared: list[str], row: dict[str, Any]) -> dict[str, Any]:
    """What a row beside the capture means in the record's terms; fields that it leaves open are not compared."""
    meaning: dict[str, Any] = {}
    for field in shared:
        column = compiled.spec.fields[field]
        value: Any = row[column] if column in row else _chosen(column, row)
        try:
            if field in compiled.spec.words:
                value = WordTable(compiled.spec.words[field])(value)
            meaning[field] = _coerced(compiled.kind.record, field, value)
        except (UnknownWord, ValidationError):
            meaning[field] = _UNREADABLE
    return meaning


def _chosen(column: str, row: dict[str, Any]) -> str:
    """The first format between ` | ` of which not all columns are blank."""
    for choice in column.split(" | "):
        if any(row[name] for name in re.findall(r"\{([^{}]+)\}", choice)):
            return choice.format(**row).strip()
    return ""


def _coerced(record: type[Fact], field: str, value: Any) -> Any:
    info = record.model_fields[field]
    annotation: Any = info.annotation
    for item in info.metadata:
        annotation = Annotated[annotation, item]
    return TypeAdapter(annotation).validate_python(value)


def _agree(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return all(theirs[field] in (value, None) for field, value in ours.items() if theirs[field] is not _UNREADABLE)


def outputs() -> Iterator[NtcOutput]:
    """Return every capture with every fact of a platform that asks for it."""
    for spoken, names in SPOKEN.items():
        for name in names:
            if name not in platform_names():
                continue
            try:
                platform = load_platform(name)
            except PlatformError:  # the samples' tests tell it
                continue
            for compiled in platform.facts.values():
                if compiled.home != name or not columns_of(compiled.spec):
                    continue
                folders = {_folder(compiled.command), *ALSO.get((name, compiled.name), ())}
                for capture in captures(f"{spoken}/*/*.raw"):
                    if capture.parent.name.removesuffix("_without-paging") in folders:
                        yield NtcOutput(platform, compiled, capture)


def _folder(command: str) -> str:
    """The folder of a command's captures: without its filter, its number of lines, and what chooses among items."""
    bare = re.split(r" \| |; :put| proplist=| where ", command)[0].removesuffix(" without-paging")
    return bare.strip(" /").replace(" ", "_").lower()
