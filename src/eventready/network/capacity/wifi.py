"""Balances of access points: clients per radio, and airtime."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.facts.records import Radio
from eventready.network.capacity.amount import Amount, given
from eventready.network.capacity.balance import Balance
from eventready.network.capacity.case import LoadCase
from eventready.network.capacity.formulas import radios_by_airtime

#: Mbit/s by the width in MHz: 2 streams, 256-QAM 3/4, short guard interval (IEEE 802.11ac). Half of it is real [S31].
_PHY_MBPS = {20: 173.3, 40: 360.0, 80: 780.0, 160: 1560.0}


def radios(case: LoadCase) -> Iterator[Balance]:
    """Clients per radio in service, and the airtime of the radios of 5 and 6 GHz."""
    facts = [case.facts.fact(fact, Radio) for fact in ("radio", "radio_24")]
    partial = any(map(case.lacks_records, facts))
    known = not partial and all(one.measured for one in facts)
    shown = [] if partial else [row for fact in ("radio", "radio_24") for row in case.own_rows(fact, Radio)]
    there = [row for row in shown if row.oper == "up"]
    yield _per_radio(case, len(there), known=known)
    fast = [row for row in there if row.band != "2.4"]
    if case.load.supply:
        real = given(case.load.supply.mbps or 0, "radio_mbps", "Mbit/s", case.load.supply.source)
        yield _airtime(case, len(fast), real, known=known)
    elif fast and all(row.width_mhz in _PHY_MBPS for row in fast):
        slowest = min(_PHY_MBPS[row.width_mhz or 0] for row in fast)
        yield _airtime(case, len(fast), given(slowest / 2, "radio_mbps", "Mbit/s", default=True))


def _per_radio(case: LoadCase, number: int, *, known: bool = True) -> Balance:
    clients, there = case.users(case.figures.clients, "clients"), given(number, "radios", source=case.load.name)
    each = (clients / there).named("clients_radio") if number else clients
    limit, warning = given(case.targets.fail, "clients_limit"), given(case.targets.warn, "clients_warning")
    return case.balance(
        "clients", "", each, each, limit if number else there, crowd_limit=warning if number else there,
        details={"clients": clients}, unknown=not (number or known),
        ways={"radios": lambda n: _per_radio(case, number + n)},
    )  # fmt: skip


def _airtime(case: LoadCase, number: int, real: Amount, *, known: bool = True) -> Balance:
    clients = case.users(case.figures.clients, "clients")
    most = given(case.targets.airtime, "airtime_limit")
    busy = radios_by_airtime(clients, case.figures["client_mbps"], real, most).named("radios_needed")
    return case.balance(
        "airtime", "", busy, (busy * case.figures["surge"]).named("radios_crowd"),
        given(number, "radios", source=case.load.name), subject=f"{case.load.name} airtime",
        unknown=not (number or known), ways={"radios": lambda n: _airtime(case, number + n, real)},
    )  # fmt: skip
