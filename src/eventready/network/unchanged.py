"""Equal answers for the graph of the network: at most figures outside of the graph have moved."""

from __future__ import annotations

from collections.abc import Mapping

from eventready.facts.observation import Observation
from eventready.facts.records import AccessPoint, Fact, Interface, RoutingPeer, Site, System
from eventready.facts.rows import FactRows

#: Figures by record that the graph does not read.
FIGURES: Mapping[type[Fact], frozenset[str]] = {
    Interface: Interface.moving.union(
        ("in_errors", "crc_errors", "out_errors", "in_drops", "out_drops", "transitions", "changed_at")
    ),
    RoutingPeer: frozenset({"transitions", "uptime_s"}),
    AccessPoint: frozenset({"clients", "uptime_s"}),
    Site: frozenset({"uptime_s"}),
    System: frozenset({"uptime_s"}),
}


def unchanged(before: Observation, now: Observation) -> bool:
    """True where the graph reads the same in two answers of a fact."""
    read, earlier = FactRows.of(now), FactRows.of(before)
    rows, others = read.each_row(), earlier.each_row()
    figures = FIGURES.get(type(rows[0]), frozenset()) if rows else frozenset()
    if (moved := now.moved_since(before)) is not None and moved <= figures:
        return True
    if (before.status, earlier.unread_records, len(others)) != (now.status, read.unread_records, len(rows)):
        return False
    return all(_alike(one, other, figures) for one, other in zip(others, rows, strict=True))


def _alike(one: Fact, other: Fact, figures: frozenset[str]) -> bool:
    mine, others = _read(one), _read(other)
    return type(one) is type(other) and all(mine[name] == others[name] for name in mine if name not in figures)


def _read(row: Fact) -> Mapping[str, object]:
    """Fields of a record; of the prefixes of a neighbour only whether there are any."""
    fields = vars(row)
    return {**fields, "prefixes": row.prefixes != 0} if isinstance(row, RoutingPeer) else fields
