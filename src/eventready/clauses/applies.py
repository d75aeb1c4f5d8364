"""Clauses addressed to an operator: to telecommunications enterprises, postal ones, or both."""

from __future__ import annotations

from collections.abc import Iterable

from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Operator


def applies(duty: Duty, operator: Operator) -> bool:
    """Return True when the clause addresses this operator. The Department's own clauses address no operator."""
    if duty.applies_to == "all":
        return True
    return duty.applies_to == operator or (operator == "both" and duty.applies_to in ("telecom", "postal"))


def applying(duties: Iterable[Duty], operator: Operator) -> tuple[Duty, ...]:
    """Return the clauses addressed to this operator, in their order."""
    return tuple(duty for duty in duties if applies(duty, operator))
