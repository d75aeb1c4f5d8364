"""Outages: the stream is measured from the first lost request to the first answer after it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.session.probes.measurement import Sample, before_repair, interruption

STEP = 0.02


def stream(fates: list[bool], delay: float = 0.001) -> list[Sample]:
    """A request every `STEP` seconds; True is answered."""
    return [
        Sample(number, number * STEP, number * STEP + delay if answered else None)
        for number, answered in enumerate(fates)
    ]


def test_an_outage_lasts_from_the_first_lost_request_to_the_next_answer() -> None:
    measured = interruption(stream([True, True, False, False, False, True, True]), STEP)
    (outage,) = measured.outages
    assert outage.lost == 3
    assert outage.duration_ms is not None
    assert round(outage.duration_ms, 6) == round(1000 * (3 * STEP + 0.001), 6)
    assert (measured.sent, measured.lost, measured.resolution_ms) == (7, 3, 20.0)


def test_an_outage_that_does_not_end_has_no_duration() -> None:
    measured = interruption(stream([True, False, True, False]), STEP)
    assert [outage.end is None for outage in measured.outages] == [False, True]


def test_an_outage_that_only_the_repair_ended_did_not_end_by_itself() -> None:
    measured = interruption(stream([True, False, True, False, False, True]), STEP)
    assert [outage.end is None for outage in before_repair(measured, 4.5 * STEP).outages] == [False, True]
    assert before_repair(measured, 6 * STEP) == before_repair(measured, 4.5 * STEP, 2 * STEP) == measured
    assert before_repair(measured, 0.5 * STEP).outages == measured.outages


def test_no_request_and_no_loss_are_no_outage() -> None:
    assert interruption([], STEP).outages == ()
    assert interruption(stream([True] * 5), STEP).outages == ()


def held(begin: float, end: float, trip: float) -> list[Sample]:
    """A stream whose requests between two moments are kept, and answered at the end."""
    samples = stream([True] * 200, trip)
    return [
        replace(one, received=end + trip + one.sequence / 1e6) if begin <= one.sent < end else one for one in samples
    ]


@pytest.mark.attack(family="targets of a drill")
@pytest.mark.parametrize(("seconds", "trip"), [(0.9, 0.001), (0.9, 0.3), (0.2, 0.001), (3.0, 0.001)])
def test_requests_that_are_kept_and_answered_later_are_an_outage(seconds: float, trip: float) -> None:
    (outage,) = interruption(held(0.5, 0.5 + seconds, trip), STEP).outages
    assert outage.lost == 0
    assert outage.duration_ms is not None
    assert abs(outage.duration_ms - 1000 * seconds) < 1000 * STEP


def test_a_longer_path_and_a_pause_of_the_prober_are_no_outage() -> None:
    samples = stream([True] * 100)
    longer = [replace(one, received=(one.received or 0) + 0.08) if one.sequence >= 50 else one for one in samples]
    paused = [one for one in samples if not 20 <= one.sequence < 60]
    assert interruption(longer, STEP).outages == interruption(paused, STEP).outages == ()


def test_a_part_lost_and_a_part_kept_are_one_outage() -> None:
    samples = held(1.0, 1.9, 0.001)
    full = [replace(one, received=None) if 1.3 <= one.sent < 1.9 else one for one in samples]
    (outage,) = interruption(full, STEP).outages
    assert outage.lost == 30
    assert outage.duration_ms is not None
    assert 860 < outage.duration_ms < 940


def test_answers_that_overtake_each_other_are_counted() -> None:
    late = [Sample(0, 0.0, 0.5), Sample(1, 0.02, 0.03), Sample(2, 0.04, 0.05)]
    assert interruption(late, STEP).reordered == 1


@given(st.lists(st.booleans(), max_size=60), st.randoms(use_true_random=False))
def test_the_order_of_the_samples_does_not_matter_and_nothing_is_counted_twice(
    fates: list[bool], order: random.Random
) -> None:
    samples = stream(fates)
    shuffled = samples[:]
    order.shuffle(shuffled)
    measured = interruption(shuffled, STEP)
    assert measured == interruption(samples, STEP)
    assert sum(outage.lost for outage in measured.outages) == measured.lost == fates.count(False)
    assert all(outage.end is not None for outage in measured.outages[:-1])
