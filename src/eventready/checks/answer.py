"""Findings of a check: a function per outcome.

Each takes the id of a message of the catalogue. The message has the parameter `subject`, and `value` and `limit` where
they are given; further keyword arguments are parameters of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

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
    message_id: str,
    *,
    subject: str,
    unit: str = "",
    venues: Iterable[str | None] = (),
    **values: Value,
) -> Finding:
    """Finding with a given status, without a limit."""
    return _finding(status, subject, message_id, venues, values, unit=unit)


def _finding(
    status: Outcome,
    subject: str,
    message_id: str,
    venues: Iterable[str | None],
    values: Mapping[str, Value],
    *,
    unit: str = "",
) -> Finding:
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


def missing(subject: str, message_id: str, *, venues: Iterable[str | None] = (), **values: Value) -> Finding:
    """Failure because no record speaks of the subject."""
    return of_absence(failed(subject, message_id, venues=venues, **values))


def passed(subject: str, message_id: str, *, venues: Iterable[str | None] = (), **values: Value) -> Finding:
    """Finding for a fulfilled expectation."""
    return _finding(Outcome.PASS, subject, message_id, venues, values)


def warned(subject: str, message_id: str, *, venues: Iterable[str | None] = (), **values: Value) -> Finding:
    """Finding for a risk."""
    return _finding(Outcome.WARN, subject, message_id, venues, values)


def failed(subject: str, message_id: str, *, venues: Iterable[str | None] = (), **values: Value) -> Finding:
    """Finding for an unmet expectation or an absent subject."""
    return _finding(Outcome.FAIL, subject, message_id, venues, values)


def unknown(subject: str, message_id: str, *, venues: Iterable[str | None] = (), **values: Value) -> Finding:
    """Finding for a present subject without the needed figure or state."""
    return _finding(Outcome.NOT_MEASURED, subject, message_id, venues, values)


def blind(subject: str, message_id: str, *, venues: Iterable[str | None] = (), **values: Value) -> Finding:
    """Finding for a state the equipment never reports: a blind spot, not a failed reading."""
    return unknown(subject, message_id, venues=venues, **values).replace(blind=True)


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


def graded(
    subject: str,
    message_id: str,
    value: float | None,
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
    """Grade `value` against two limits; the displayed figure is the graded figure. None is no figure, hence unknown.

    A value on the limit is over it, unless the limit is what may be reached (`beyond`). The limit named is the one
    that was passed, and for a good value the first one that it stays away from.
    """
    if value is None:
        return unknown(subject, "checks:subject.no_figure", venues=venues)
    shown = tidy(value, digits)
    status = grade(shown, warn, fail, worse=worse, beyond=beyond)
    limit = tidy(fail if status is Outcome.FAIL else warn, max(digits, 3))
    return answered(status, message_id, subject=subject, value=shown, limit=limit, unit=unit, venues=venues, **values)


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
