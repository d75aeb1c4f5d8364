"""Devices that change alike, put together for whoever reads a plan: shorter, and with nothing left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.document import PlannedDevice
from eventready.cli.change.plan_text import DeviceGroup, group_devices, plan_lines
from tests.change.plans import plan, planned

pytestmark = pytest.mark.slow


def device(number: int, **values: Any) -> PlannedDevice:
    """One of many that change alike."""
    lines = {
        "diff": ["  ip sla 10", f"-  icmp-echo 10.0.{number}.1", f"+  icmp-echo 10.1.{number}.1", "+  timeout 1000"],
        "forward": ["ip sla 10", f"icmp-echo 10.1.{number}.1", "timeout 1000", "exit"],
    }
    return PlannedDevice.model_validate(planned(f"edge-{number}", **{**lines, **values}))


def own_lines(shape: DeviceGroup) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """What a reader of the shape takes each device's lines to be."""

    def filled(lines: tuple[str, ...], values: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(re.sub(r"<([A-Z])>", lambda mark: values[mark[1]], line) for line in lines)

    rows = shape.rows or ((tuple(one.name for one in shape.devices), {}),)
    return {
        name: (
            filled(shape.diff, values) if values else shape.diff,
            filled(shape.forward, values) if values else shape.forward,
        )
        for names, values in rows
        for name in names
    }


def test_devices_that_differ_in_addresses_are_read_once() -> None:
    devices = [device(1), device(2), device(3), device(4, diff=device(3).diff, forward=device(3).forward)]
    (shape,) = group_devices(devices, sent=True)
    assert shape.diff == ("  ip sla 10", "-  icmp-echo <A>", "+  icmp-echo <B>", "+  timeout 1000")
    assert shape.forward == ("ip sla 10", "icmp-echo <B>", "timeout 1000", "exit")
    assert shape.rows[0] == (("edge-1",), {"A": "10.0.1.1", "B": "10.1.1.1"})
    assert shape.rows[2] == (("edge-3", "edge-4"), {"A": "10.0.3.1", "B": "10.1.3.1"})
    assert group_devices(devices, sent=False)[0].forward == ()


@pytest.mark.parametrize(
    "other",
    [
        {"venues": ["square"]},
        {"platform": "cisco_xe"},
        {"intents": ["priority"]},
        {"diff": ["  ip sla 10", "+  frequency 5"]},
        {"forward": ["ip sla 10", "exit"]},
    ],
)
def test_what_is_not_alike_is_read_by_itself(other: dict[str, Any]) -> None:
    found = group_devices([device(1), device(2), device(3), device(4, **other)], sent=True)
    assert [[one.name for one in shape.devices] for shape in found] == [["edge-1", "edge-2", "edge-3"], ["edge-4"]]


def test_two_that_are_alike_are_read_once_and_those_with_too_many_values_one_by_one() -> None:
    assert len(group_devices([device(1), device(2)], sent=True)) == 1
    wild = [device(n, diff=[f"+ a{n + place} b" for place in range(0, 70, 10)]) for n in range(1, 4)]
    assert len(group_devices(wild, sent=False)) == 3
    marked = [device(n, diff=[f"+ name <A> {n}"]) for n in range(1, 4)]
    assert len(group_devices(marked, sent=False)) == 3, "nobody can tell such a line from one of ours"


WORDS = st.lists(
    st.sampled_from(["ip", "10.0.0.1", "10.0.0.2", "A=1,B=2;", "A=3,B=2;", "7", " ", "  ", "<A>", "<B>", "x"]),
    max_size=5,
)
LINES = st.lists(WORDS.map(" ".join), max_size=3)


@given(changes=st.lists(st.tuples(LINES, LINES), min_size=1, max_size=8))
def test_every_devices_own_lines_can_be_reported_from_what_is_shown(changes: list[tuple[list[str], list[str]]]) -> None:
    devices = [device(n, diff=diff, forward=forward or ["x"]) for n, (diff, forward) in enumerate(changes)]
    result: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for shape in group_devices(devices, sent=True):
        result |= own_lines(shape)
    assert result == {one.name: (one.diff, one.forward) for one in devices}


@pytest.mark.parametrize("width", [40, 80])
def test_names_and_sentences_break_between_words_and_lines_of_devices_never(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    long = "+ ip route 0.0.0.0 0.0.0.0 10.200.28.1 track 10 name the-way-out-that-is-watched-all-the-time " + "x" * 30
    names = [f"edge-{number}" for number in range(30)]
    devices = [
        planned(name, diff=[long], guard={"kind": "inverse", "protects": "We do. " * 20, "gap": "None."})
        for name in names
    ]
    left = [{"name": f"core-{number}", "reason": "nothing is wanted of it"} for number in (1, 2)]
    made = plan(devices=devices, waves=[names[:1], names[1:]], unchanged=[], left_out=left)
    monkeypatch.setenv("COLUMNS", str(width))
    shown = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(plan_lines(made, "en"))).splitlines()
    assert long in shown
    order = shown[shown.index("Order") + 1 : shown.index("Guards")]
    assert all(len(line.rstrip()) <= width for line in order)
    assert set(names) <= set(re.findall(r"edge-\d+", " ".join(order)))
    assert all(re.fullmatch(r" +\S.*", line) for line in order if line)
    assert "  all 30 devices: NONE on the device" in shown
    assert "core-1, core-2: nothing is wanted of it" in " ".join(map(str.strip, shown))
