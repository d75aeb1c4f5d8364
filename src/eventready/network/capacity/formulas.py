"""Formulas of capacity. Traffic in erlangs (E), rates in Mbit/s, shares from 0 to 1.

Erlang B assumes arrivals independent of each other. The callers of a crowd are not, so it is a lower bound there; the
surge of the demand stands for the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import add

from eventready.network.capacity.amount import Amount, called, given, most

#: Newton's steps to the traffic with repeated calls, each a row of the spreadsheet (at most ten change the figure), and
#: the least slope in one: without it nothing bounds the traffic where every lost call is made again.
_STEPS, _LEAST_SLOPE = 12, 0.0001
#: Members of a sum in a formula, and losses of which the largest counts (a function of a workbook has 255 arguments).
_PART, _LOSSES = 40, 40
#: Timeslots of a transceiver, and SDCCHs of a timeslot (3GPP TS 45.002).
TIMESLOTS, SDCCH_OF_TIMESLOT = 8, 8
#: Ports of a public address beyond the system ports (RFC 6335), each a session of a port-restricted NAT (RFC 4787).
NAT_PORTS = 64_512


def blocking(channels: int, traffic: float) -> float:
    """Erlang B (ITU-T E.501): share of calls without a free channel. Raises ValueError for negative figures."""
    if channels < 0 or traffic < 0:
        raise ValueError(f"neither {channels} channels nor {traffic} E of traffic may be negative")
    share = 1.0
    for number in range(1, channels + 1):
        share = traffic * share / (number + traffic * share)
    return share


def lost(channels: Amount, traffic: Amount) -> Amount:
    """Share of calls lost."""
    return called("erlang_b", blocking(int(channels.value), traffic.value), channels, traffic)


def repeated(channels: Amount, traffic: Amount, retries: Amount) -> Amount:
    """Traffic with a share of the lost calls made again (extended Erlang B).

    The carried part of it is concave, hence each step comes closer and none goes too far.
    """
    offered = traffic
    for number in range(_STEPS):
        share = replace(lost(channels, offered).named("lost"), hidden=True)
        missing = traffic + retries * offered * share - offered
        slope = given(1) - retries * share * (channels + 1 - offered + offered * share)
        step = missing / most(slope, given(_LEAST_SLOPE))
        offered = replace((offered + step).named("retried", "E"), hidden=number < _STEPS - 1)
    return offered


def offered(users: Amount, attempts: Amount, holding_s: Amount) -> Amount:
    """Traffic of users with calls in the busy hour and seconds of a call."""
    return users * attempts * holding_s / 3600


def traffic_channels(trx: Amount, signalling: Amount, data: Amount, half_rate: Amount) -> Amount:
    """TCH of a cell: timeslots without BCCH, SDCCH and PDCH; a half-rate timeslot carries two calls (TS 45.002)."""
    return (trx * TIMESLOTS - 1 - signalling - data) * (half_rate + 1)


def data_rate(megabytes: Amount, users: Amount, peak: Amount | None = None) -> Amount:
    """Mbit/s of users with megabytes in an hour; `peak`: against the mean."""
    mean = megabytes * users * 8 / 3600
    return mean * peak if peak else mean


def usable_rate(mhz: Amount, efficiency: Amount, load: Amount, share: Amount | float = 1.0) -> Amount:
    """Mbit/s of an LTE or NR cell: width, bit/s/Hz, load; `share` of the slots of a direction (TDD, TS 38.213)."""
    return mhz * efficiency * load * share


def radios_by_airtime(devices: Amount, wanted: Amount, real: Amount, most_airtime: Amount) -> Amount:
    """Radios for devices with a rate each, by the real rate of a radio and the most of its airtime."""
    return wanted / real * devices / most_airtime


def requests(clients: Amount, each: Amount, seconds: Amount | float = 1.0) -> Amount:
    """Requests per second: `each` of the clients in a span (the mean rate of arrivals, ITU-T E.600)."""
    return clients * each / seconds


def left_after_loss(members: Sequence[Amount], losses: Sequence[Amount], share: Amount | float = 1) -> Amount:
    """Mbit/s or channels of which use may be made: a share of their sum without the largest loss."""
    there, largest = total(members), sorted(losses, key=lambda one: -one.value)[:_LOSSES]
    return (there - most(*largest) if largest else there) * share


def total(members: Sequence[Amount]) -> Amount:
    """Sum, in parts where a formula of all would be longer than a cell of a workbook."""
    if len(members) <= _PART:
        return reduce(add, members)
    parts = [total(members[at : at + _PART]) for at in range(0, len(members), _PART)]
    return total([replace(part.named("part"), hidden=True) for part in parts])


def backhaul(peak: Amount, cells: Amount, mean: Amount, overhead: Amount) -> Amount:
    """Mbit/s of a site: the peak of a cell or the busy hour of all cells, with tunnels (NGMN, 2011)."""
    return most(peak, cells * mean) * (overhead + 1)
