"""Signed heads of the chain: a checkpoint binds all runs up to its position to a key outside the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.core.records import Binary, JsonDocument, ShapeError
from eventready.store.database.tables import CheckpointRow, Ledger


class VerifyingKey(Protocol):
    """Public key of an operator (`eventready.workspace.keys.signing_keys.PublicKey`)."""

    @property
    def operator(self) -> str:
        """Name of the operator."""

    @property
    def id(self) -> str:
        """Fingerprint."""

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """True for a valid signature of `data`."""


class SigningKey(Protocol):
    """Private key (`eventready.workspace.keys.signing_keys.PrivateKey`)."""

    @property
    def public(self) -> VerifyingKey:
        """Public key."""

    def sign(self, data: bytes) -> bytes:
        """Signature of `data`."""


@dataclass(frozen=True)
class Checkpoint:
    """Signed statement: the run at `position` has the hash `head`. `signed`: real time in UTC. `key`: fingerprint."""

    position: int
    head: str
    signed: str
    operator: str
    key: str
    signature: Binary = b""

    def payload(self) -> bytes:
        """Signed bytes."""
        return CHECKPOINT.encode(replace(self, signature=b""))


CHECKPOINT = JsonDocument("eventready.checkpoint/1", Checkpoint)


def sign_head(session: Session, key: SigningKey, signed: str) -> Checkpoint:
    """Sign the head of the chain and store the checkpoint. Raises UsageError for an empty chain."""
    ledger = session.scalars(select(Ledger)).one()
    if not ledger.length:
        raise UsageError(message("store:run.none"))
    unsigned = Checkpoint(ledger.length, ledger.head, signed, key.public.operator, key.public.id)
    made = replace(unsigned, signature=key.sign(unsigned.payload()))
    session.merge(CheckpointRow(position=made.position, key=made.key, body=CHECKPOINT.encode(made)))
    return made


def stored_checkpoints(session: Session) -> tuple[list[Checkpoint], list[Message]]:
    """Checkpoints of the store, and sentences about damaged ones."""
    found, problems = [], []
    for row in session.scalars(select(CheckpointRow).order_by(CheckpointRow.position)):
        try:
            found.append(CHECKPOINT.read(row.body))
        except ShapeError:
            problems.append(message("store:altered.checkpoint_damaged", position=row.position))
    return found, problems


def check_checkpoints(
    checkpoints: Iterable[Checkpoint], keys: Mapping[str, VerifyingKey], hashes: Mapping[int, str]
) -> tuple[Checkpoint | None, list[Message]]:
    """Return the farthest valid checkpoint, and sentences about invalid checkpoints. `hashes`: of runs by position.

    A checkpoint of an unknown key proves nothing and is no problem.
    """
    reach: Checkpoint | None = None
    problems: list[Message] = []
    for checkpoint in sorted(checkpoints, key=lambda found: found.position):
        key = keys.get(checkpoint.key)
        if key is None:
            continue
        if not key.verifies(checkpoint.signature, checkpoint.payload()):
            problems.append(message("store:altered.checkpoint_signature", position=checkpoint.position))
        elif hashes.get(checkpoint.position) != checkpoint.head:
            signed = {"operator": checkpoint.operator, "signed": checkpoint.signed}
            problems.append(message("store:altered.not_signed", position=checkpoint.position, **signed))
        else:
            reach = checkpoint
    return reach, problems
