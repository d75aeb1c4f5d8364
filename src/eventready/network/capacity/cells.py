"""Balances of cells and their sites: calls and signalling of GSM, users and rates of LTE and NR, backhaul."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from eventready.facts.records import Cell, ChannelLoad
from eventready.network.capacity.amount import Amount, called, given
from eventready.network.capacity.balance import Balance, Kind
from eventready.network.capacity.case import LoadCase
from eventready.network.capacity.formulas import (
    SDCCH_OF_TIMESLOT,
    TIMESLOTS,
    backhaul,
    data_rate,
    lost,
    offered,
    repeated,
    traffic_channels,
    usable_rate,
)
from eventready.workspace.devices.capacity import Supply

#: Channels for calls by the kind of the channel.
_TCH = frozenset({"tch_f", "tch_h"})
#: Bit/s/Hz of an LTE cell (planning figures [K]), connected users of a MHz: 185 in 20 MHz [S10].
_LTE_DOWN, _LTE_UP, _USERS_PER_MHZ = 1.75, 0.8, 185 / 20
#: Tunnels on a backhaul: IPsec and GTP, 10 to 15% [K].
_OVERHEAD = 0.15


def voice(case: LoadCase) -> Iterator[Balance]:
    """Calls and signalling of a GSM cell."""
    calls, signals = _channels(case)
    yield _tch(case, calls)
    yield _sdcch(case, signals)


def _channels(case: LoadCase) -> tuple[Amount | None, Amount | None]:
    """Channels of a cell for calls and for signalling, as the device counts them, or by capacity.yaml.

    Transceivers in service by the device count before those of capacity.yaml, which says what their timeslots carry.
    """
    name, supply = case.load.name, case.load.supply
    loads = case.facts.fact("channel_load", ChannelLoad)
    if loads.measured and not case.lacks_records(
        loads
    ):  # a part of the channels is no capacity; a cell without any has none
        rows = case.own_rows("channel_load", ChannelLoad)
        calls, signals = (sum(row.total for row in rows if row.kind in kinds) for kinds in (_TCH, {"sdcch"}))
        return given(calls, "channels", source=name), given(signals, "channels", source=name)
    serving = [one.transceivers for one in case.own_rows("cell", Cell) if one.transceivers is not None]
    if supply is None or (supply.trx is None and not serving):
        return None, None
    trx = given(len(serving[0]), "trx", source=name) if serving else given(supply.trx or 0, "trx", source=supply.source)
    data, half = (
        given(value, field, source=supply.source)
        for field, value in (("data", supply.data), ("half_rate", supply.half_rate))
    )
    signalling = given(supply.signalling if trx.value else 0, "signalling", source=supply.source)
    there = traffic_channels(trx, signalling, data, half)
    whole = called("down", max(0.0, there.value // 1), there)
    return whole.named("channels"), (signalling * SDCCH_OF_TIMESLOT).named("channels")


def _tch(case: LoadCase, channels: Amount | None, more: int = 0) -> Balance:
    figures, there = case.figures, channels or given(0, "channels")
    users = case.users(figures.subscribers, "users", more)
    traffic = offered(users, figures["bhca"], figures["holding_s"]).named("traffic", "E")
    ways: dict[str, Callable[[int], Balance]] = {
        "trx": lambda n: _tch(case, _raised(there, n * TIMESLOTS)),
        "half_rate": lambda n: _tch(case, _raised(there, min(n, int(there.value)))),
        "mobile_bts": lambda n: _tch(case, there, n),
    }
    limit = given(case.targets.call_loss, "loss_limit", "%")
    return grade_of_service(case, "tch", (users, traffic, there), limit, ways, known=channels is not None)


def _sdcch(case: LoadCase, channels: Amount | None, more: int = 0) -> Balance:
    figures, there = case.figures, channels or given(0, "channels")
    users = case.users(figures.subscribers, "users", more)
    traffic = (users * figures["signalling_me"] / 1000).named("traffic", "E")
    ways: dict[str, Callable[[int], Balance]] = {
        "sdcch": lambda n: _sdcch(case, _raised(there, n * SDCCH_OF_TIMESLOT)),
        "mobile_bts": lambda n: _sdcch(case, there, n),
    }
    limit = given(case.targets.signalling_loss, "loss_limit", "%")
    return grade_of_service(case, "sdcch", (users, traffic, there), limit, ways, known=channels is not None)


def _raised(channels: Amount, number: int) -> Amount:
    return (channels + number).named("channels")


def grade_of_service(
    case: LoadCase, kind: Literal["tch", "sdcch", "circuits"], served: tuple[Amount, Amount, Amount], limit: Amount,
    ways: Mapping[str, Callable[[int], Balance]], *, known: bool,
) -> Balance:  # fmt: skip
    """Percent of requests lost. `served`: users, traffic, channels; lost calls of a crowd are made again."""
    users, traffic, channels = served
    crowd = (traffic * case.figures["surge"]).named("traffic_crowd", "E")
    if kind != "sdcch":
        crowd = repeated(channels, crowd, case.figures["retries"])
    busy, most_lost = lost(channels, traffic) * 100, lost(channels, crowd) * 100
    return case.balance(
        kind, "%", busy.named("lost", "%"), most_lost.named("lost_crowd", "%"), limit,
        subject=f"{case.load.name} {kind.upper()}" if kind != "circuits" else "",
        details={"users": users, "traffic": traffic, "crowd": crowd, "channels": channels},
        unknown=not known, ways=ways,
    )  # fmt: skip


def data(case: LoadCase, supply: Supply) -> Iterator[Balance]:
    """Connected users and rates of an LTE or NR cell."""
    yield _connected(case, supply)
    yield _direction(case, supply, "downward")
    yield _direction(case, supply, "upward")


def _connected(case: LoadCase, supply: Supply, more: int = 0) -> Balance:
    users = case.users(case.figures.subscribers, "users", more)
    connected = (users * case.figures["active"]).named("connected")
    if supply.users:
        limit = given(supply.users, "connected_limit", source=supply.source)
    else:
        limit = (given(supply.mhz or 0, "mhz", "MHz", supply.source) * _USERS_PER_MHZ).named("connected_limit")
    return case.balance(
        "connected", "", connected, connected, limit, subject=f"{case.load.name} connected",
        unknown=not limit.value, ways={"cells": lambda n: _connected(case, supply, n)},
    )  # fmt: skip


def _direction(case: LoadCase, supply: Supply, kind: Kind, more: int = 0) -> Balance:
    figures, down = case.figures, kind == "downward"
    share = given(1) - figures["upward"] if down else figures["upward"]
    users = case.users(figures.subscribers, "users", more)
    rate = data_rate(figures["data_mb"] * share, users).named("rate", "Mbit/s")
    own, planned = (supply.efficiency_down, _LTE_DOWN) if down else (supply.efficiency_up, _LTE_UP)
    efficiency = given(own or planned, "efficiency", "bit/s/Hz", supply.source if own else "", default=own is None)
    slots = supply.slots_down if down or supply.slots_down is None else 1 - supply.slots_down
    mhz, load = given(supply.mhz or 0, "mhz", "MHz", supply.source), given(case.targets.load, "load_limit")
    usable = usable_rate(mhz, efficiency, load, 1.0 if slots is None else slots)
    return case.balance(
        kind, "Mbit/s", rate, (rate * figures["surge"]).named("rate_crowd", "Mbit/s"),
        usable.named("usable", "Mbit/s"), subject=f"{case.load.name} {kind}", unknown=not supply.mhz,
        ways={"cells": lambda n: _direction(case, supply, kind, n)},
    )  # fmt: skip


def backhaul_rates(case: LoadCase, supply: Supply) -> tuple[Amount, Amount]:
    """Mbit/s of a site in the busy hour and in a crowd: the peak of a cell, or all cells."""
    figures = case.figures
    cells = given(supply.cells or 0, "cells", source=supply.source)
    users = (figures.subscribers / given(len(case.load.peers) or 1, "places") * cells).named("users")
    mean = data_rate(figures["data_mb"] * figures.one_way, users).named("rate", "Mbit/s")
    peak = given(supply.peak_mbps or 0, "peak_mbps", "Mbit/s", supply.source)
    one, overhead = given(1), given(_OVERHEAD, "overhead", default=True)
    busy, crowd = (backhaul(peak, one, rate, overhead) for rate in (mean, mean * figures["surge"]))
    return busy.named("backhaul", "Mbit/s"), crowd.named("backhaul_crowd", "Mbit/s")


def site(case: LoadCase, supply: Supply, more: int = 0) -> Balance:
    """Declared backhaul of a site."""
    busy, crowd = backhaul_rates(case, supply)
    there = given((supply.mbps or 0) + more, "mbps_there", "Mbit/s", supply.source)
    return case.balance(
        "backhaul", "Mbit/s", busy, crowd, there, ways={"mbps": lambda n: site(case, supply, n)},
    )  # fmt: skip
