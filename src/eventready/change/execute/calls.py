"""Calls of a change to people: records in the outbox without addresses; the watch gives them to its receivers."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from eventready.change.errors import abbreviate
from eventready.change.execute.attach.records import OperatorQuestion
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.result import ApplyResult
from eventready.core.errors import StoreError
from eventready.core.messages import Message, message
from eventready.store.change_steps import DeviceOutcome
from eventready.store.streams.notification_outbox import OutboxNotice, Wording


def call(context: ExecutionContext, name: str, sentence: Message) -> None:
    """Put a sentence for the people on duty into the outbox, once under a name. A failing store is no error."""
    now, event = context.clock.now(), context.workspace.event
    shown = sentence.render("en")
    notice = OutboxNotice("change", Wording(shown, shown, "en"), at=now, sentence=sentence)
    with suppress(StoreError):
        context.store.outbox(event.id, rehearsal=context.clock.rehearsal).add(f"change {name}", notice, (), now)


def call_for_answer(context: ExecutionContext, change: str, question: OperatorQuestion, left_s: float) -> None:
    """Call people to answer a question within a time."""
    until = context.clock.now() + timedelta(seconds=left_s)
    call(
        context,
        f"{change} question {question.number}",
        message(
            f"change:call.{question.about}",
            change=change,
            devices=question.devices,
            question=question.text,
            at=f"{until:%H:%M:%S}",
        ),
    )


def call_about_end(context: ExecutionContext, done: ApplyResult) -> None:
    """Call people about a change with another end than planned."""
    devices = [one.device for one in done.results if one.outcome is not DeviceOutcome.NEW]
    call(context, f"{done.change} end", message("change:call.end", change=done.change, devices=abbreviate(devices)))
