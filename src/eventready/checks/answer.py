"""How a check answers: one word per outcome, so that a check reads like the sentence that it says.

The text is always a literal at the place of the call: `checks/texts.py` collects the literals for the translators.
`subject`, `value` and `limit` are placeholders in every text that has them; other placeholders are keyword arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from eventready.checks.finding import Finding, Outcome
from eventready.workspace.device import ROLE_SERVICES, Device

Value = str | int | float | None

#: The functions whose second argument is a text; `texts` looks for calls to them.
ANSWERS = frozenset({"passed", "warned", "failed", "unknown", "blind", "graded", "answered"})


#: What every finding is made of: `but` takes half as long as a frozen dataclass's `__init__`.
_NOTHING = Finding(Outcome.NOT_MEASURED, "", "")


def tidy(value: float, digits: int = 1) -> float | int:
    """The figure that is judged and shown: rounded, and without a fraction where there is none."""
    rounded = round(float(value), digits)
    return int(rounded) if rounded == int(rounded) else rounded


def answered(
    status: Outcome,
    text: str,
    *,
    subject: str,
    unit: str = "",
    venues: Iterable[str | None] = (),
    **values: Value,
) -> Finding:
    """A finding whose status was found by other means than a limit."""
    return _said(status, subject, text, venues, values, unit=unit)


def _said(
    status: Outcome,
    subject: str,
    text: str,
    venues: Iterable[str | None],
    values: Mapping[str, Value],
    *,
    unit: str = "",
) -> Finding:
    return _NOTHING.but(
        status=status,
        subject=subject,
        text=text,
        params={"subject": subject, **values},
        value=values.get("value"),
        limit=values.get("limit"),
        unit=unit,
        venues=tuple(venue for venue in venues if venue),
    )


def passed(subject: str, text: str, *, venues: Iterable[str | None] = (), **values: Value) -> Finding:
    """All is as it must be."""
    return _said(Outcome.PASS, subject, text, venues, values)


def warned(subject: str, text: str, *, venues: Iterable[str | None] = (), **values: Value) -> Finding:
    """A risk."""
    return _said(Outcome.WARN, subject, text, venues, values)


def failed(subject: str, text: str, *, venues: Iterable[str | None] = (), **values: Value) -> Finding:
    """Not ready, or expected and absent."""
    return _said(Outcome.FAIL, subject, text, venues, values)


def unknown(subject: str, text: str, *, venues: Iterable[str | None] = (), **values: Value) -> Finding:
    """Expected, there, and without the figure or state that would tell."""
    return _said(Outcome.NOT_MEASURED, subject, text, venues, values)


def blind(subject: str, text: str, *, venues: Iterable[str | None] = (), **values: Value) -> Finding:
    """What this equipment can never tell: a risk, rather than a reading that failed."""
    return unknown(subject, text, venues=venues, **values).but(blind=True)


def graded(
    subject: str,
    text: str,
    value: float,
    *,
    warn: float,
    fail: float,
    unit: str = "",
    worse: Literal["higher", "lower"] = "higher",
    beyond: bool = False,
    digits: int = 1,
    venues: Iterable[str | None] = (),
    **values: Value,
) -> Finding:
    """`value` held against two limits; the figure shown is the one judged.

    A value on the limit is over it, unless the limit is what may be reached (`beyond`). The limit named is the one
    that was passed, and for a good value the first one that it stays away from.
    """
    shown = tidy(value, digits)
    status = grade(shown, warn, fail, worse=worse, beyond=beyond)
    limit = tidy(fail if status is Outcome.FAIL else warn, max(digits, 3))
    return answered(status, text, subject=subject, value=shown, limit=limit, unit=unit, venues=venues, **values)


def grade(
    value: float, warn: float, fail: float, *, worse: Literal["higher", "lower"] = "higher", beyond: bool = False
) -> Outcome:
    """PASS, WARN or FAIL for a value between two limits."""
    sign = 1 if worse == "higher" else -1

    def over(limit: float) -> bool:
        return sign * value > sign * limit or (value == limit and not beyond)

    if over(fail):
        return Outcome.FAIL
    return Outcome.WARN if over(warn) else Outcome.PASS


def at(finding: Finding, among: Sequence[Device]) -> Finding:
    """The finding of a fleet check about `among`, said of the first of them.

    It counts for the venues and services that they have in common, or for all of each where there is none.
    """
    return finding.but(
        device=among[0].name,
        witnesses=tuple(one.name for one in among),
        venues=_shared([one.venues for one in among]),
        services=_shared([one.services or ROLE_SERVICES[one.role] for one in among]),
    )


def _shared(sets: Sequence[Sequence[str]]) -> tuple[str, ...]:
    common = set(sets[0]).intersection(*sets[1:])
    return tuple(sorted(common or set().union(*sets)))
