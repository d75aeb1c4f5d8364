"""Header of a change: operator, signature, emergency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from eventready.core.messages import Message, message


@dataclass(frozen=True)
class Emergency:
    """Emergency change: the ticket and the two responsible people."""

    ticket: str
    requested_by: str
    approved_by: str

    @property
    def summary(self) -> Message:
        """Return the people and the ticket."""
        return message("change:emergency", **vars(self))


@dataclass(frozen=True)
class Approval:
    """Signature of a person: name, real time (UTC), key and signature (base64)."""

    by: Annotated[str, Field(min_length=1, max_length=200)]
    key: Annotated[str, Field(max_length=100)]
    at: Annotated[str, Field(max_length=60)]
    signature: Annotated[str, Field(max_length=200)]


@dataclass(frozen=True)
class ChangeHeader:
    """Statements about a change at its beginning: operator, host, plan (id), approvers and mode.

    `rolls_back` is the change that this one rolls back, or empty; `event_time` the event's time (ISO 8601), in a
    `rehearsal` not the real one. `emergency` and `applied` (the signature) are None where there is none.
    """

    by: str
    host: str
    plan: str = ""
    mode: str = "apply"
    approved_by: tuple[str, ...] = ()
    rolls_back: str = ""
    event_time: str = ""
    rehearsal: bool = False
    emergency: Emergency | None = None
    applied: Approval | None = None
