"""Subject and text of a mail, and its paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from eventready.core.messages import Lang, text
from eventready.store.integrity import Checkpoint


@dataclass(frozen=True)
class Letter:
    """Subject and text of a mail; `rehearsal` is true for a marked mail."""

    subject: str
    body: str
    rehearsal: bool = False


@dataclass(frozen=True)
class PaperReference:
    """The paper of a mail, for the record of deliveries: document of duties.yaml, its day and its version.

    `due` is the Monday of a weekly report, `checkpoint` the signed head of the record of runs.
    """

    kind: str = ""
    due: date | None = None
    version: str = ""
    checkpoint: Checkpoint | None = None


#: The reference of a mail without a paper, such as a reminder.
NO_PAPER = PaperReference()


def marked_subject(subject: str, lang: Lang) -> str:
    """The subject of a rehearsal."""
    return f"{text('delivery:rehearsal_mark', lang)} {subject}"
