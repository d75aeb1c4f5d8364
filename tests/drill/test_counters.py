"""Counter probes: refused requests of a BSC and the spread of stations, from facts that a test gives."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from eventready.core.errors import UsageError
from eventready.core.messages import in_english
from eventready.drill.probes import ReadFacts, counter_probe
from eventready.drill.spec import Probe
from eventready.facts.observation import Observation, Status
from eventready.facts.records import AccessPoint, ChannelRequests, Fact, Radio

CALLS = Probe(kind="calls", name="calls", target="bsc-1", refused_percent=5)
STATIONS = Probe(kind="stations", name="stations", target="wlc-1", most_per_mean=2)


def reading(*answers: Sequence[Fact] | str) -> ReadFacts:
    """Facts that are read one after another; text is the reason why there are none."""
    left = list(answers)

    def read(device: str, _facts: Sequence[str]) -> Sequence[Observation]:
        answer = left.pop(0)
        if isinstance(answer, str):
            return [Observation(device, "x", Status.UNREACHABLE, reason=answer)]
        return [Observation(device, "x", Status.PARSED, rows=tuple(answer))]

    return read


def requests(cell: str, total: int, refused: int) -> ChannelRequests:
    return ChannelRequests(cell=cell, total=total, refused=refused)


def test_refusals_are_counted_over_all_cells_and_a_counter_that_restarted_is_left_out() -> None:
    probe = counter_probe(
        CALLS,
        reading(
            [requests("a", 100, 10), requests("b", 50, 0), requests("c", 900, 9)],
            [requests("a", 150, 20), requests("b", 100, 0), requests("c", 3, 0)],
        ),
    )
    probe.begin()
    result = probe.end()
    assert (result.value, result.sent, result.lost, result.within) == (10.0, 100, 10, False)


def test_no_request_measures_nothing() -> None:
    same = [requests("a", 1, 0)]
    probe = counter_probe(CALLS, reading(same, same))
    probe.begin()
    assert probe.end().value is None


def test_the_fullest_access_point_is_held_against_the_mean() -> None:
    rows = [AccessPoint(name=name, state="up", clients=count) for name, count in (("a", 6), ("b", 0), ("c", 3))]
    probe = counter_probe(STATIONS, reading(rows, rows))
    probe.begin()
    result = probe.end()
    assert (result.value, result.within, in_english(result.detail)) == (2.0, True, "a 6, mean 3.0 of 3")


def test_stations_of_radios_add_up_where_access_points_state_none() -> None:
    rows: list[Fact] = [AccessPoint(name="a", state="up")]
    rows += [
        Radio(ap=ap, slot=slot, band="5", oper="up", clients=2) for ap, slot in (("a", "0"), ("a", "1"), ("b", "0"))
    ]
    probe = counter_probe(STATIONS, reading(rows))
    assert probe.end().value == pytest.approx(4 / 3)


def test_a_controller_that_does_not_answer_or_state_is_a_sentence() -> None:
    with pytest.raises(UsageError, match=r"bsc-1 could not be read: nothing answers"):
        counter_probe(CALLS, reading("nothing answers")).begin()
    with pytest.raises(UsageError, match="wlc-1 reports no number of stations"):
        counter_probe(STATIONS, reading([AccessPoint(name="a", state="up")])).begin()
