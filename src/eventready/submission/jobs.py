"""Papers and jobs of a workspace: the files of a paper and their mail, audits, drafts, reminders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import starmap
from pathlib import Path

from eventready.audit.audit import AuditOptions, audit
from eventready.audit.runner import NoProgress
from eventready.change.execute.event_lines import observe_event_lines
from eventready.clauses.example_data import require_own_data
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, StoreError, UsageError
from eventready.core.messages import Lang, Message, Text, message, text
from eventready.delivery.mail.letter import Attachment, Mailbox, PaperReference
from eventready.delivery.notify.channels import Channels
from eventready.delivery.notify.heartbeat import report_death
from eventready.delivery.notify.sender import Attempt, OutboxSender
from eventready.facts.equipment import Equipment
from eventready.papers.document.formats import render, write_bytes
from eventready.papers.document.model import Document
from eventready.papers.document.profile import load_profile
from eventready.papers.document.registry import KINDS
from eventready.papers.material.gather import PaperRequest, gather
from eventready.papers.material.material import Material, Week
from eventready.papers.words import Form
from eventready.store.run import Summary
from eventready.store.store import Store
from eventready.store.streams.notification_outbox import ClaimedDelivery, OutboxNotice, Wording
from eventready.submission.mailer import draft_paper
from eventready.submission.timetable import ScheduledJob
from eventready.workspace.settings.alerts import FILE, load_alerts
from eventready.workspace.workspace import Workspace

#: Forms attached to a mail.
ATTACHED: tuple[Form, ...] = ("docx", "pdf", "xlsx")


@dataclass(frozen=True)
class PaperOptions:
    """Language, forms, folder (None: the workspace's `reports`), a mail too, the mark of a rehearsal, `check` only."""

    lang: Lang = "vi"
    forms: tuple[Form, ...] = ATTACHED
    out: Path | None = None
    eml: bool = False
    rehearsal: bool = False
    check: bool = False


@dataclass(frozen=True)
class WrittenFile:
    """A file of a paper; `form` is a form, or `eml`."""

    form: str
    path: Path


def write_paper(document: Document, material: Material, wanted: PaperOptions, folder: Path) -> tuple[WrittenFile, ...]:
    """Write the paper's files, the mail last; all are rendered before the first is written. Raises UsageError."""
    if folder.suffix and not folder.is_dir():
        raise UsageError(message("delivery:papers.file", folder=str(folder)))
    made: dict[str, bytes] = {form: render(document, form) for form in wanted.forms}
    if wanted.eml:
        attached = [Attachment(f"{document.stem}.{form}", made[form]) for form in ATTACHED if form in made]
        made["eml"] = _mail(document, material, attached, wanted.lang)
    written = tuple(WrittenFile(form, folder / f"{document.stem}.{form}") for form in made)
    for file in written:
        write_bytes(file.path, made[file.form])
    return written


def _mail(document: Document, material: Material, attached: Sequence[Attachment], lang: Lang) -> bytes:
    if not attached:
        raise UsageError(message("delivery:papers.no_attachment", forms=ATTACHED))
    about, recipient = document.mail, material.event.recipient
    return draft_paper(
        material.event,
        PaperReference(KINDS[document.kind].document, about.due, about.version, material.checkpoint),
        attached,
        moment=material.moment,
        detail=about.detail,
        lang=lang,
        rehearsal=material.rehearsal,
        recipients=(Mailbox(recipient.email, recipient.title.render(lang)), *starmap(Mailbox, about.copies)),
    )


#: The paper drafted for each Monday.
WEEKLY = KINDS["weekly"]

#: OutboxNotice of an attempt that failed before any message.
_NO_NOTICE = OutboxNotice("death", Wording("", "", "en"))


class WorkspaceJobs:
    """Worker of the scheduler; each job returns a sentence. Reminders are sent with `really` only."""

    def __init__(
        self, workspace: Workspace, store: Store, clock: Clock, options: AuditOptions, *, really: bool = False
    ) -> None:
        self._workspace, self._store, self._clock, self._options = workspace, store, clock, options
        self._really, self._outbox = really, store.outbox(workspace.event.id, rehearsal=clock.rehearsal)
        self._recipients = workspace.event.schedule.remind.addresses

    @property
    def channels(self) -> Sequence[str]:
        """Return the outbox of reminders, under another name in a dry run."""
        return (("outbox" if self._really else "dry run"),) if self._recipients else ()

    def notify(self, job: ScheduledJob) -> Message:
        """Put the reminders of a job into the outbox, each once, as a single message."""
        lang = self._workspace.event.lang
        known = {name for made in self._outbox.messages() for name in made.body.covers}
        news = {name: text for name, text in zip(job.covers, job.texts, strict=True) if name not in known}
        subject = text("delivery:reminder_subject", lang, n=len(news), event=self._workspace.event.title)
        if not self._really:
            return message("delivery:reminder.dry", recipients=self._recipients, subject=subject)
        lines = [f"- {reminder.render(lang)}" for reminder in news.values()]
        body = "\n".join([text("delivery:reminder_body", lang, event=self._workspace.event.title), "", *lines, ""])
        if news:
            content = OutboxNotice("reminder", Wording(subject, body, lang), covers=tuple(news))
            self._outbox.add(sha256("|".join(news).encode()).hexdigest(), content, self._recipients, self._clock.now())
        return message("delivery:reminder.queued", recipients=self._recipients)

    def deliver(self) -> Iterator[Attempt]:
        """Send the due messages of the outbox, those of a watch too."""
        if self._really:
            try:
                if settings := load_alerts(self._workspace.path):
                    report_death(self._workspace, settings, self._store, self._clock)
            except StoreError:
                raise
            except EventreadyError as error:  # neither a broken alerts.yaml nor an Alertmanager stops a reminder
                yield Attempt(ClaimedDelivery("death", FILE, _NO_NOTICE, 0), error.whole, failed=True)
            channels = Channels(self._workspace.path, self._workspace.event, self._clock)
            with self._outbox.sender():
                yield from OutboxSender(self._outbox, channels, self._clock).send_due()

    def audit(self) -> str | Message:
        """Audit every device."""
        equipment = Equipment.of(self._workspace)
        done = audit(
            self._workspace,
            equipment,
            store=self._store,
            clock=self._clock,
            options=self._options,
            progress=NoProgress(),
            of_changes=observe_event_lines(self._workspace, equipment, self._store, self._clock),
        )
        summary = Summary.of(done.run)
        counts: list[str | Text] = [
            message("delivery:job.count", count=count, status=status)
            for status, count in sorted(summary.counts.items())
        ]
        measured = {"measured": summary.measured, "needed": summary.needed}
        return message("delivery:job.audit", run=summary.id, **measured, counts=counts)

    def draft(self, due: date, name: str) -> str | Message:
        """Write the weekly report and its mail into a separate folder: no edited file is overwritten."""
        if not self._clock.rehearsal:
            require_own_data(self._workspace)
        lang = self._workspace.event.lang
        request = PaperRequest(WEEKLY, self._clock.now(), Week(due), lang, rehearsal=self._clock.rehearsal)
        material, notices = gather(self._workspace, self._store, request, self._clock)
        profile = load_profile(self._workspace.path, lang, self._workspace.event.country)
        document = WEEKLY.write(material, profile, lang)
        folder = (self._workspace.path / "reports") / name
        written = write_paper(document, material, PaperOptions(lang, eml=True), folder)
        files = message("delivery:job.files", files=[file.path.name for file in written], folder=str(folder))
        return message("delivery:job.draft", parts=[files, *notices])
