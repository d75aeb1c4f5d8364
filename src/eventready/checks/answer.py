"""Findings of a check: a function per outcome.

Each takes the id of a message of the catalogue. The message has the parameter `subject`, and `value` and `limit` where
they are given; further keyword arguments are parameters of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple, Protocol

from eventready.checks.finding import Finding, OtherRecords, Outcome
from eventready.core.messages import Bilingual, Text
from eventready.facts.observation import Unread
from eventready.workspace.devices.device import Device

Value = str | int | float | Text | None

_FIGURES = (int, float, str)
_GRAVITY = (Outcome.PASS, Outcome.NOT_MEASURED, Outcome.WARN, Outcome.FAIL)

#: Base of every finding: `replace` takes half the time of a frozen dataclass's `__init__`.
_NOTHING = Finding(Outcome.NOT_MEASURED, "", "")


def tidy(value: float, digits: int = 1) -> float | int:
    """Round a figure for grading and display; return an int for a whole number."""
    rounded = round(float(value), digits)
    return int(rounded) if rounded == int(rounded) else rounded


def answered(
    status: Outcome,
    subject: str,
    message_id: str,
    *,
    unit: str = "",
    venues: Iterable[str | None] = (),
    **values: Value,
) -> Finding:
    """Finding with a given status; `value` and `limit` are its figures too."""
    return _NOTHING.replace(
        status=status,
        subject=subject,
        message_id=message_id,
        params={"subject": subject, **values},
        value=_figure(values.get("value")),
        limit=_figure(values.get("limit")),
        unit=unit,
        venues=tuple(filter(None, venues)),
    )


#: Finding of a check that holds, of a risk, of a failure, and of a subject without its figure.
passed, warned = partial(answered, Outcome.PASS), partial(answered, Outcome.WARN)
failed, unknown = partial(answered, Outcome.FAIL), partial(answered, Outcome.NOT_MEASURED)


def _figure(value: Value) -> float | str | None:
    return value if isinstance(value, _FIGURES) else None


def of_all(finding: Finding) -> Finding:
    """Mark a finding open to change by any other record of its facts."""
    return finding.replace(rests=OtherRecords())


def of_subject(finding: Finding, *names: str) -> Finding:
    """Mark a finding open to change by another record of these subjects (default: its own subject)."""
    return finding.replace(rests=OtherRecords(names or (finding.subject,)))


def of_absence(finding: Finding, *names: str) -> Finding:
    """Mark a finding about the absence of records of these subjects (default: its own subject)."""
    return finding.replace(rests=OtherRecords(names or (finding.subject,), absent=True))


def of_either(least: Finding, most: Finding) -> Finding:
    """Return `least`, with the unread records left out; of all records where `most`, with them, has another status."""
    return least if least.status is most.status else of_all(least)


def missing(
    subject: str, message_id: str, *, unit: str = "", venues: Iterable[str | None] = (), **values: Value
) -> Finding:
    """Failure because no record speaks of the subject."""
    return of_absence(failed(subject, message_id, unit=unit, venues=venues, **values))


def blind(
    subject: str, message_id: str, *, unit: str = "", venues: Iterable[str | None] = (), **values: Value
) -> Finding:
    """Finding for a state the equipment never reports: a blind spot, not a failed reading."""
    return unknown(subject, message_id, unit=unit, venues=venues, **values).replace(blind=True)


def not_read(subject: str, records: Sequence[Unread], *, venues: Iterable[str | None] = ()) -> Finding:
    """Finding for a subject with an unread record."""
    reason = Bilingual(records[0].message.render("vi"), records[0].reason)
    return unknown(subject, "checks:run.partial", venues=venues, unread=records[0].subject, reason=reason)


def each_up(states: Mapping[str, bool], expected: Collection[str], family: str, *, subject: str) -> Iterator[Finding]:
    """Judge subjects (True: up) by the expected names; an unexpected subject down is a risk.

    `family` has the messages. `subject` names the kind, for a device without any and without expectations.
    """
    others = {name.casefold(): (name, up) for name, up in states.items()}
    for name in expected:
        found = others.pop(name.casefold(), None)
        if found is None:
            yield missing(name, f"{family}.missing")
        else:
            yield passed(name, f"{family}.up") if found[1] else failed(name, f"{family}.down")
    yield from (warned(name, f"{family}.down_unexpected") for name, up in others.values() if not up)
    if not states and not expected:
        yield of_all(passed(subject, f"{family}.none_expected"))


class Levels(Protocol):
    """Limits of a figure, such as those of a check, in the unit of the figure."""

    @property
    def warn(self) -> float:
        """Limit of a warning."""

    @property
    def fail(self) -> float:
        """Limit of a failure."""

    @property
    def worse(self) -> Literal["higher", "lower"]:
        """Direction of worse figures."""


class Between(NamedTuple):
    """Limits of a figure in its unit, for checks with several."""

    warn: float
    fail: float
    worse: Literal["higher", "lower"] = "higher"


def graded(
    subject: str,
    message_id: str,
    value: float | None,
    limits: Levels,
    *,
    unit: str = "",
    beyond: bool = False,
    digits: int = 1,
    venues: Iterable[str | None] = (),
    **values: Value,
) -> Finding:
    """Grade `value` against two limits; the displayed figure is the graded figure. None is no figure, hence unknown.

    A value on the limit is over it, unless the limit is what may be reached (`beyond`). The limit named is the one
    that was passed, and for a good value the first one that it stays away from.
    """
    if value is None:
        return unknown(subject, "checks:subject.no_figure", venues=venues)
    shown = tidy(value, digits)
    status = grade(shown, limits.warn, limits.fail, worse=limits.worse, beyond=beyond)
    limit = tidy(limits.fail if status is Outcome.FAIL else limits.warn, max(digits, 3))
    return answered(status, subject, message_id, value=shown, limit=limit, unit=unit, venues=venues, **values)


def grade(
    value: float, warn: float, fail: float, *, worse: Literal["higher", "lower"] = "higher", beyond: bool = False
) -> Outcome:
    """PASS, WARN or FAIL for a value between two limits of the same unit."""
    sign = 1 if worse == "higher" else -1

    def over(limit: float) -> bool:
        return sign * value > sign * limit or (value == limit and not beyond)

    if over(fail):
        return Outcome.FAIL
    return Outcome.WARN if over(warn) else Outcome.PASS


def worst(findings: Iterable[Finding]) -> Finding:
    """The first finding of the gravest status."""
    return max(findings, key=lambda finding: _GRAVITY.index(finding.status))


def at(finding: Finding, among: Sequence[Device]) -> Finding:
    """Attach the finding of a fleet check to the first device of `among`.

    It counts for the venues and services that they have in common, or for all of each where there is none.
    """
    return finding.replace(
        device=among[0].name,
        witnesses=tuple(one.name for one in among),
        venues=_shared([one.venues for one in among]),
        services=_shared([one.concerned for one in among]),
    )


def _shared(sets: Sequence[Sequence[str]]) -> tuple[str, ...]:
    common = set(sets[0]).intersection(*sets[1:])
    return tuple(sorted(common or set().union(*sets)))
