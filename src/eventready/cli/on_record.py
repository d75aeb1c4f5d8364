"""What is on record, for the commands that hold clauses and deadlines against it."""

from __future__ import annotations

from eventready.cli.context import App
from eventready.delivery.record import sent_from
from eventready.duty.on_record import OnRecord, gather


def on_record(app: App) -> OnRecord:
    """Everything on record in the workspace; what people must know of it is said."""
    workspace, clock = app.workspace, app.clock
    address = workspace.event.recipient.email
    record = gather(workspace, lambda store: sent_from(store, clock, address), rehearsal=clock.rehearsal)
    for notice in record.notices:
        app.say(notice)
    return record
