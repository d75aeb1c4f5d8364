"""Readings are due in a fair order, one of a device at a time, and a slow device delays itself alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eventready.watch.schedule import Schedule

FAST, SLOW = "interface", "certificate"
INTERVALS = {FAST: 15.0, SLOW: 300.0}
ANSWERS = {"answer_http": 5.0, "answer_dns": 5.0}


def schedule(devices: int) -> Schedule:
    made = Schedule({f"d{number}": (FAST, SLOW) for number in range(devices)}, INTERVALS.__getitem__)
    made.start(0.0)
    return made


def test_the_first_readings_are_spread_over_the_shortest_interval() -> None:
    made = schedule(15)
    assert [made.take(float(at)) is not None for at in range(15)] == [True] * 15
    assert made.take(14.0) is None


def test_a_device_is_read_once_at_a_time() -> None:
    made = schedule(1)
    first = made.take(0.0)
    assert first is not None
    assert first.facts == (FAST, SLOW)
    assert made.take(1000.0) is None
    made.done("d0")
    again = made.take(16.0)
    assert again is not None
    assert (again.facts, again.late_s) == ((FAST,), 1.0)


def test_a_device_in_protected_time_is_read_twice_as_often() -> None:
    made = Schedule({"d0": (FAST,), "d1": (FAST,)}, INTERVALS.__getitem__, protected=lambda: {"d1"})
    made.start(0.0)
    reads = {"d0": 0, "d1": 0}
    for at in range(150):
        while reading := made.take(float(at)):
            reads[reading.device] += 1
            made.done(reading.device)
    assert reads == {"d0": 10, "d1": 19}  # every 7.5 s, at whole seconds


def test_a_question_that_takes_long_delays_no_other_fact() -> None:
    made = Schedule({"d0": (FAST, "answer_http", "answer_dns")}, {**INTERVALS, **ANSWERS}.__getitem__)
    made.start(0.0)
    first, questions = made.take(0.0), made.take(0.0)
    assert first is not None
    assert questions is not None
    assert (first.facts, first.beside) == ((FAST,), "")
    assert (questions.facts, questions.beside) == (("answer_http", "answer_dns"), "questions")
    made.done("d0")
    for at in (15.0, 30.0, 45.0):
        reading = made.take(at)
        assert reading is not None
        assert (reading.facts, reading.late_s) == ((FAST,), 0.0)
        made.done("d0")
    made.done("d0", "questions")
    made.again("d0", [FAST, "answer_dns"], 50.0)
    both = [made.take(50.0), made.take(50.0)]
    assert {reading.facts for reading in both if reading} == {(FAST,), ("answer_http", "answer_dns")}


def test_the_questions_of_a_held_session_are_in_it() -> None:
    made = Schedule({"d0": (FAST, "answer_http")}, {**INTERVALS, **ANSWERS}.__getitem__, ["d0"])
    made.start(0.0)
    reading = made.take(0.0)
    assert reading is not None
    assert (reading.facts, reading.beside) == ((FAST, "answer_http"), "")
    assert made.take(0.0) is None


def test_after_a_gap_the_facts_not_yet_read_are_next() -> None:
    made = schedule(1)
    assert made.take(0.0) is not None
    made.again("d0", [SLOW, "unknown"], 5.0)
    assert made.take(5.0) is None
    made.done("d0")
    again = made.take(5.0)
    assert again is not None
    assert again.facts == (SLOW,)


@given(st.lists(st.floats(0.1, 60), min_size=2, max_size=8), st.integers(1, 3))
def test_a_device_is_never_later_than_its_turn(durations: list[float], workers: int) -> None:
    """With bounded threads the longest due is next: between two readings of a device, no other is read twice more."""
    made = schedule(len(durations))
    now, running, order = 0.0, dict[str, float](), list[str]()
    for _ in range(200):
        for device, end in list(running.items()):
            if end <= now:
                del running[device]
                made.done(device)
        while len(running) < workers and (reading := made.take(now)) is not None:
            running[reading.device] = now + durations[int(reading.device[1:])]
            order.append(reading.device)
        ends = [*running.values()]
        due = made.next_at()
        if len(running) < workers and due is not None:
            ends.append(due)
        now = max(now + 0.001, min(ends))
    names = {f"d{number}" for number in range(len(durations))}
    last = dict.fromkeys(names, -1)
    for at, device in enumerate(order):
        between = order[last[device] + 1 : at]
        others = {name: between.count(name) for name in names - {device}}
        longest = max(durations) / min(INTERVALS.values())
        assert all(count <= 2 + longest for count in others.values()), (device, between)
        last[device] = at
