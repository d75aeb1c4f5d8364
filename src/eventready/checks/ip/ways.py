"""Services by the ways of their users: lost, not proven, with a single way left, or as promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from pydantic import Field

from eventready.checks.answer import answered, blind, failed, passed, unknown, warned
from eventready.checks.check import Limits
from eventready.checks.finding import Finding, Outcome
from eventready.checks.ip.redundancy import network_check
from eventready.core.messages import Bilingual, Message, Text, message
from eventready.network.graph.outcome import WhatIf
from eventready.network.graph.walk import ServiceWay
from eventready.workspace.devices.device import Device, Service

#: Name of the check.
SERVICE_WAY = "service_way"
#: Reasons by the state of a router without a proven route.
_ROUTE = {"none": "checks:service_way.route_none", "unread": "checks:service_way.route_unread"}
#: Reasons by whether all of the origins are silent.
_ORIGIN = {True: "checks:service_way.origin_unread", False: "checks:service_way.origin_unproven"}
#: Names shown of many.
_SHOWN = 5


class ServiceWayLimits(Limits):
    """Users without a way, and hours before a window of the event in which a lost second way fails."""

    users_lost: int = Field(default=1, ge=1, description="Failure from so many networks, cells or access points [K]")
    second_way_h: float = Field(default=48, ge=0, description="Failure of a lost second way, hours before a window [K]")


LimitsOf = Callable[[Device], ServiceWayLimits]


@network_check(SERVICE_WAY, kind="quality", limits=ServiceWayLimits(), by_device=True)
def service_way(network: WhatIf, limits_of: LimitsOf) -> Iterator[Finding]:
    """Users of each service reach its origins on the ways promised, with a witness of each hop."""
    left_out = [one.device for one in network.topology.readings.all if one.left_out]
    for (venue, service), numbers in network.services.items():
        if any(venue in one.venues and service in one.concerned for one in left_out):
            continue  # no part of this audit
        device = device_of(network, venue, service)
        finding = _Service(network, venue, service, numbers, limits_of(device)).finding()
        yield finding.replace(device=device.name, venues=(venue,), services=(service,))


def place_of(venue: Text | str, service: str) -> Message:
    """Name of a service at a venue with this title."""
    return message("checks:service_way.place", venue=venue, service=service)


def device_of(network: WhatIf, venue: str, service: Service) -> Device:
    """Device of a finding: of the service's access at the venue, else another device of the venue."""
    devices = [one.device for one in network.topology.readings.all]
    serving = [one for one in devices if one.serves(venue, service)]
    access = sorted((one for one in serving if one.gives_access(service)), key=lambda one: len(one.venues))
    return (*access, *serving, *(one for one in devices if venue in one.venues), *devices)[0]


class _Service:
    """Users of a service at a venue by their states."""

    def __init__(
        self, network: WhatIf, venue: str, service: Service, numbers: Sequence[int], limits: ServiceWayLimits
    ) -> None:
        self._network, self._service = network, service
        self._numbers, self._limits = numbers, limits
        self._subject = f"{venue} {service}"
        titles = {one.id: Bilingual(one.name_vi, one.name) for one in network.topology.setting.venues}
        self._place = place_of(titles.get(venue, venue), service)
        self._states = {number: network.state(number) for number in numbers}
        self._counts = Counter(self._states.values())

    def finding(self) -> Finding:
        """Finding about the worst state of the users."""
        if not self._numbers:
            return unknown(self._subject, f"checks:service_way.nobody.{self._service}", place=self._place)
        lost = self._of("lost")
        if len(lost) >= self._limits.users_lost:
            return self._lost(lost, failed)
        if self._counts["unmeasured"]:
            return self._unmeasured(self._of("unmeasured"))
        if lost:
            return self._lost(lost, warned)
        return self._one_way() if self._counts["one_way_left"] else self._served()

    def _one_way(self) -> Finding:
        """Finding about users with a single way left, or a single way proven."""
        left = self._of("one_way_left")
        sure = [number for number in left if number in self._network.surely_taken]
        return self._one_left(sure) if sure else self._one_proven(left)

    def _of(self, state: str) -> list[int]:
        return [number for number, each in self._states.items() if each == state]

    def _users(self, numbers: Sequence[int]) -> Text:
        count, total = len(numbers), len(self._numbers)
        if count == total:
            return message(f"checks:service_way.all.{self._service}", n=count)
        return message(f"checks:service_way.users.{self._service}", count=count, total=total)

    def _names(self, numbers: Sequence[int]) -> Text:
        names = [self._network.users[number].name for number in numbers]
        return _several(names)

    def _lost(self, lost: Sequence[int], status: Callable[..., Finding]) -> Finding:
        gone = list(dict.fromkeys(name for number in lost for name in self._network.walks.missing(number)))
        cause = message("checks:service_way.down", names=_several(gone)) if gone else ""
        return status(
            self._subject, "checks:service_way.lost", n=len(lost), place=self._place, users=self._users(lost),
            names=self._names(lost), cause=cause, value=len(lost), limit=self._limits.users_lost,
        )  # fmt: skip

    def _unmeasured(self, numbers: Sequence[int]) -> Finding:
        return unknown(
            self._subject, "checks:service_way.unmeasured", n=len(numbers), place=self._place,
            users=self._users(numbers), names=self._names(numbers), reason=self._reason(numbers[0]),
        )  # fmt: skip

    def _reason(self, number: int) -> Text:
        network, name = self._network, self._network.users[number].name
        if not network.topology.outward:
            return message("checks:service_way.no_origin")
        if network.users[number].up is None:
            return message("checks:service_way.state_unread", name=name)
        for router, state in network.walks.routers_of(number):
            if state in {"none", "unread"}:
                return message(_ROUTE[state], device=router)
        if origins := network.walks.unproven_origins(number):
            return message(_ORIGIN[network.silent.issuperset(origins)], names=_several(origins))
        missing = network.walks.missing(number) or sorted(network.silent)
        if missing:
            return message("checks:service_way.no_witness", names=_several(missing))
        return message("checks:service_way.no_way")

    def _one_left(self, numbers: Sequence[int]) -> Finding:
        network, hours = self._network, self._network.topology.setting.hours_left
        taken = [name for number in numbers for name in network.takes_next[number]]
        kinds = network.topology.elements
        devices = [name for name in dict.fromkeys(taken) if kinds[name].kind == "device"] or taken
        gone = list(dict.fromkeys(name for number in numbers for name in network.walks.missing(number)))
        near = hours is not None and hours <= self._limits.second_way_h
        ways = _Ways(network, numbers)
        return answered(
            Outcome.FAIL if near else Outcome.WARN,
            self._subject,
            "checks:service_way.one_left",
            n=len(numbers),
            place=self._place,
            users=self._users(numbers),
            way=ways.first,
            others=ways.others,
            next=_either(devices),
            cause=message("checks:service_way.down", names=_several(gone)) if gone else "",
        )

    def _one_proven(self, numbers: Sequence[int]) -> Finding:
        """Finding about users with a second way without a full measurement."""
        gone = list(dict.fromkeys(name for number in numbers for name in self._network.walks.missing(number)))
        ways = _Ways(self._network, numbers)
        return blind(
            self._subject, "checks:service_way.one_proven", n=len(numbers), place=self._place,
            users=self._users(numbers), way=ways.first, others=ways.others, names=_several(gone),
        )  # fmt: skip

    def _served(self) -> Finding:
        network, ways = self._network, _Ways(self._network, self._numbers)
        assumed = [name for one in self._numbers for name, state in network.walks.routers_of(one) if state == "assumed"]
        sentence = partial(
            message, n=len(self._numbers), place=self._place, users=self._users(self._numbers), way=ways.first,
            others=ways.others,
        )  # fmt: skip
        waived = network.topology.waived
        if assumed:
            way = sentence("checks:service_way.assumed", names=_several(assumed))
            return blind(self._subject, "checks:service_way.served", way=way)
        if waived.arcs and network.lost_by(waived).intersection(self._numbers):
            rests = [one.name for one in network.topology.elements.values() if one.failure.arcs & waived.arcs]
            way = sentence("checks:service_way.waived", names=_several(rests))
            return warned(self._subject, "checks:service_way.served", way=way)
        if ways.second:
            cable = ways.second == ways.first
            second = message("checks:service_way.cable") if cable else ways.second
            way = sentence("checks:service_way.two", second=second)
            return passed(self._subject, "checks:service_way.served", way=way)
        if not ways.led:
            way = sentence("checks:service_way.near", way=_several(ways.servers))
            return passed(self._subject, "checks:service_way.served", way=way)
        return passed(self._subject, "checks:service_way.served", way=sentence("checks:service_way.one"))


class _Ways:
    """Devices of the first and the second way of most of these users, and the number of the others.

    `led`: a way has hops; otherwise the first is the serving device. `servers`: all firsts.
    """

    def __init__(self, network: WhatIf, numbers: Sequence[int]) -> None:
        self._network = network
        counts = Counter(map(self._of, numbers))
        (self.first, self.second, self.led), most = counts.most_common(1)[0]
        self.servers, others = [first for first, _second, _led in counts], len(numbers) - most
        self.others: Text | str = message("checks:service_way.others", count=others) if others else ""

    def _of(self, number: int) -> tuple[str, str, bool]:
        ways = self._network.walks.of(number)
        if ways.first and ways.first.devices:
            return _shown(ways.first), _shown(ways.second), bool(ways.first.hops)
        node = self._network.measured.server(number)
        return (self._network.walks.device(node) if node is not None else ""), "", False


def _shown(way: ServiceWay | None) -> str:
    return " - ".join(way.devices) if way else ""


def _either(names: Sequence[str]) -> Text | str:
    *others, last = dict.fromkeys(names)
    return message("checks:service_way.either", names=", ".join(others), last=last) if others else last


def _several(names: Sequence[str]) -> Text:
    shown = [*dict.fromkeys(names)]
    if len(shown) > _SHOWN:
        return message("checks:service_way.more", names=", ".join(shown[:_SHOWN]), count=len(shown) - _SHOWN)
    return message("terms:several", items=shown)
