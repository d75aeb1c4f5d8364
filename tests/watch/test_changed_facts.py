"""Only checks on changed facts are run: findings and changes of state are those of running all of them."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.core.clock import TZ
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.verdicts import verdicts
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.records import Cpu, Interface, Memory
from eventready.watch import watcher as watcher_module
from eventready.watch.states import States
from eventready.watch.watcher import Watcher, WatchJob
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from tests.watch.test_night import EVENT

MOMENT = datetime(2031, 4, 29, 19, tzinfo=TZ)
DEVICE = Device(
    "r1", "router", "huawei_vrp", "192.0.2.1", venues=("hall",), expect=Expect.model_validate({"uplinks": ["GE0/0/1"]})
)  # fmt: skip
PORT = Interface(name="GE0/0/1", admin="up", oper="up", bandwidth_bps=10**9, in_bps=1, out_bps=1)
#: Answers of a fact; the same object is an unchanged answer.
ANSWERS = {
    "cpu": [Observation("r1", "cpu", Status.PARSED, rows=(Cpu(five_minutes=load),)) for load in (10, 75, 99)],
    "memory": [Observation("r1", "memory", Status.PARSED, rows=(Memory(used_percent=load),)) for load in (10, 85)],
    "interface": [
        Observation("r1", "interface", Status.PARSED, rows=(PORT.model_copy(update=state),))
        for state in ({"oper": "up", "in_errors": 0}, {"oper": "down", "in_errors": 0}, {"oper": "up", "in_errors": 9})
    ],
}  # fmt: skip
LOST = {fact: Observation("r1", fact, Status.TIMEOUT, reason="no answer") for fact in ANSWERS}
STEPS = st.lists(
    st.tuples(st.sampled_from([*ANSWERS]), st.integers(-1, 2), st.sampled_from([1, 10, 25, 100, 400])), max_size=30
)


def _watcher() -> Watcher:
    matrix = build_matrix((DEVICE,), {"huawei_vrp": load_platform("huawei_vrp")}, fleet=False)
    return Watcher(WatchJob(EVENT, {"r1": DEVICE}, matrix), States(), lambda _fact: 15.0)


@settings(max_examples=60)
@given(STEPS)
def test_findings_and_changes_are_those_of_all_checks(steps: list[tuple[str, int, int]]) -> None:
    partial, whole, now = _watcher(), _watcher(), 0.0
    for fact, number, seconds in steps:
        now += seconds
        answer = LOST[fact] if number < 0 else ANSWERS[fact][number % len(ANSWERS[fact])]
        found = [*partial.tick(now, MOMENT), *partial.read("r1", [answer], now, MOMENT)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(watcher_module, "_ANEW_S", 0.0)
            expected = [*whole.tick(now, MOMENT), *whole.read("r1", [answer], now, MOMENT)]
        assert found == expected
        assert partial.verdicts() == verdicts(EVENT.venues, (DEVICE,), whole.findings())
        assert sorted(partial.findings(), key=str) == sorted(whole.findings(), key=str)
