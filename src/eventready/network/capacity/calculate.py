"""Balances of the loads of a device: demand by capacity.yaml, supply by facts or by capacity.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from operator import add

from eventready.facts.ports import port_key
from eventready.facts.records import Fact
from eventready.network.capacity.amount import Amount, given
from eventready.network.capacity.balance import Balance
from eventready.network.capacity.case import CapacityTargets, DemandFigures, LoadCase
from eventready.network.capacity.cells import data, site, voice
from eventready.network.capacity.formulas import data_rate, left_after_loss
from eventready.network.capacity.services import circuits, service
from eventready.network.capacity.wifi import radios
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.devices.capacity import Load


class CapacityCalculation:
    """Calculation for many loads: a figure of a demand is the same line in all their balances.

    `devices`: facts by name of the device. `targets`: by name of the device.
    """

    def __init__(self, devices: Mapping[str, DeviceFacts], targets: Callable[[str], CapacityTargets]) -> None:
        self._devices, self._targets = devices, targets
        self._figures: dict[int, DemandFigures] = {}
        self._index: dict[tuple[int, str], dict[str, list[Fact]]] = {}

    def balances(self, device: str, loads: Iterable[Load]) -> Iterator[Balance]:
        """Balances of each load of a device in each of its windows."""
        for load in loads:
            for window in load.windows:
                demands = (one for one in load.demands if one.window == window)
                figures = tuple(self._figures.setdefault(id(one), DemandFigures(one)) for one in demands)
                case = LoadCase(load, figures, self._devices[device], self._targets(device), self._index)
                yield from self._of(case)

    def _of(self, case: LoadCase) -> Iterator[Balance]:
        supply = case.load.supply
        match case.load.kind:
            case "cell" if supply and supply.kind != "gsm":
                yield from data(case, supply)
            case "cell":
                yield from voice(case)
            case "access_point":
                yield from radios(case)
            case "links":
                yield self._links(case)
            case "backhaul" if supply:
                yield site(case, supply)
            case "circuits":
                yield circuits(case)
            case "pool" | "nat" | "portal" | "dns" as kind:
                yield service(case, kind)

    def _links(self, case: LoadCase, more: int = 0) -> Balance:
        """Links at the same distance from the outside: the sum without the largest carries the demand."""
        rates = [(port, self._rate(*port)) for port in case.load.members]
        unread = [name for (name, *_), rate in rates if rate is None and not self._read(name)]
        members = [rate or given(0) for _, rate in rates]
        members += [max(members, key=lambda one: one.value)] * more
        left = left_after_loss(tuple(members), given(case.targets.left, "share")).named("left", "Mbit/s")
        means = [_rate(one) for one in case.demands]
        busy = reduce(add, means).named("rate_busy", "Mbit/s")
        crowd = reduce(add, (mean * one["surge"] for mean, one in zip(means, case.demands, strict=True)))
        return case.balance(
            "links", "Mbit/s", busy, crowd.named("rate_crowd", "Mbit/s"), left,
            unknown=any(rate is None for _, rate in rates), unread=tuple(dict.fromkeys(unread)),
            ways={"links": lambda n: self._links(case, n)},
        )  # fmt: skip

    def _read(self, device: str) -> bool:
        return device in self._devices and self._devices[device].measured("interface")

    def _rate(self, device: str, port: str, declared: float | None) -> Amount | None:
        """Mbit/s of a port, 0 out of service; None where neither the device nor capacity.yaml gives a rate."""
        row = self._devices[device].ports.get(port_key(port)) if self._read(device) else None
        if row is None:
            return None
        rate = declared or (row.bandwidth_bps / 1_000_000 if row.bandwidth_bps else None)
        source = "capacity.yaml" if declared else device
        shown = 0 if row.oper != "up" else rate
        return None if shown is None else given(shown, f"{device} {port}", "Mbit/s", source)


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
