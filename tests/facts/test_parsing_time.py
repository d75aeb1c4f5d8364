"""The limit of processor time of an answer, by a clock that counts the lines of code that run.

Every loop over lines, rows and objects of an answer looks at the clock, so that no answer takes longer than the limit,
and none holds up those of other devices.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.strings.texts import lines_of
from eventready.facts import observe as observing
from eventready.facts.interpret import interpret
from eventready.facts.observation import Observation, Status
from eventready.facts.observe import observe
from eventready.facts.parsing import parsing_time
from eventready.facts.parsing.parsed import PARSING_SECONDS, ParsingTooLong
from eventready.facts.parsing.parsing_time import TURN_SECONDS, in_time, limited, turn
from eventready.facts.platform import CompiledFact, load_platform
from eventready.session.reply import Reply
from tests.platforms.samples import Sample, all_samples

#: Lines of code that run within the limit, and those that may run behind it: between two looks at the clock.
WITHIN, BEHIND = 60_000, 20_000
SAMPLES = [sample for sample in all_samples() if sample.case.startswith("ok")]


class Work:
    """Lines of code that have run: the planted clock."""

    def __init__(self) -> None:
        self.lines = 0

    def seconds(self) -> float:
        return self.lines * PARSING_SECONDS / WITHIN

    def trace(self, frame: FrameType, event: str, _argument: Any) -> Callable[..., Any]:
        self.lines += event == "line"
        return self.trace


@contextmanager
def work() -> Iterator[Work]:
    """The work of a block, as the clock of the limit."""
    counted, before = Work(), sys.gettrace()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parsing_time, "thread_time", counted.seconds)
        sys.settrace(counted.trace)
        try:
            yield counted
        finally:
            sys.settrace(before)


def read(compiled: CompiledFact, text: str, breaks: tuple[int, ...] = ()) -> tuple[Observation, int]:
    """An answer as read, and the work."""
    with work() as counted:
        seen = interpret("r1", compiled.name, compiled, Reply(compiled.command, text, breaks=breaks))
    return seen, counted.lines


def longer(text: str, lines: int) -> str:
    """The text with its lines again and again; members of a JSON document likewise."""
    try:
        document = json.loads(text)
    except ValueError:
        return "\n".join(islice(cycle(lines_of(text)), lines))
    return json.dumps(_longer(document, lines))


def _longer(value: Any, most: int) -> Any:
    if isinstance(value, list):
        return [*islice(cycle(value), most)] if value else value
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(one, dict) for one in value.values()):
        return {f"{key}{number or ''}": one for number in range(most // len(value)) for key, one in value.items()}
    return {key: _longer(one, most) for key, one in value.items()}


@given(
    sample=st.sampled_from(SAMPLES),
    lines=st.integers(1_000, 4_000),
    strange=st.booleans(),
    broken=st.lists(st.integers(1, 999), max_size=3),
)
def test_no_answer_takes_longer_than_the_limit(sample: Sample, lines: int, *, strange: bool, broken: list[int]) -> None:
    """Whatever is in it: another line that no rule knows, or log lines in between."""
    text = longer(sample.observe().raw, lines)
    if strange:
        text = text.replace("\n", "\n\u00a4 errors power state 17\n", 1)
    seen, lines_run = read(sample.compiled(), text, tuple(broken))
    assert lines_run < WITHIN + BEHIND
    assert seen.status.measured or seen.reason


COSTLY = {
    # each costs the square of its length, or a step that no line of the parser shows
    "general statements": (
        "juniper_junos",
        "static_route",
        "\n".join(
            f"set routing-options static route 10.{n // 250}.{n % 250}.0/24 next-hop 10.0.0.1" for n in range(4_000)
        ),
    ),
    "deactivated statements": (
        "juniper_junos",
        "static_route",
        "\n".join(f"deactivate routing-options static route 10.{n // 250}.{n % 250}.0/24" for n in range(4_000)),
    ),
    "objects within objects": (
        "frr",
        "bgp_neighbour",
        json.dumps(
            {f"v{n}": {"peers": {f"10.0.0.{m}": {"state": "Established"} for m in range(60)}} for n in range(60)}
        ),
    ),
    "columns of a heading": (
        "huawei_mml",
        "cell",
        "+++    BSC        2022-04-25 07:00:00\nRETCODE = 0  ok\n\nList\n----\n"
        + "\n".join("a  " * 900 for _ in range(200))
        + "\n---    END\n",
    ),
}


@pytest.mark.parametrize("what", COSTLY)
def test_a_costly_answer_ends_at_the_limit(what: str) -> None:
    platform, fact, text = COSTLY[what]
    seen, lines_run = read(load_platform(platform).facts[fact], text)
    assert lines_run < WITHIN + BEHIND
    assert seen.status.measured or seen.reason


OSPF = "Neighbor ID     Pri   State           Dead Time   Address         Interface\n"


def neighbours(number: int) -> str:
    return OSPF + "".join(
        f"10.255.{n // 250}.{n % 250}      1   FULL/DR         00:00:31    10.{n // 250}.{n % 250}.2     Vlan{n}\n"
        for n in range(number)
    )


@pytest.mark.slow
def test_a_log_line_in_a_long_list_costs_a_reading_more() -> None:
    compiled = load_platform("cisco_xe").facts["ospf_neighbour"]

    def cost(rows: int, breaks: tuple[int, ...]) -> int:
        with work() as counted:
            patched = pytest.MonkeyPatch()
            patched.setattr(parsing_time, "thread_time", lambda: 0.0)
            seen = interpret("r1", compiled.name, compiled, Reply(compiled.command, neighbours(rows), breaks=breaks))
            patched.undo()
        assert len(seen.rows) + len(seen.unread) == rows
        return counted.lines

    assert cost(1_000, (500,)) < 6 * cost(1_000, ())
    assert cost(2_000, (500,)) < 2.5 * cost(1_000, (500,))


def test_the_facts_of_one_answer_share_its_limit() -> None:
    platform = load_platform("mikrotik_routeros")
    facts = [name for name, fact in platform.facts.items() if fact.command == platform.facts["cpu"].command]
    assert len(facts) > 2
    text = longer("  uptime: 1d\n  cpu-load: 3%\n  free-memory: 1MiB\n  total-memory: 2MiB\n", 30_000)
    with work() as counted:
        seen = observe("r1", platform, facts, lambda commands: [Reply(one, text) for one in commands])
    assert counted.lines < WITHIN + 3 * BEHIND
    assert not any(one.status is Status.PARSED for one in seen)


def test_a_limit_within_a_limit_ends_with_the_nearer() -> None:
    with work(), limited(PARSING_SECONDS), pytest.raises(ParsingTooLong), limited(0.0):
        list(in_time(range(1_000)))
    with work(), limited(PARSING_SECONDS), limited(2 * PARSING_SECONDS), pytest.raises(ParsingTooLong):
        list(in_time(range(2 * WITHIN)))


class WatchedLock(list[str]):
    """Lock with a record of its events."""

    def acquire(self) -> None:
        self.append("taken")

    def release(self) -> None:
        self.append("given up")


@pytest.mark.parametrize(("rows", "order"), [(3, ["taken", "read", "given up"]), (60, ["taken", "given up", "read"])])
def test_a_long_reading_gives_its_lock_up_to_other_devices(rows: int, order: list[str]) -> None:
    events = WatchedLock()

    def telling(*arguments: Any, **options: Any) -> Observation:
        seen = interpret(*arguments, **options)
        events.append("read")
        return seen

    platform = load_platform("cisco_xe")
    interpret("r", "ospf_neighbour", platform.facts["ospf_neighbour"], Reply("", neighbours(300)))  # compiles patterns
    with work(), pytest.MonkeyPatch.context() as patched:
        patched.setattr(observing, "_computing", events)
        patched.setattr(observing, "interpret", telling)
        (seen,) = observe("r", platform, ["ospf_neighbour"], lambda commands: [Reply(commands[0], neighbours(rows))])
    assert len(seen.rows) == rows
    assert events == order


def test_a_turn_holds_the_lock_until_it_is_over() -> None:
    lock = threading.Lock()
    with work() as counted:
        with turn(lock):
            assert lock.locked()
            list(in_time(range(100)))
            assert lock.locked()
            counted.lines += int(WITHIN * TURN_SECONDS / PARSING_SECONDS) + 1
            list(in_time(range(100)))
            assert not lock.locked()
        with turn(lock):
            assert lock.locked()
        assert not lock.locked()
