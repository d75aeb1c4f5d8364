"""Verification of the store: each finished run contains the hash of its predecessor."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from eventready.core.errors import StoreError
from eventready.core.messages import Message, message
from eventready.core.records import Stream
from eventready.store.changes import broken_changes
from eventready.store.database.tables import Ledger, RunRow
from eventready.store.evidence import EvidenceStore
from eventready.store.integrity.checkpoints import Checkpoint, VerifyingKey, check_checkpoints, stored_checkpoints
from eventready.store.run import Run
from eventready.store.run_items import stored_document
from eventready.store.streams.journal import find_journal_problems, undamaged


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
