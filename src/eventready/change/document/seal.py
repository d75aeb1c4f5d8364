"""Seal of a plan: hash of its document, which detects accidental alteration."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from eventready import __version__
from eventready.change.document.plan import Plan
from eventready.core.clock import Clock
from eventready.core.strings.json_text import canonical
from eventready.store.run_names import new_run_id

SCHEMA = "eventready.plan/2"


def plan_head(event: str, clock: Clock, *, by: str, host: str) -> dict[str, Any]:
    """Return the fields of the document of any new plan: id, event, time of planning, planner, tool."""
    now, real = (moment.isoformat(timespec="seconds") for moment in (clock.now(), clock.real()))
    return {
        "schema": SCHEMA,
        "id": f"p-{new_run_id(clock.now())}",
        "event": event,
        "created": {"real": real, "event": now},
        "by": by,
        "host": host,
        "tool": f"eventready {__version__}",
    }


def seal(document: Mapping[str, Any]) -> Plan:
    """Return the plan of a document, with its hash. Raises ValueError for an invalid document."""
    bare = {key: value for key, value in document.items() if key != "sha256"}
    bare = Plan.model_validate({**bare, "sha256": "0" * 64}).model_dump(mode="json", by_alias=True)
    return Plan.model_validate({**bare, "sha256": plan_hash(bare)})


def plan_hash(document: Mapping[str, Any]) -> str:
    """Return the hash of a document: SHA-256 of its canonical JSON without the key `sha256`."""
    return hashlib.sha256(canonical({key: value for key, value in document.items() if key != "sha256"})).hexdigest()
