"""Works of a table (CSV, XLSX): a row for a work, or for an object of a work."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from eventready.core.clock import parse_moment, written_moment
from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.messages import message
from eventready.core.timezone import moments_of, zone_named
from eventready.works.notice import NoticeError, ReadWorks, identifier, summary, work_of
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.importing.table import Row, Table, read_tables
from eventready.workspace.settings.works import Work
from eventready.workspace.sheets.sheet import DEEPEST
from eventready.workspace.sheets.spelling import Vocabulary

_NEEDED = ("id", "from", "to")
_SEPARATORS = re.compile(r"[;,\n]")


def read_table(path: Path, stamp: datetime, provider: str = "", zone: tzinfo | None = None) -> ReadWorks:
    """Works of a file. `stamp`: time of the import, which makes a later table the newer; `provider`: of rows without.

    `zone`: of times without an offset in rows without a zone; else those of the event. Raises UsageError for a file
    without such a table.
    """
    found = ReadWorks()
    for table in read_tables(path):
        head = _head(table)
        if head is None:
            continue
        found += _read(table.rows[head[0] + 1 :], head[1], stamp, provider, zone)
    if not found.works and not found.problems:
        raise UsageError(message("works:no_table", columns=list(_NEEDED)), where=str(path))
    return found


@cache
def _vocabulary(kind: str) -> Vocabulary:
    return Vocabulary(load_yaml(Path(__file__).with_name("words.yaml")).mapping(kind))


def _head(table: Table) -> tuple[int, Mapping[int, str]] | None:
    """Number of the row with the headers, and the columns by place; None for another table."""
    for number, row in enumerate(table.rows[:DEEPEST]):
        meant = {place: _vocabulary("columns").meant(cell.text) for place, cell in enumerate(row)}
        columns = {place: names[0] for place, names in meant.items() if len(names) == 1}
        if set(_NEEDED) <= set(columns.values()):
            return number, columns
    return None


def _read(
    rows: Iterable[Row], columns: Mapping[int, str], stamp: datetime, provider: str, zone: tzinfo | None
) -> ReadWorks:
    found: dict[tuple[str, str, str], Work] = {}
    problems: list[WorkspaceError] = []
    for row in rows:
        try:
            work = _work(_values(row, columns, provider), stamp, row, zone)
            key = work.provider.casefold(), work.account.casefold(), work.id.casefold()
            found[key] = _joined(found[key], work) if key in found else work
        except NoticeError as error:
            problems.append(WorkspaceError(error.what, where=str(row[0].place), do=error.do))
    return ReadWorks(tuple(found.values()), tuple(problems))


def _values(row: Row, columns: Mapping[int, str], provider: str) -> dict[str, str]:
    texts: dict[str, str] = {"provider": provider}
    for place, name in columns.items():
        if place < len(row) and (cell := row[place]).text:
            if cell.fault:
                raise NoticeError(cell.fault)
            texts[name] = cell.text
    return texts


def _work(texts: Mapping[str, str], stamp: datetime, row: Row, zone: tzinfo | None) -> Work:
    for name in ("provider", *_NEEDED):
        if not texts.get(name):
            raise NoticeError(message("works:cell_missing", name=name))
    values: dict[str, Any] = {name: identifier(texts.get(name, "")) for name in ("provider", "account", "id")}
    own = _zone(texts["zone"]) if texts.get("zone") else zone
    values |= {name: _moment(texts[name], own) for name in ("from", "to")}
    values |= dict(_words(texts))
    if (number := texts.get("sequence", "0")) and not number.isdecimal():
        raise NoticeError(message("works:cell_number", value=summary(number)[:40]))
    if not texts.get("objects") and values["status"] not in ("cancelled", "completed"):
        raise NoticeError(message("works:no_object", name="objects"))
    objects = dict.fromkeys(filter(None, map(identifier, _SEPARATORS.split(texts.get("objects", "")))))
    return work_of({
        **values, "sequence": int(number[:18]), "stamp": stamp, "summary": summary(texts.get("summary", "")),
        "objects": [{"id": name} for name in objects], "source": summary(row[0].place.table),
    })  # fmt: skip


def _words(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """State and impact; an unknown word is on, and an outage."""
    for name, unknown in (("status", "confirmed"), ("impact", "outage")):
        meant = _vocabulary(name).meant(texts.get(name, ""))
        yield name, meant[0] if len(meant) == 1 else unknown


def _zone(text: str) -> tzinfo:
    try:
        return zone_named(text)
    except ValueError:
        raise NoticeError(message("works:cell_zone", value=summary(text)[:40])) from None


def _moment(text: str, zone: tzinfo | None) -> datetime:
    """Time in UTC. A text without an offset has the zone of the event, which `zone` takes the place of."""
    try:
        written = written_moment(text)
    except (UsageError, OverflowError):
        raise NoticeError(message("works:cell_time", value=summary(text)[:40])) from None
    try:
        return parse_moment(text, zone).astimezone(UTC)
    except OverflowError:
        raise NoticeError(message("works:cell_time", value=summary(text)[:40])) from None
    except UsageError:  # a time that the clock leaves out, or shows twice
        at = f"{written:%Y-%m-%d %H:%M}"
        raise NoticeError(
            message("works:cell_twice" if moments_of(written, zone) else "works:cell_left_out", at=at)
        ) from None


def _joined(one: Work, other: Work) -> Work:
    """The work of two rows, with the objects of both. Raises NoticeError for other times or another state."""
    if (one.start, one.end, one.status) != (other.start, other.end, other.status):
        raise NoticeError(message("works:rows_differ", id=one.id))
    own = {each.id for each in one.objects}
    more = [
        each.model_copy(update={"impact": other.impact} if other.impact != one.impact else {}) for each in other.objects
        if each.id not in own
    ]  # fmt: skip
    return one.model_copy(update={"objects": (*one.objects, *more)})
