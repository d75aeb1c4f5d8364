"""`report roster`: the formal duty list, a row per person and a column per day, with whole telephone numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from eventready.core.errors import RefusedError
from eventready.core.messages import Lang, message
from eventready.papers.dates import fit
from eventready.papers.document.model import Block, Column, Document, MailReference, Table
from eventready.papers.document.profile import Profile
from eventready.papers.document.sources import cited
from eventready.papers.material.material import DutyList, DutyPerson, Material
from eventready.papers.sections.results_section import roster_gaps
from eventready.papers.sections.tables import columns, numbered_table
from eventready.papers.sections.writer import PaperWriter
from eventready.roster.exports.table import Row

#: Days of one table; a longer roster has several.
_DAYS = 10


def roster_list(material: Material, profile: Profile, lang: Lang = "vi") -> Document:
    """The duty list, with the shifts as an annex. Raises RefusedError without a roster."""
    duty_list = material.duty_list
    if duty_list is None or not duty_list.rows:
        raise RefusedError(message("papers:error.no_roster"))
    writer = PaperWriter("roster", material, profile, lang)
    writer.values["version"] = fit(duty_list.version)
    blocks: list[Block] = []
    if duty_list.since:
        blocks.append(writer.p("papers:list_changed", since=duty_list.since))
    blocks += _day_tables(writer, duty_list)
    blocks += roster_gaps(writer, duty_list)
    mail = MailReference(version=duty_list.version)
    shifts = cited("roster", [_shift_table(writer, duty_list.rows)])
    writer.annex(writer.text("papers:annex_shifts"), shifts, landscape=True)
    return writer.document([*writer.head(), *cited("roster", blocks), *writer.close()], landscape=True, mail=mail)


def _day_tables(writer: PaperWriter, duty_list: DutyList) -> Iterator[Block]:
    """Yield a table for every few days, with the people on duty; the last table has the legend."""
    legend = writer.text("papers:legend", codes="; ".join(f"{code}: {text}" for code, text in duty_list.legend))
    spans = [duty_list.days[first : first + _DAYS] for first in range(0, len(duty_list.days), _DAYS)]
    for span in spans:
        people = [one for one in duty_list.people if any(one.codes.get(day) for day in span)]
        yield _day_table(writer, people, span, legend)


def _day_table(writer: PaperWriter, people: Sequence[DutyPerson], days: Sequence[date], legend: str) -> Table:
    first, last = writer.day(days[0]), writer.day(days[-1])
    shown = (
        *columns(writer, person=4, position=3, body=3.4),
        *columns(writer, "left", "phone", phone=3),
        *(Column(f"{day:%d/%m}", 1.7, "center") for day in days),
    )
    rows = (
        (*map(fit, (one.name, one.title, one.unit, one.phones)), *(", ".join(one.codes.get(day, ())) for day in days))
        for one in people
    )
    caption = writer.text("papers:caption_days", first=first, last=last)
    return numbered_table(writer, f"{first} - {last}".replace("/", "."), shown, rows, caption=caption, note=legend)


def _shift_table(writer: PaperWriter, rows: Sequence[Row]) -> Table:
    """Every shift; position, unit and telephone of a person are in the list by days."""
    shown = columns(writer, person=4, task=3.4, time=7, where=5, note=3)
    cells = (tuple(map(fit, (row["name"], row["task"], row["time"], row["place"], row["note"]))) for row in rows)
    return numbered_table(writer, writer.text("papers:sheet_shifts"), shown, cells)
