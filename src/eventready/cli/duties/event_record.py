"""Recorded evidence of the event, for the commands about clauses and deadlines."""

from __future__ import annotations

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.core.clock import Clock

with deferred():
    from eventready.clauses.event_record import EventRecord, gather
    from eventready.delivery.mail.delivery_log import sent_to


def load_event_record(app: App, clock: Clock) -> EventRecord:
    """Load the recorded evidence of the workspace at a time, and print its notices."""
    workspace = app.workspace
    record = gather(workspace, sent_to(workspace.event.recipient.email, clock), rehearsal=clock.rehearsal)
    for notice in record.notices:
        app.say(notice)
    return record
