"""Sent paper: the facts of a delivery for clauses and deadlines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class SentDocument:
    """`kind` is a document of duties.yaml (`weekly-report`, `duty-list`, ...); `at` on the event's clock.

    `due` is the day whose report it is (the Monday of a weekly report); `reference` a message id or a file.
    """

    kind: str
    at: datetime
    due: date | None = None
    version: str = ""
    recipients: tuple[str, ...] = ()
    reference: str = ""


def first_sent(sent: Iterable[SentDocument], kind: str) -> SentDocument | None:
    """Return the earliest delivery of a kind."""
    return min((paper for paper in sent if paper.kind == kind), key=lambda paper: paper.at, default=None)
