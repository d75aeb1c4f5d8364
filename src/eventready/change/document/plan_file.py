"""The plan file `eventready.plan/2`: `{"plan": {...}, "approvals": [...]}`, and the planner's signature.

The plan is sealed; approvals establish trust, and `apply` checks every line again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from eventready.change.document.part import Part
from eventready.change.document.plan import Plan
from eventready.change.document.seal import SCHEMA, plan_hash
from eventready.core.errors import RefusedError, UsageError
from eventready.core.files import read_bounded, write_atomic
from eventready.core.messages import Message, message
from eventready.core.strings.json_text import canonical, parse_json
from eventready.core.validation_messages import describe_error
from eventready.store.change_header import Approval

#: Bytes; a plan for a thousand devices has 5 MB.
MAX_BYTES = 64_000_000

_ANEW = message("change:plan_file.anew")


class PlanFile(Part):
    """A plan with its approvals and its planner's signature; `change.safety.approval` verifies them."""

    plan: Plan
    approvals: tuple[Approval, ...] = Field(default=(), max_length=100)
    planner: Approval | None = None

    @property
    def document(self) -> dict[str, Any]:
        """Return the content of the file, which the store records too."""
        signed = {} if self.planner is None else {"planner": asdict(self.planner)}
        approvals = [asdict(one) for one in self.approvals]
        return {"plan": self.plan.document, "approvals": approvals, **signed}


def parse_plan(document: Any, where: str | Message = "") -> PlanFile:
    """Parse the content of a plan file. Raises UsageError for an invalid plan, RefusedError for an altered plan."""
    plan = document.get("plan") if isinstance(document, dict) else None
    if not isinstance(plan, dict) or not isinstance(plan.get("schema"), str):
        raise UsageError(message("change:plan_file.no_plan"), where=where, do=_ANEW)
    if plan["schema"] != SCHEMA:
        what = message("change:plan_file.version", version=plan["schema"][:40], known=SCHEMA)
        raise UsageError(what, where=where, do=_ANEW)
    try:
        altered = plan.get("sha256") != plan_hash(plan)
    except UnicodeEncodeError:
        altered = True
    if altered:
        raise RefusedError(message("change:plan_file.altered"), where=where, do=_ANEW)
    try:
        return PlanFile.model_validate_json(canonical(document))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason, _remedy = describe_error(first, PlanFile)
        what = message("change:plan_file.invalid", place=place, reason=reason)
        raise UsageError(what, where=where, do=_ANEW) from None


def recorded_plan(file: bytes, change: str) -> Plan:
    """Parse the plan in the record of a change. Raises as `parse_plan` does."""
    return parse_plan(json.loads(file), message("change:record_of", change=change)).plan


def load_plan(path: Path) -> PlanFile:
    """Read a plan file. Raises UsageError for an unreadable or invalid plan, RefusedError for an altered plan."""
    data = read_bounded(path, MAX_BYTES, "plan")
    try:
        document = parse_json(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except ValueError:
        what = message("change:plan_file.incomplete" if data.strip() else "change:plan_file.empty")
        raise UsageError(what, where=str(path), do=_ANEW) from None
    return parse_plan(document, str(path))


def write_plan(path: Path, file: PlanFile) -> None:
    """Write a plan file atomically. Raises UsageError."""
    write_atomic(path, (json.dumps(file.document, ensure_ascii=False, indent=1) + "\n").encode(), what="the plan")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
