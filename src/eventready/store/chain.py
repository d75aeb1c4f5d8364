"""Proving that nothing stored was altered or lost: each finished run names the hash of the one before."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from eventready.run import Run
from eventready.store.changes import broken_changes
from eventready.store.documents import unfold
from eventready.store.evidence import EvidenceShelf
from eventready.store.journal import broken
from eventready.store.tables import Ledger, RunRow


@dataclass(frozen=True)
class Problem:
    """`run` is empty when it concerns the store as a whole."""

    run: str
    what: str


@dataclass(frozen=True)
class Proof:
    """What was walked and what is wrong with it; `head` is the hash that stands for the whole chain."""

    runs: int
    evidence: int
    head: str
    problems: tuple[Problem, ...]

    @property
    def intact(self) -> bool:
        """True when nothing was altered or lost."""
        return not self.problems


def prove(session: Session) -> Proof:
    """Walk the chain and the evidence. One run's document is in memory at a time."""
    ledger = session.scalars(select(Ledger)).one()
    known = dict(EvidenceShelf.inspect(session))
    problems = [Problem("", f"The evidence {name} was altered") for name, good in known.items() if not good]
    length, head = 0, ""
    finished = select(RunRow).where(RunRow.state == "finished").order_by(RunRow.position)
    for row in session.scalars(finished.options(undefer(RunRow.document)).execution_options(yield_per=1)):
        length += 1
        if row.position != length:
            problems.append(Problem(row.id, f"{(row.position or 0) - length} run(s) before this one are missing"))
            length = row.position or length
        problems += [Problem(row.id, what) for what in _of_run(row, head, known)]
        head = row.sha256 or ""
        session.expunge(row)
    if length < ledger.length:
        problems.append(Problem("", f"The last {ledger.length - length} run(s) are missing"))
    elif head != ledger.head:
        problems.append(Problem("", "The chain does not end where the ledger says"))
    problems += [Problem("", what) for what in broken(session)]
    problems += [Problem("", f"{what} (change {change})") for change, what in broken_changes(session)]
    return Proof(length, len(known), head, tuple(problems))


def _of_run(row: RunRow, before: str, evidence: Mapping[str, bool]) -> list[str]:
    try:
        document = unfold(row.document or b"")
    except (zlib.error, ValueError):
        return ["The document is damaged"]
    problems = []
    if not Run(document).intact() or document.get("sha256") != row.sha256:
        problems.append("The document was altered")
    if (document.get("previous") or "") != before or (row.previous or "") != before:
        problems.append("It does not follow the run before it")
    if (document.get("id"), document.get("event")) != (row.id, row.event):
        problems.append("The list names it differently from its document")
    problems += [f"The evidence {name} is lost" for name in sorted(evidence_of(document)) if name not in evidence]
    return problems


def evidence_of(document: Mapping[str, Any]) -> set[str]:
    """The hashes of all raw texts that a run rests on."""
    cited = {o["evidence"] for o in document.get("observations", ()) if o.get("evidence")}
    return cited | {name for f in document.get("findings", ()) for name in f.get("evidence", ())}
