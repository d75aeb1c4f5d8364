"""Flaps: changes of ports and neighbours between the two readings, since the latest full audit, and counted by a watch.

A device that prints neither a counter of changes nor the time of the last is a blind spot: two equal states do not rule
out changes in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from math import inf

from pydantic import Field

from eventready.checks.answer import answered, blind, grade, not_read, unknown, warned, worst
from eventready.checks.check import DeviceView, Limits, check
from eventready.checks.finding import Finding, Outcome
from eventready.facts.ports import port_key
from eventready.facts.records import Fact, Interface, RoutingPeer
from eventready.facts.rows import rows_of
from eventready.facts.subjects import peers_of
from eventready.workspace.devices.device import Device

#: Seconds that the limits speak of.
FLAP_WINDOW_S = 600.0
#: Fields with a sign of a change.
SIGNS = frozenset({"oper", "up", "changed_at", "changed_s", "uptime_s", "transitions"})
Row = Interface | RoutingPeer


class FlapLimits(Limits):
    """Changes of a port or neighbour within ten minutes."""

    warn: int = Field(default=3, ge=1, description="Warning from so many changes within ten minutes on [D]")
    fail: int = Field(default=10, ge=1, description="Failure from so many changes within ten minutes on [D]")


def _ports_of(device: Device) -> dict[str, str]:
    expect = device.expect
    names = (*expect.uplinks, *(link.port for link in expect.links), *(bundle.name for bundle in expect.bundles))
    return {port_key(name): name for name in reversed(names)}


@check(
    "port_flaps",
    kind="quality",
    roles=("router", "switch", "wifi_controller"),
    needs=("interface",),
    limits=FlapLimits(),
    applies=lambda device: bool(_ports_of(device)),
    expected_only=True,
    rests_on=SIGNS,
)
def port_flaps(view: DeviceView, limits: FlapLimits) -> Iterator[Finding]:
    """No uplink, cable or bundle goes up and down again and again."""
    expected = _ports_of(view.device)
    rows = {port_key(row.name): row for row in view.each_row("interface", Interface)}
    subjects = {name: rows[key] for key, name in expected.items() if key in rows}
    yield from _flaps(view, "interface", subjects, limits)
    yield from _not_read(view, "interface", tuple(expected.values()))


_neighbour_check = partial(check, roles=("router",), limits=FlapLimits(), expected_only=True)


@_neighbour_check(
    "ospf_flaps", kind="quality", needs=("ospf_neighbour",), applies=lambda device: bool(device.expect.ospf)
)
def ospf_flaps(view: DeviceView, limits: FlapLimits) -> Iterator[Finding]:
    """No expected OSPF neighbour comes and goes."""
    return _neighbours(view, "ospf_neighbour", view.device.expect.ospf or (), limits)


@_neighbour_check(
    "isis_flaps", kind="quality", needs=("isis_neighbour",), applies=lambda device: bool(device.expect.isis)
)
def isis_flaps(view: DeviceView, limits: FlapLimits) -> Iterator[Finding]:
    """No expected IS-IS neighbour comes and goes."""
    return _neighbours(view, "isis_neighbour", view.device.expect.isis or (), limits)


@_neighbour_check("bgp_flaps", kind="quality", needs=("bgp_neighbour",), applies=lambda device: bool(device.expect.bgp))
def bgp_flaps(view: DeviceView, limits: FlapLimits) -> Iterator[Finding]:
    """No expected BGP session is established and lost again and again."""
    return _neighbours(view, "bgp_neighbour", view.device.expect.bgp or (), limits)


def _neighbours(view: DeviceView, fact: str, expected: Sequence[str], limits: FlapLimits) -> Iterator[Finding]:
    rows = view.each_row(fact, RoutingPeer)
    found = {name: peers_of(name, rows) for name in expected}
    yield from _flaps(view, fact, {row.subject: row for peers in found.values() for row in peers}, limits)
    yield from _not_read(view, fact, found)


def _not_read(view: DeviceView, fact: str, expected: Collection[str]) -> Iterator[Finding]:
    """Findings of expected subjects without a row, beside an unread record of a possible match."""
    rows = view.fact(fact, Fact)
    for name in expected if rows.unread_records else ():
        found = rows.for_subject(name, expected)
        if found.row is None and found.unread_records:
            yield not_read(name, found.unread_records)


def _flaps(view: DeviceView, fact: str, subjects: Mapping[str, Row], limits: FlapLimits) -> Iterator[Finding]:
    """Findings of the printed subjects; a single blind spot for a device without any sign of changes."""
    if subjects and not any(_tells(row) for row in view.each_row(fact, Fact) if isinstance(row, Row)):
        yield blind("changes", "checks:flaps.unsupported")
        return
    readings = [
        *((rows_of(one.facts, fact, Fact), one.age_s) for one in [past for past in view.history if past.facts][-1:]),
        (rows_of(view.before, fact, Fact), view.interval_s),
    ]
    counts = [(one.changes[fact], one.age_s) for one in view.history if fact in one.changes and one.age_s > 0]
    earlier = [({_key(row): row for row in rows.each_row() if isinstance(row, Row)}, age_s) for rows, age_s in readings]
    for subject, row in subjects.items():
        pairs = [(rows[_key(row)], age_s) for rows, age_s in earlier if _key(row) in rows and age_s > 0]
        counted = [(changes.get(_key(row), 0), age_s) for changes, age_s in counts]
        yield _judged(subject, row, pairs, limits, counted)


def _key(row: Row) -> str:
    return port_key(row.name) if isinstance(row, Interface) else row.subject


def _tells(row: Row) -> bool:
    return bool(isinstance(row, Interface) and row.changed_at) or row.transitions is not None or _age(row) is not None


def _age(row: Row) -> int | None:
    return row.changed_s if isinstance(row, Interface) else row.uptime_s


def _state(row: Row) -> object:
    return (row.oper, row.changed_at) if isinstance(row, Interface) else row.up


def _judged(
    subject: str, row: Row, earlier: Sequence[tuple[Row, float]], limits: FlapLimits,
    counted: Sequence[tuple[int, float]],
) -> Finding:  # fmt: skip
    if not _tells(row):
        return blind(subject, "checks:subject.no_figure")
    age_s = _age(row)
    spans = [(int(age_s < FLAP_WINDOW_S), FLAP_WINDOW_S)] if age_s is not None else []
    spans += [(_changes(before, row, span_s), span_s) for before, span_s in earlier]
    spans += counted
    return (
        worst(_graded(subject, *span, age_s, limits) for span in spans)
        if spans
        else unknown(subject, "checks:subject.read_once")
    )


def changes_between(
    before: Sequence[Fact], now: Sequence[Fact], *, gone: bool = True, came: bool = True
) -> Iterator[tuple[str, int]]:
    """Keys of the ports and neighbours with changes between two readings, and the least number of these.

    The time of the last change may be printed in coarse units: it counts where less than in the reading before.
    `gone`, `came`: a record in one of the readings alone is a change; not where it may be unread in the other.
    """
    same = len(before) == len(now)
    moved = [(one, row) for one, row in zip(before, now, strict=False) if one is not row and _counted(one, row)]
    if same and all(one.subject == row.subject for one, row in moved):
        yield from ((_key(row), _counted(one, row)) for one, row in moved if isinstance(row, Row))
        return
    known, rows = by_key(before), by_key(now)
    for key in known | rows:
        alone = gone if key in known else came
        if count := _counted(known[key], rows[key]) if key in known and key in rows else int(alone):
            yield key, count


def by_key(rows: Iterable[Fact]) -> dict[str, Row]:
    """Rows of ports and neighbours by their keys."""
    return {_key(row): row for row in rows if isinstance(row, Row)}


def _counted(before: Fact, now: Fact) -> int:
    if not (isinstance(before, Row) and isinstance(now, Row)):
        return 0
    was, age = _age(before), _age(now)
    return _changes(before, now, inf if was is not None and age is not None and age < was else 0)


def _changes(before: Row, now: Row, span_s: float) -> int:
    """Least number of changes between two readings. A counter below its earlier figure started anew in between."""
    counted = 0
    if now.transitions is not None and before.transitions is not None:
        counted = now.transitions - (before.transitions if before.transitions <= now.transitions else 0)
    age_s = _age(now)
    return max(counted, int(_state(before) != _state(now) or (age_s is not None and age_s < span_s)))


def _graded(subject: str, count: int, span_s: float, age_s: int | None, limits: FlapLimits) -> Finding:
    """Grade the mean of ten minutes, and warn where the changes of a longer time may lie within ten minutes."""
    minutes = round(span_s / 60, 1 if span_s < FLAP_WINDOW_S else None)
    status = grade(count * min(1.0, FLAP_WINDOW_S / span_s), limits.warn, limits.fail)
    if status is Outcome.PASS and count >= limits.warn and (age_s is None or age_s < FLAP_WINDOW_S):
        return warned(subject, "checks:flaps.undated", value=count, minutes=minutes, limit=limits.warn)
    limit = limits.fail if status is Outcome.FAIL else limits.warn
    return answered(status, subject, "checks:flaps.changes", value=count, minutes=minutes, limit=limit)
