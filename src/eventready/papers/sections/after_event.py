"""Section of the final report: settings of the event in force after the event."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.clauses.event_configuration import EventLines, event_lines
from eventready.core.strings.texts import few
from eventready.core.timezone import local_time
from eventready.papers.document.model import Block
from eventready.papers.document.sources import cited
from eventready.papers.material.material import Material
from eventready.papers.sections.writer import PaperWriter

#: Devices and entries named.
_NAMED, _MOST = 12, 30
#: Document of the priority numbers, granted for an event.
_PRIORITIES = "priority-numbers"


def after_event(writer: PaperWriter) -> list[Block]:
    """Return the lines of plans left on devices, and the waivers, silences and priorities after the event."""
    material = writer.material
    heading = writer.outline.clause(writer.text("papers:head_after_event"))
    if material.changes is None:
        return cited("change", [heading, writer.p("papers:after_unknown")])
    every = event_lines(material.changes, material.run)
    left = [lines for lines in every if lines.left]
    blocks: list[Block] = [heading]
    if left:
        blocks.append(writer.p("papers:after_left", count=len(left)))
        blocks += writer.bullets(_shown(few(left, _MOST), writer))
    elif every:
        blocks.append(writer.p("papers:after_gone", count=len(every)))
    else:
        blocks.append(writer.p("papers:after_none"))
    if endless := sum(one.in_force and one.until is None for one in material.changes):
        blocks.append(writer.p("papers:after_endless", count=endless))
    more = writer.bullets([*_waivers(writer, material), *_silences(writer, material), *_priorities(writer, material)])
    return [*cited("change", blocks), *cited("workspace", more)]


def _shown(lines: list[EventLines | str], writer: PaperWriter) -> Iterator[str]:
    for one in lines:
        if isinstance(one, str):
            yield one
            continue
        intents = ", ".join(writer.language.intent(intent) for intent in one.intents)
        devices, plan = ", ".join(few(list(one.left), _NAMED)), one.plan
        yield writer.text(
            "papers:after_line", intents=intents, plan=plan, end=one.until.moment, devices=devices,
            measured=len(one.measured), total=len(one.left),
        )  # fmt: skip


def _waivers(writer: PaperWriter, material: Material) -> Iterator[str]:
    """Yield the waivers in force at the time of the report, after the event."""
    for waiver in few([one for one in material.waivers if not one.expired(local_time(material.moment).date())], _MOST):
        if isinstance(waiver, str):
            yield waiver
        else:
            what = " ".join((waiver.check, waiver.device, waiver.subject))
            yield writer.text("papers:after_waiver", what=what, until=waiver.until, by=waiver.by)


def _silences(writer: PaperWriter, material: Material) -> Iterator[str]:
    for act in material.silences:
        if act.until is not None and act.active(material.moment):
            what = ", ".join(map(str, act.matchers))
            yield writer.text("papers:after_silence", what=what, until=act.until, by=act.by)


def _priorities(writer: PaperWriter, material: Material) -> Iterator[str]:
    """Yield a sentence on the priority numbers attested for the event; their end is a clause of the operator's own."""
    form = material.forms.get(_PRIORITIES)
    if form is not None:
        yield writer.text("papers:after_priorities")
