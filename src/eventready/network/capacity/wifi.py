"""Balances of access points: clients per radio, and airtime."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.facts.records import Radio
from eventready.network.capacity.amount import given
from eventready.network.capacity.balance import Balance
from eventready.network.capacity.case import LoadCase
from eventready.network.capacity.formulas import radios_by_airtime


def radios(case: LoadCase) -> Iterator[Balance]:
    """Clients per radio in service, and the airtime of the radios of 5 and 6 GHz."""
    there = [row for fact in ("radio", "radio_24") for row in case.rows(fact, Radio) if row.oper == "up"]
    yield _per_radio(case, len(there))
    if case.load.supply:
        yield _airtime(case, sum(row.band != "2.4" for row in there), case.load.supply.mbps or 0)


def _per_radio(case: LoadCase, number: int) -> Balance:
    clients = case.users(case.figures.clients, "clients")
    each = (clients / given(number, "radios", source=case.load.name)).named("clients_radio")
    return case.balance(
        "clients", "", each, each, given(case.targets.fail, "clients_limit"),
        crowd_limit=given(case.targets.warn, "clients_warning"), details={"clients": clients},
        unknown="" if number else "radios", ways={"radios": lambda n: _per_radio(case, number + n)},
    )  # fmt: skip


def _airtime(case: LoadCase, number: int, real_mbps: float) -> Balance:
    clients = case.users(case.figures.clients, "clients")
    source = case.load.supply.source if case.load.supply else ""
    real, most = given(real_mbps, "radio_mbps", "Mbit/s", source), given(case.targets.airtime, "airtime_limit")
    busy = radios_by_airtime(clients, case.figures["client_mbps"], real, most).named("radios_needed")
    return case.balance(
        "airtime", "", busy, (busy * case.figures["surge"]).named("radios_crowd"),
        given(number, "radios", source=case.load.name), subject=f"{case.load.name} airtime",
        unknown="" if number else "radios", ways={"radios": lambda n: _airtime(case, number + n, real_mbps)},
    )  # fmt: skip
