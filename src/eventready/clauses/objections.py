"""Objections to planned works: their deadlines, and the mail to the provider, which a person sends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time

from icalendar import Calendar as Ics
from icalendar import Event as IcsEvent
from icalendar import vCalAddress

from eventready.clauses.calendar import Calendar
from eventready.clauses.deadlines import Deadline, ahead, judged
from eventready.core.errors import UsageError
from eventready.core.messages import Lang, Text, message, text
from eventready.core.strings.texts import at, few
from eventready.core.timezone import local_time, moment_at, zone
from eventready.delivery.mail.letter import Attachment, Letter, Mailbox, draft
from eventready.delivery.mail.smtp import sender_of
from eventready.store.run import Run
from eventready.workspace.settings.circuits import Provider
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.works import Work
from eventready.workspace.workspace import Workspace

_CHECK = "works_conflict"
#: End of a working day of a provider.
_EVENING = time(17, 0)
#: Objects named in a mail.
_NAMED = 20


def harmful(workspace: Workspace, run: Run | None) -> tuple[Work, ...]:
    """Works with a conflict in a run, or of unknown harm."""
    found = [one.subject for one in run.open_findings(b'"works_conflict"')] if run else []
    return tuple(work for work in workspace.works if any(f" {work.name} " in f" {subject} " for subject in found))


def objections(workspace: Workspace, works: Iterable[Work], moment: datetime) -> Iterator[Deadline]:
    """Yield the deadline of an objection to each of these works."""
    calendar = Calendar.of(workspace.event)
    for work in works:
        latest = object_until(work, workspace.circuits.provider(work.provider), calendar)
        warn = ahead(latest, calendar)
        word = work.accepted_by(workspace.circuits)
        title = message("clauses:deadline.object", work=work.name, start=at(work.start))
        note = message("clauses:deadline.object_note", start=at(work.start), end=at(work.end))
        one = Deadline(f"works-{work.provider}-{work.id}", "works", title, latest, latest, warn, "over", note)
        past = work.over or work.end <= moment
        yield one if past else judged(one, workspace.event, moment, word.at if word else None)


def object_until(work: Work, provider: Provider, calendar: Calendar) -> datetime:
    """Last moment of an objection: the evening of a working day before the work."""
    start = local_time(work.start)
    if not provider.object_days:
        return start
    return moment_at(calendar.working_day_before(start.date(), provider.object_days), _EVENING)


def objection_mail(
    work: Work, harm: Sequence[Text], event: Event, provider: Provider, moment: datetime, *, lang: Lang
) -> bytes:
    """Draft of the mail of an objection, as .eml. Raises UsageError without an address of the provider.

    `harm`: sentences about the harm.
    """
    if not provider.email:
        raise UsageError(message("works:no_address", provider=work.provider))
    until = object_until(work, provider, Calendar.of(event))
    subject = text("works:mail.subject", lang, work=work.id, start=at(work.start), event=event.title)
    body = text(
        "works:mail.body", lang, provider=work.provider, work=work.id, start=at(work.start), end=at(work.end),
        objects=few([one.id for one in work.objects], _NAMED), event=event.title, enterprise=event.enterprise,
        harm="\n".join(f"- {one.render(lang)}" for one in harm), summary=work.summary, until=at(until),
        windows="\n".join(_windows(event, work, lang)), zone=zone().key,
    )  # fmt: skip
    sender = sender_of(event)
    reply = [Attachment("reply.ics", _declined(work, sender, moment))] if work.uid and sender else []
    return draft(
        Letter(subject, body), sender=sender, recipients=[Mailbox(provider.email)], attachments=reply, moment=moment
    )


def _windows(event: Event, work: Work, lang: Lang) -> Collection[str]:
    met = [one for one in event.windows if one.kind in ("event", "protected") and work.meets(one)]
    return [f"- {one.title.render(lang)}: {at(one.start)} - {at(one.end)}" for one in met]


def _declined(work: Work, sender: Mailbox, moment: datetime) -> bytes:
    """Reply of the BCOP: the work is declined."""
    calendar, entry = Ics(), IcsEvent()
    for name, value in (("prodid", "-//eventready//works//EN"), ("version", "2.0"), ("method", "REPLY")):
        calendar.add(name, value)
    entry.add("uid", work.uid)
    entry.add("sequence", work.sequence)
    for name, time_of in (("dtstamp", moment), ("dtstart", work.start), ("dtend", work.end)):
        entry.add(name, time_of.astimezone(UTC))
    attendee = vCalAddress(f"mailto:{sender.address}")
    attendee.params["PARTSTAT"] = "DECLINED"
    entry.add("attendee", attendee)
    calendar.add_component(entry)
    return bytes(calendar.to_ical())
