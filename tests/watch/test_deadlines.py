"""Deadlines: a device comes up once for all of its passed deadlines, in the order of the devices."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from eventready.watch.deadlines import Deadlines

NAMES = ("r2", "r1", "r3")


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.one_of(st.just(inf), st.integers(0, 20)), st.integers(0, 5))))
def test_devices_come_up_when_one_of_their_deadlines_has_passed(steps: list[tuple[str, float, int]]) -> None:
    deadlines, open_, now = Deadlines(NAMES), [(name, -inf) for name in NAMES], 0.0
    for name, at, seconds in steps:
        deadlines.add(name, at)
        open_.append((name, at))
        now += seconds
        due = {name for name, at in open_ if at <= now}
        open_ = [(name, at) for name, at in open_ if at > now]
        assert deadlines.passed(now) == [name for name in NAMES if name in due]
    deadlines.begin()
    assert deadlines.passed(now) == list(NAMES)
