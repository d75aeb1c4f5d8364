"""Recorded plan of a change: the parts known to the store, out of a document of the room `change`."""

from __future__ import annotations

from dataclasses import dataclass

from eventready.core.records import Shape
from eventready.store.change_header import Approval


@dataclass(frozen=True)
class PlanDrill:
    """Drill of a plan."""

    name: str


@dataclass(frozen=True)
class PlanSummary:
    """Summary of a plan: id, hash, intents, waves of devices, and its drill."""

    id: str = ""
    sha256: str = ""
    intents: tuple[str, ...] = ()
    waves: tuple[tuple[str, ...], ...] = ()
    drill: PlanDrill | None = None


@dataclass(frozen=True)
class RecordedPlan:
    """Plan with its approvals."""

    plan: PlanSummary
    approvals: tuple[Approval, ...] = ()


PLAN_FILE = Shape(RecordedPlan, others="ignore")
