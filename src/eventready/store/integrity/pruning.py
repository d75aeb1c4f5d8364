"""Pruning: documents of old runs and evidence without a user are removed; hashes and summaries stay in the chain."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session, undefer

from eventready.core.errors import RefusedError
from eventready.core.messages import message
from eventready.store.database.tables import ChangeRow, EvidenceRow, JournalRow, RunItemsRow, RunRow
from eventready.store.run import Run
from eventready.store.run_items import stored_document

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
