"""Key figures: rates from counters with resets and wraps, shares and sums of the expected subjects alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts.observation import Observation, Status
from eventready.facts.records import (
    AccessPoint,
    ChannelLoad,
    ChannelRequests,
    Cpu,
    EchoAnswer,
    Fact,
    Interface,
    RadioLoad,
)
from eventready.store.streams.series import SeriesKey, Value
from eventready.watch.kpi import ANSWER, CHANNELS, CLIENTS, CPU, IN, OUT, REFUSED, UPLINK, KpiRecord, rates
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect

REAL = datetime(2026, 11, 25, 1, tzinfo=UTC)
PORT = Interface(name="Te0/1", admin="up", oper="up", bandwidth_bps=10**10)


class Stored:
    def __init__(self) -> None:
        self.values = list[Value]()

    def add(self, values: Iterable[Value]) -> None:
        self.values += values

    def condense(self, now: datetime) -> None:
        """Nothing old."""


def figures(*readings: tuple[str, Sequence[Fact]], every_s: float = 15) -> list[tuple[str, str, float]]:
    expect = Expect.model_validate(
        {
            "uplinks": ["TenGigabitEthernet0/1"],
            "cells": [{"name": "BTS-1"}],
            "access_points": [{"name": "AP-1"}],
        }
    )
    stored = Stored()
    record = KpiRecord({"d": Device("d", "router", "huawei_vrp", "192.0.2.1", expect=expect)}, stored)
    for number, (fact, rows) in enumerate(readings):
        record.take("d", [Observation("d", fact, Status.PARSED, rows=tuple(rows))], number * every_s, REAL)
    record.flush(0, REAL)
    return [(value.key.name, value.key.subject, value.value) for value in stored.values]


def port(in_bytes: int | None, out_bytes: int | None, name: str = "Te0/1", **known: int) -> Interface:
    return PORT.model_copy(update={"name": name, "in_bytes": in_bytes, "out_bytes": out_bytes, **known})


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ((1000, 2000), (4000, 2000), (1600, 0)),
        ((2**32 - 500, 0), (1000, 1500), (800, 800)),
        ((2**64 - 500, 0), (1000, 1500), (800, 800)),
        ((2**40, 0), (1000, 1500), (None, 800)),
        ((2**40, 2**40), (0, 0), (None, None)),
        ((None, None), (None, None), (77, 88)),
    ],
)
def test_rates_of_counters(
    before: tuple[int, int], now: tuple[int, int], expected: tuple[float | None, float | None]
) -> None:
    assert rates(port(*before), port(*now, in_bps=77, out_bps=88), 15) == expected


@given(st.integers(0, 2**64 - 1), st.integers(0, 10**10), st.sampled_from((2**32, 2**64)), st.integers(1, 3))
def test_a_counter_that_wraps_has_the_rate_of_a_wide_one(start: int, bits: int, size: int, seconds: int) -> None:
    end = start % size + bits * seconds // 8
    found, _ = rates(port(start % size, 0), port(end % size, 0), seconds)
    assert found == 8 * (bits * seconds // 8) / seconds


def test_uplinks_without_an_earlier_reading_have_the_printed_rates() -> None:
    found = figures(("interface", [port(5, 5, in_bps=10**9, out_bps=5 * 10**9), port(1, 1, "Te0/2", in_bps=1)]))
    assert found == [(IN, "Te0/1", 10**9), (OUT, "Te0/1", 5 * 10**9), (UPLINK, "Te0/1", 50)]


def test_shares_and_sums_of_expected_subjects() -> None:
    def load(kind: str, slot: str, used: int, cell: str = "BTS-1") -> ChannelLoad:
        return ChannelLoad.model_validate({"cell": cell, "kind": kind, "timeslot": slot, "used": used, "total": 8})

    def radio(slot: str, clients: int, ap: str = "AP-1") -> RadioLoad:
        return RadioLoad(ap=ap, slot=slot, band="5", clients=clients)

    requests = [ChannelRequests(cell="BTS-1", total=total, refused=refused) for total, refused in ((100, 1), (140, 5))]
    found = figures(
        (
            "channel_load",
            [load("tch_f", "1", 4), load("tch_f", "2", 8), load("sdcch", "", 0), load("tch_f", "", 1, "X")],
        ),
        ("channel_requests", requests[:1]),
        ("channel_requests", requests[1:]),
        ("channel_requests", [ChannelRequests(cell="BTS-1", total=3, refused=0)]),
        ("radio_load", [radio("0", 7), radio("1", 2), radio("0", 9, "AP-9")]),
        ("radio_load_24", [radio("2", 3)]),
        ("radio_load", [radio("0", 1)]),
        (
            "access_point",
            [AccessPoint(name="AP-1", state="up", clients=5), AccessPoint(name="X", state="up", clients=5)],
        ),
        ("cpu", [Cpu(slot="0", five_minutes=20), Cpu(slot="1", five_minutes=60)]),
        ("answer_ping", [EchoAnswer(question="ping x", time_ms=4, sent=5, received=5)]),
    )
    assert found == [
        (CHANNELS, "BTS-1 tch_f", 75),
        (CHANNELS, "BTS-1 sdcch", 0),
        (REFUSED, "BTS-1", 10),
        *((CLIENTS, "AP-1", clients) for clients in (9, 12, 4, 5)),
        (CPU, "", 60),
        (ANSWER, "ping x", 4),
    ]


def test_an_unchanged_value_is_stored_once_a_minute() -> None:
    cpu = ("cpu", [Cpu(five_minutes=20)])
    assert len(figures(*[cpu] * 21)) == 6
    other = ("cpu", [Cpu(five_minutes=21)])
    assert len(figures(cpu, other, cpu)) == 3


def test_a_lost_answer_has_no_value() -> None:
    stored = Stored()
    record = KpiRecord({"d": Device("d", "router", "huawei_vrp", "192.0.2.1", expect=Expect())}, stored)
    record.take("d", [Observation("d", "cpu", Status.TIMEOUT, rows=(Cpu(five_minutes=1),))], 0, REAL)
    record.take("d", [Observation("d", "cpu", Status.PARSED, rows=(Cpu(five_minutes=2),))], 20, REAL)
    assert [(value.key, value.value) for value in stored.values] == [(SeriesKey(CPU, "d", ""), 2)]
