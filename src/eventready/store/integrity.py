"""Integrity of the store: signed heads, verification of the chain of finished runs, pruning of old ones.

Each finished run contains the hash of its predecessor. A checkpoint binds all runs up to its position to a key outside
the database. Pruning removes documents of old runs and evidence without a user; hashes and summaries stay in the chain.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session, undefer

from eventready.core.errors import RefusedError, StoreError, UsageError
from eventready.core.messages import Message, message
from eventready.core.records import Binary, JsonDocument, ShapeError, Stream
from eventready.store.changes import broken_changes
from eventready.store.database.tables import (
    ChangeRow,
    CheckpointRow,
    EvidenceRow,
    JournalRow,
    Ledger,
    RunItemsRow,
    RunRow,
)
from eventready.store.evidence import EvidenceStore
from eventready.store.run import Run
from eventready.store.run_items import stored_document
from eventready.store.streams.journal import find_journal_problems, undamaged


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


#: Journal stream of prunings.
@dataclass(frozen=True)
class Pruned:
    """Pruning of the store: hashes of the pruned runs by id."""

    runs: Mapping[str, str]


PRUNE = Stream("prune", Pruned)


@dataclass(frozen=True)
class ChainProblem:
    """Defect found by the verification; `run` is empty for the store as a whole."""

    run: str
    cause: Message

    @property
    def what(self) -> str:
        """Sentence in English."""
        return self.cause.render("en")


@dataclass(frozen=True)
class ChainVerification:
    """Result of a verification: numbers of runs and evidence, hash of the last run, defects.

    `pruned`: runs without their document. `reach`: farthest checkpoint that holds, None without a signed head.
    """

    runs: int
    evidence: int
    head: str
    problems: tuple[ChainProblem, ...]
    pruned: int = 0
    reach: Checkpoint | None = None

    @property
    def intact(self) -> bool:
        """True without defects."""
        return not self.problems


def verify_chain(
    session: Session, keys: Mapping[str, VerifyingKey] | None = None, outside: Iterable[Checkpoint] = ()
) -> ChainVerification:
    """Verify runs, evidence, journals, changes and checkpoints, with a single run document in memory.

    `keys`: trusted keys by fingerprint. `outside`: checkpoints kept outside of the store.
    """
    ledger = session.scalars(select(Ledger)).one()
    known = dict(EvidenceStore.inspect(session))
    problems = [
        ChainProblem("", message("store:altered.evidence", name=name)) for name, good in known.items() if not good
    ]
    length, head, pruned = 0, "", 0
    hashes: dict[int, str] = {}
    records = pruned_runs(session)
    chained = select(RunRow).where(RunRow.state.in_(("finished", "pruned"))).order_by(RunRow.position)
    for row in session.scalars(chained.options(undefer(RunRow.document)).execution_options(yield_per=1)):
        length += 1
        if row.position != length:
            problems.append(
                ChainProblem(row.id, message("store:altered.runs_before", number=(row.position or 0) - length))
            )
            length = row.position or length
        of_row = _of_pruned(row, head, records) if row.state == "pruned" else _of_run(session, row, head, known)
        problems += [ChainProblem(row.id, what) for what in of_row]
        pruned += row.state == "pruned"
        head = hashes[length] = row.sha256 or ""
        session.expunge(row)
    if length < ledger.length:
        problems.append(ChainProblem("", message("store:altered.runs_last", number=ledger.length - length)))
    elif head != ledger.head:
        problems.append(ChainProblem("", message("store:altered.chain_end")))
    problems += [ChainProblem("", found) for found in find_journal_problems(session)]
    problems += [ChainProblem("", found) for found in broken_changes(session)]
    stored, damaged = stored_checkpoints(session)
    reach, broken = check_checkpoints([*stored, *outside], keys or {}, hashes)
    problems += [ChainProblem("", what) for what in (*damaged, *broken)]
    return ChainVerification(length, len(known), head, tuple(problems), pruned, reach)


def pruned_runs(session: Session) -> dict[str, str]:
    """Hashes of pruned runs by id, as recorded in the journal of the pruning."""
    return {run: sha256 for entry in undamaged(session, PRUNE) for run, sha256 in entry.body.runs.items()}


def _of_pruned(row: RunRow, before: str, records: Mapping[str, str]) -> list[Message]:
    problems: list[Message] = []
    if records.get(row.id) != row.sha256:
        problems.append(message("store:altered.document_missing"))
    if (row.previous or "") != before:
        problems.append(message("store:altered.order"))
    return problems


def _of_run(session: Session, row: RunRow, before: str, evidence: Mapping[str, bool]) -> list[Message]:
    problems: list[Message] = []
    try:
        document = stored_document(session, row)
        if not Run(document).intact() or document.get("sha256") != row.sha256:
            problems.append(message("store:altered.document"))
        if (document.get("previous") or "") != before or (row.previous or "") != before:
            problems.append(message("store:altered.order"))
        if (document.get("id"), document.get("event")) != (row.id, row.event):
            problems.append(message("store:altered.document_name"))
        lost = Run(document).evidence().difference(evidence)
    except (zlib.error, ValueError, IndexError, StoreError):
        return [message("store:altered.document_damaged")]
    return [*problems, *(message("store:altered.evidence_lost", name=name) for name in sorted(lost))]


#: State of a run without its document.
PRUNED = "pruned"
_HASH = re.compile(rb"[0-9a-f]{64}")
_GROUP = 500


@dataclass(frozen=True)
class PruneResult:
    """Ids of the pruned runs, and number and bytes of the removed evidence."""

    runs: tuple[str, ...]
    evidence: int
    size: int


def runs_to_prune(session: Session, *, keep: int | None, before: datetime | None) -> list[RunRow]:
    """Finished runs beyond the latest `keep`, or finished before a moment (UTC); the latest run always stays."""
    rows = list(session.scalars(select(RunRow).where(RunRow.state == "finished").order_by(RunRow.position)))
    latest = rows[-1:]
    old = rows[: max(0, len(rows) - keep)] if keep is not None else rows
    if before is not None:
        old = [row for row in old if row.finished and datetime.fromisoformat(row.finished) < before]
    return [row for row in old if row not in latest]


def prune(session: Session, rows: Iterable[RunRow]) -> PruneResult:
    """Remove the documents of `rows` and of interrupted runs, and unused evidence, in the transaction of the caller.

    Raises RefusedError while an audit is running: its evidence has no user yet.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"LOCK TABLE {RunRow.__tablename__} IN EXCLUSIVE MODE"))
    if session.scalars(select(RunRow.id).where(RunRow.state == "running")).first():
        raise RefusedError(message("store:pruning.audit"))
    pruned = []
    for row in rows:
        row.state, row.document = PRUNED, None
        pruned.append(row.id)
    session.flush()
    session.execute(update(RunRow).where(RunRow.state == "interrupted").values(document=None))
    session.execute(delete(RunItemsRow).where(RunItemsRow.run.in_(select(RunRow.id).where(RunRow.state != "finished"))))
    used = set(_used_evidence(session))
    sizes = {row.sha256: row.size for row in session.execute(select(EvidenceRow.sha256, EvidenceRow.size))}
    unused = sorted(set(sizes) - used)
    for start in range(0, len(unused), _GROUP):
        session.execute(delete(EvidenceRow).where(EvidenceRow.sha256.in_(unused[start : start + _GROUP])))
    return PruneResult(tuple(pruned), len(unused), sum(sizes[name] for name in unused))


def _used_evidence(session: Session) -> Iterator[str]:
    """Hashes named by stored runs, journals and changes."""
    finished = select(RunRow).where(RunRow.state == "finished").options(undefer(RunRow.document))
    for row in session.scalars(finished.execution_options(yield_per=1)):
        yield from Run(stored_document(session, row)).evidence()
        session.expunge(row)
    for body in session.scalars(select(JournalRow.body)):
        data = body if isinstance(body, bytes) else str(body).encode()
        yield from (name.decode() for name in _HASH.findall(data))
    for plan in session.scalars(select(ChangeRow.plan)):
        yield from (name.decode() for name in _HASH.findall(zlib.decompress(plan)))
