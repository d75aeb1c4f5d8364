"""Balances of the loads of a device: demand by capacity.yaml, supply by facts or by capacity.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from operator import add
from typing import Any

from eventready.facts.ports import port_key
from eventready.facts.records import Fact
from eventready.network.capacity.amount import Amount, given
from eventready.network.capacity.balance import Balance
from eventready.network.capacity.case import CapacityTargets, DemandFigures, LoadCase
from eventready.network.capacity.cells import backhaul_rates, data, site, voice
from eventready.network.capacity.formulas import data_rate, left_after_loss, total
from eventready.network.capacity.links import GroupLink, LinkGroup, LinkGroups
from eventready.network.capacity.services import circuits, radios, service
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.devices.capacity import Load, Supply


class CapacityCalculation:
    """Calculation for many loads: a figure of a demand is the same line in all their balances.

    `devices`: facts by name of the device. `targets`: by name of the device. `groups`: links by the graph; without it
    no links.
    """

    def __init__(
        self, devices: Mapping[str, DeviceFacts], targets: Callable[[str], CapacityTargets],
        groups: LinkGroups | None = None,
    ) -> None:  # fmt: skip
        self._devices, self._targets, self._groups = devices, targets, groups
        self._figures: dict[int, DemandFigures] = {}
        self._index: dict[tuple[int, str], dict[str, list[Fact]]] = {}

    def balances(self, device: str, loads: Iterable[Load]) -> Iterator[Balance]:
        """Balances of each load of a device in each of its windows; those of links at the first of their devices."""
        for load in loads:
            if self._groups and load.kind == "links":
                for group in self._groups.by_owner.get(device, ()):
                    yield from (self._links(case, group) for case in self._cases(device, group.load))
            for case in self._cases(device, load):
                yield from self._of(case)
            if self._groups and load.kind == "backhaul" and load.supply and (own := self._groups.of_device(device)):
                yield from (self._site_links(case, load.supply, own) for case in self._cases(device, load))

    def _cases(self, device: str, load: Load) -> Iterator[LoadCase]:
        for window in load.windows:
            demands = (one for one in load.demands if one.window == window)
            figures = tuple(self._figures.setdefault(id(one), DemandFigures(one)) for one in demands)
            yield LoadCase(load, figures, self._devices[device], self._targets(device), self._index)

    def _of(self, case: LoadCase) -> Iterator[Balance]:
        supply = case.load.supply
        match case.load.kind:
            case "cell" if supply and supply.kind != "gsm":
                yield from data(case, supply)
            case "cell":
                yield from voice(case)
            case "access_point":
                yield from radios(case)
            case "backhaul" if supply:
                yield site(case, supply)
            case "circuits":
                yield circuits(case)
            case "pool" | "nat" | "portal" | "dns" as kind:
                yield service(case, kind)

    def _links(self, case: LoadCase, group: LinkGroup, more: int = 0) -> Balance:
        """Demand against the rate left by the present failure, or else by any single failure."""
        means = [_rate(one) for one in case.demands]
        busy = reduce(add, means).named("rate_busy", "Mbit/s")
        crowd = reduce(add, (mean * one["surge"] for mean, one in zip(means, case.demands, strict=True)))
        return case.balance(
            "links", "Mbit/s", busy, crowd.named("rate_crowd", "Mbit/s"), self._left(case, group, more),
            further=self._further(case, group, more), ways={"links": lambda n: self._links(case, group, n)},
            **self._unknown(group),
        )  # fmt: skip

    def _site_links(self, case: LoadCase, supply: Supply, group: LinkGroup, more: int = 0) -> Balance:
        """Links of a site beside the declared rate of its backhaul."""
        busy, crowd = backhaul_rates(case, supply)
        return case.balance(
            "links", "Mbit/s", busy, crowd, self._left(case, group, more), subject=group.load.name,
            further=self._further(case, group, more),
            ways={"links": lambda n: self._site_links(case, supply, group, n)}, **self._unknown(group),
        )  # fmt: skip

    def _left(self, case: LoadCase, group: LinkGroup, more: int) -> Amount:
        """Rate after a single failure; with a link out of service, the rate now."""
        name = "left" if group.whole else "left_now"
        return self._rate_left(case, group, more, after_loss=group.whole).named(name, "Mbit/s")

    def _further(self, case: LoadCase, group: LinkGroup, more: int) -> Amount | None:
        """Rate after another failure beside a present failure; None without a link out of service."""
        if group.whole:
            return None
        return self._rate_left(case, group, more, after_loss=True).named("further", "Mbit/s")

    def _rate_left(self, case: LoadCase, group: LinkGroup, more: int, *, after_loss: bool) -> Amount:
        members = [self._member(one) or given(0) for one in group.members]
        losses = [total([members[place] for place in sorted(one)]) for one in group.losses]
        largest = max(members, key=lambda one: one.value)
        added = ((largest * more,), (largest,)) if more else ((), ())
        lost = (*losses, *added[1]) if after_loss else ()
        return left_after_loss((total(members), *added[0]), lost, given(case.targets.left, "share"))

    def _unknown(self, group: LinkGroup) -> dict[str, Any]:
        """Members without a rate, and their devices without a reading, as arguments of a balance."""
        unknown = [one for one in group.members if self._member(one) is None]
        unread = {device for one in unknown for device, _port in one.ports if not self._read(device)}
        return {"unknown": bool(unknown), "unread": sorted(unread)}

    def _read(self, device: str) -> bool:
        return device in self._devices and self._devices[device].measured("interface")

    def _member(self, member: GroupLink) -> Amount | None:
        """Mbit/s of a link, 0 without traffic; None where neither an end nor capacity.yaml gives a rate."""
        if member.carries is None:
            return None
        found = next(filter(None, (self._rate(*port) for port in member.ports)), None)
        if found is None:
            return None if member.carries else given(0, member.name, "Mbit/s", member.ports[0][0])
        rate, source = found
        return given(rate if member.carries else 0, member.name, "Mbit/s", source)

    def _rate(self, device: str, port: str) -> tuple[float, str] | None:
        """Mbit/s of a port with the source: capacity.yaml, else its device."""
        reading = self._devices[device]
        for supply in (rate for load in reading.device.loads for rate in load.rates):
            if supply.mbps and (supply.covers(port) or port_key(supply.name) == port_key(port)):
                return supply.mbps, "capacity.yaml"
        row = reading.ports.get(port_key(port))
        return (row.bandwidth_bps / 1_000_000, device) if row and row.bandwidth_bps else None


def _rate(figures: DemandFigures) -> Amount:
    """Mbit/s of a demand in the busier direction."""
    flows = []
    if figures.demand.service == "mobile":
        flows.append(data_rate(figures["data_mb"] * figures.one_way, figures.subscribers))
    if figures.demand.service == "wifi":
        flows.append(figures.clients * figures["client_mbps"])
    if "mbps" in figures:
        flows.append(figures["mbps"] * 1)
    name = f"rate {figures.demand.service} {figures.demand.venue}"
    return (reduce(add, flows) if flows else given(0)).named(name, "Mbit/s")
