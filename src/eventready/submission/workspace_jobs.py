"""Jobs of the scheduler in a workspace: audit, draft of the weekly report, reminders to people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256

from eventready.audit.audit import AuditOptions, audit
from eventready.audit.runner import NoProgress
from eventready.clauses.example_data import require_own_data
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, StoreError
from eventready.core.messages import Rendered, Text, message, rendered, text
from eventready.delivery.notify.channel import LANG
from eventready.delivery.notify.channels import Channels
from eventready.delivery.notify.heartbeat import report_death
from eventready.delivery.notify.sender import Attempt, OutboxSender
from eventready.facts.equipment import Equipment
from eventready.papers.document.profile import load_profile
from eventready.papers.document.registry import KINDS
from eventready.papers.material.gather import PaperRequest, gather
from eventready.papers.material.material import Week
from eventready.store.run import Summary
from eventready.store.store import Store
from eventready.store.streams.notification_outbox import ClaimedDelivery, OutboxNotice, Wording
from eventready.submission.paper_files import PaperOptions, write_paper
from eventready.submission.timetable import ScheduledJob
from eventready.workspace.settings.watching.alerts import FILE, load_alerts
from eventready.workspace.workspace import Workspace

#: The paper drafted for each Monday.
WEEKLY = KINDS["weekly"]

#: OutboxNotice of an attempt that failed before any message.
_NO_NOTICE = OutboxNotice("death", Wording("", "", LANG))


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

    def notify(self, job: ScheduledJob) -> str:
        """Put the reminders of a job into the outbox, each once, as a single message."""
        known = {name for made in self._outbox.messages() for name in made.body.covers}
        news = {name: text for name, text in zip(job.covers, job.texts, strict=True) if name not in known}
        subject = text("delivery:reminder_subject", LANG, n=len(news), event=self._workspace.event.title)
        if not self._really:
            return rendered("delivery:reminder.dry", recipients=self._recipients, subject=subject)
        lines = [f"- {reminder.render(LANG)}" for reminder in news.values()]
        body = "\n".join([text("delivery:reminder_body", LANG, event=self._workspace.event.title), "", *lines, ""])
        if news:
            content = OutboxNotice("reminder", Wording(subject, body, LANG), covers=tuple(news))
            self._outbox.add(sha256("|".join(news).encode()).hexdigest(), content, self._recipients, self._clock.now())
        return rendered("delivery:reminder.queued", recipients=self._recipients)

    def deliver(self) -> Iterator[Attempt]:
        """Send the due messages of the outbox, those of a watch too."""
        if self._really:
            try:
                if settings := load_alerts(self._workspace.path):
                    report_death(self._workspace, settings, self._store, self._clock)
            except StoreError:
                raise
            except EventreadyError as error:  # neither a broken alerts.yaml nor an Alertmanager stops a reminder
                yield Attempt(ClaimedDelivery("death", FILE, _NO_NOTICE, 0), Rendered(error.whole), failed=True)
            channels = Channels(self._workspace.path, self._workspace.event, self._clock)
            with self._outbox.sender():
                yield from OutboxSender(self._outbox, channels, self._clock).send_due()

    def audit(self) -> str:
        """Audit every device."""
        done = audit(
            self._workspace,
            Equipment.of(self._workspace),
            store=self._store,
            clock=self._clock,
            options=self._options,
            progress=NoProgress(),
        )
        summary = Summary.of(done.run)
        counts: list[str | Text] = [
            message("delivery:job.count", count=count, status=status)
            for status, count in sorted(summary.counts.items())
        ]
        measured = {"measured": summary.measured, "needed": summary.needed}
        return rendered("delivery:job.audit", run=summary.id, **measured, counts=counts)

    def draft(self, due: date, name: str) -> str:
        """Write the weekly report and its mail into a separate folder: no edited file is overwritten."""
        if not self._clock.rehearsal:
            require_own_data(self._workspace)
        request = PaperRequest(WEEKLY, self._clock.now(), Week(due), rehearsal=self._clock.rehearsal)
        material, notices = gather(self._workspace, self._store, request, self._clock)
        document = WEEKLY.write(material, load_profile(self._workspace.path, "vi"))
        folder = (self._workspace.path / "reports") / name
        written = write_paper(document, material, PaperOptions(eml=True), folder)
        files = message("delivery:job.files", files=[file.path.name for file in written], folder=str(folder))
        return rendered("delivery:job.draft", parts=[files, *notices])
