"""Recorded evidence of the event, for the commands about clauses and deadlines."""

from __future__ import annotations

from eventready.clauses.event_record import EventRecord
from eventready.clauses.gather import gather
from eventready.cli.context import App
from eventready.core.clock import Clock


def load_event_record(app: App, clock: Clock) -> EventRecord:
    """Load the recorded evidence of the workspace at a time, and print its notices."""
    workspace = app.workspace
    record = gather(workspace, clock)
    for notice in record.notices:
        app.say(notice)
    return record
