"""Figures of a stream: worst flow, flows hit, loss, round trip, failure and repair apart, gaps of sending."""

from __future__ import annotations

import pytest

from eventready.session.probes.measurement import Measurement, Sample, Times, measure

RATE, FLOWS = 100.0, 16
TIMES = Times(failed=1.0, repaired=3.0, ended=5.0)


def stream(
    *dead: tuple[int, float, float], trip_s: float = 0.002, pause: tuple[float, float] = (9, 9)
) -> list[list[Sample]]:
    """Flows of five seconds. `dead`: (flow, begin, end) without answers; `pause`: begin and end without requests."""
    flows = []
    for flow in range(FLOWS):
        moments = [number / RATE + flow / RATE / FLOWS for number in range(500)]
        lost = [(begin, end) for other, begin, end in dead if other == flow]
        flows.append([
            Sample(number, at, None if any(begin <= at < end for begin, end in lost) else at + trip_s)
            for number, at in enumerate(moments) if not pause[0] <= at < pause[1]
        ])  # fmt: skip
    return flows


def measured(samples: list[list[Sample]], *, new_ports: bool = False) -> Measurement:
    return measure(samples, RATE, 0.5, TIMES, new_ports=new_ports)


def test_the_worst_of_the_flows_counts_and_the_share_that_was_hit() -> None:
    found = measured(stream(*((flow, 1.2, 2.05) for flow in range(7))))
    assert (found.hit, found.flows, found.median_ms) == (7, 16, 0.0)
    assert found.longest_ms == pytest.approx(850, abs=15)
    assert found.loss_percent == pytest.approx(100 * 7 / 16 * 0.85 / 2, abs=0.5)


def test_an_outage_that_lasts_to_the_repair_did_not_end_and_one_of_the_repair_is_its_own() -> None:
    found = measured(stream((3, 1.2, 3.4), (4, 3.1, 3.5)))
    assert (found.longest_ms, found.hit) == (None, 1)
    assert found.repair_ms == pytest.approx(400, abs=15)
    assert [outage.end for outage in found.worst] == [None]


def test_a_round_trip_is_that_of_the_slowest_flow_and_none_without_an_answer() -> None:
    flows = stream()
    flows[5] = [Sample(one.sequence, one.sent, one.sent + 0.2) for one in flows[5]]
    found = measured(flows)
    assert found.slowest_ms == pytest.approx(200)
    assert found.round_trip_ms == pytest.approx(2)
    assert measured(stream((2, 0, 9))).slowest_ms is None


def test_an_outage_over_new_ports_ends_when_no_path_is_dead() -> None:
    """Some requests arrive while 6 of 16 paths are dead: the outage goes on."""
    found = measured(stream(*((flow, 1.2, 2.0) for flow in range(6))), new_ports=True)
    assert found.longest_ms == pytest.approx(800, abs=15)
    assert measured(stream(), new_ports=True).longest_ms == 0.0


def test_a_gap_of_the_prober_itself_is_seen_wherever_it_is() -> None:
    assert measured(stream()).gap_ms < 1
    assert measured(stream(pause=(2.0, 2.04))).gap_ms == pytest.approx(40, abs=2)
    assert measured(stream(pause=(4.9, 9))).gap_ms == pytest.approx(100, abs=2)
    assert measured(stream(pause=(0.2, 0.4))).gap_ms < 1  # before the failure
    assert measured(stream(pause=(0.9, 9))).requested == 0
