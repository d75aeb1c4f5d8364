"""The scheduler's work itself: an audit, the draft of a weekly report."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from eventready.audit import Options, audit
from eventready.clock import Clock
from eventready.delivery.record import sent_from
from eventready.report.document.profile import load_profile
from eventready.report.gather import Asked, gather
from eventready.report.hand_over import Wanted, hand_over
from eventready.report.material import Week
from eventready.report.weekly import weekly
from eventready.run import Summary
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace


class Silent:
    """Follows an audit without a word."""

    def stage(self, name: str, total: int) -> None:
        """See audit.Watch."""

    def done(self, device: str, trouble: str) -> None:
        """See audit.Watch."""


class Work:
    """What jobs do in a workspace; each gives a sentence of what came of it."""

    def __init__(self, workspace: Workspace, store: Store, clock: Clock, options: Options) -> None:
        self._workspace, self._store, self._clock, self._options = workspace, store, clock, options

    def audit(self) -> str:
        """Audit every device."""
        done = audit(
            self._workspace,
            self._workspace.devices,
            store=self._store,
            clock=self._clock,
            options=self._options,
            watch=Silent(),
        )
        summary = Summary.of(done.run.document)
        counts = ", ".join(f"{count} {status}" for status, count in sorted(summary.counts.items()))
        return f"run {summary.id}: {summary.measured} of {summary.needed} measured; {counts or 'no finding'}"

    def draft(self, due: date, name: str) -> str:
        """Write the weekly report and its mail into a folder of their own, so that no edited file is overwritten."""
        address = self._workspace.event.recipient.email
        asked = Asked(self._clock.now(), Week(due), rehearsal=self._clock.rehearsal or self._workspace.event.lab)
        material, notices = gather(
            self._workspace, self._store, asked, lambda store: sent_from(store, self._clock, address)
        )
        document = weekly(material, load_profile(self._workspace.path, "vi"))
        folder = self._folder / name
        written = hand_over(document, material, Wanted(eml=True), folder)
        return "; ".join([", ".join(file.path.name for file in written) + f" in {folder}", *notices])

    @property
    def _folder(self) -> Path:
        return self._workspace.path / "reports"
