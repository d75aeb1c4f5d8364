"""Recorded evidence of the event, for the commands about clauses and deadlines."""

from __future__ import annotations

from eventready.assurance.clauses.event_record import EventRecord, gather
from eventready.assurance.delivery.delivery_log import sent_from
from eventready.cli.context import App


def load_event_record(app: App) -> EventRecord:
    """Load the recorded evidence of the workspace and print its notices."""
    workspace, clock = app.workspace, app.clock
    address = workspace.event.recipient.email
    record = gather(workspace, lambda store: sent_from(store, clock, address), rehearsal=clock.rehearsal)
    for notice in record.notices:
        app.say(notice)
    return record
