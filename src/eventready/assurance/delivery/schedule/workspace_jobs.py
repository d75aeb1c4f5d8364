"""Jobs of the scheduler in a workspace: audit, draft of the weekly report, reminders to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from eventready.assurance.clauses.example_data import require_own_data
from eventready.assurance.delivery.mail.delivery_log import sent_to
from eventready.assurance.delivery.mail.paper_files import PaperOptions, write_paper
from eventready.assurance.delivery.schedule.reminders import ReminderSender
from eventready.assurance.papers.document.profile import load_profile
from eventready.assurance.papers.kinds.weekly import weekly
from eventready.assurance.papers.material.gather import PaperRequest, gather
from eventready.assurance.papers.material.material import Week
from eventready.audit.audit import AuditOptions, audit
from eventready.audit.progress import NoProgress
from eventready.core.clock import Clock
from eventready.core.messages import Text, message, rendered
from eventready.store.run import Summary
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace


class WorkspaceJobs:
    """Worker of the scheduler; each job returns a sentence. Reminders are sent with `really` only."""

    def __init__(
        self, workspace: Workspace, store: Store, clock: Clock, options: AuditOptions, *, really: bool = False
    ) -> None:
        self._workspace, self._store, self._clock, self._options = workspace, store, clock, options
        self._reminders = ReminderSender(workspace.path, workspace.event, clock, really=really)

    @property
    def channels(self) -> Sequence[str]:
        """Return the channels for reminders to people."""
        return self._reminders.channels

    def notify(self, channel: str, texts: Sequence[Text]) -> str:
        """Send reminders over a channel. Raises EventreadyError for a failed attempt."""
        return self._reminders.send(channel, texts)

    def audit(self) -> str:
        """Audit every device."""
        done = audit(
            self._workspace,
            self._workspace.devices,
            store=self._store,
            clock=self._clock,
            options=self._options,
            progress=NoProgress(),
        )
        summary = Summary.of(done.run.document)
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
        address = self._workspace.event.recipient.email
        request = PaperRequest(self._clock.now(), Week(due), rehearsal=self._clock.rehearsal)
        material, notices = gather(self._workspace, self._store, request, sent_to(address, self._clock))
        document = weekly(material, load_profile(self._workspace.path, "vi"))
        folder = self._folder / name
        written = write_paper(document, material, PaperOptions(eml=True), folder)
        files = message("delivery:job.files", files=[file.path.name for file in written], folder=str(folder))
        return rendered("delivery:job.draft", parts=[files, *notices])

    @property
    def _folder(self) -> Path:
        return self._workspace.path / "reports"
