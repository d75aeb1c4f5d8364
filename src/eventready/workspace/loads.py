"""Loads of the devices by capacity.yaml: cells, access points, links and services with the demands they carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from eventready.workspace.devices.capacity import (
    CapacityFile,
    Load,
    LoadKind,
    People,
    SourcedFigure,
    Supply,
    VenueDemand,
    joined,
)
from eventready.workspace.devices.device import Device, EventWindow
from eventready.workspace.devices.expect import ExpectedAccessPoint, ExpectedCell
from eventready.workspace.settings.event import Window
from eventready.workspace.settings.risk import RiskGroup

#: Figures of a demand without a default, the kind of supply that carries them, and the role that reports a lack of it.
_SERVICES: Mapping[LoadKind, str] = {"nat": "sessions", "portal": "logins", "dns": "queries", "circuits": "lines"}


def with_loads(
    capacity: CapacityFile, devices: Sequence[Device], risks: Sequence[RiskGroup] = ()
) -> tuple[Device, ...]:
    """Return the devices with their loads."""
    found: dict[str, list[Load]] = {}
    for name, load in _Distribution(capacity, devices, risks).loads():
        found.setdefault(name, []).append(load)
    return tuple(replace(one, loads=tuple(found[one.name])) if one.name in found else one for one in devices)


def with_windows(devices: Sequence[Device], windows: Sequence[Window]) -> tuple[Device, ...]:
    """Return the devices with the windows of kind `event`."""
    found = tuple(EventWindow(one.start, one.end, one.names, one.venues) for one in windows if one.kind == "event")
    return tuple(replace(one, event_windows=found) if found else one for one in devices)


@dataclass(frozen=True)
class _Distribution:
    capacity: CapacityFile
    devices: Sequence[Device]
    risks: Sequence[RiskGroup] = ()

    def loads(self) -> Iterator[tuple[str, Load]]:
        """Loads by name of the device."""
        yield from self._places("mobile", "cell", ("gsm", "lte", "nr"))
        yield from self._places("wifi", "access_point", ("radio",))
        yield from self._links()
        yield from self._services()

    def _demands(self, venues: Iterable[str], services: Iterable[str]) -> tuple[VenueDemand, ...]:
        return tuple(one for one in self.capacity.demand if one.venue in venues and one.service in services)

    def _supply(self, kinds: Sequence[str], name: str) -> Supply | None:
        return next((one for one in self.capacity.supply if one.kind in kinds and one.covers(name)), None)

    def _places(
        self, service: Literal["mobile", "wifi"], kind: Literal["cell", "access_point"], kinds: tuple[str, ...]
    ) -> Iterator[tuple[str, Load]]:
        """Cells or access points; those of a venue and of a kind (voice, data) share its users."""
        groups: dict[tuple[str, str], list[tuple[str, str, Supply | None]]] = {}
        own: dict[str, SourcedFigure] = {}
        for device in self.devices:
            places: Sequence[ExpectedCell | ExpectedAccessPoint] = (
                device.expect.cells if kind == "cell" else device.expect.access_points
            )
            for place in places:
                supply = self._supply(kinds, place.name)
                voice = "voice" if supply is None or supply.kind == "gsm" else "data"
                venue = place.venue or next(iter(device.venues), "")
                groups.setdefault((venue, voice), []).append((device.name, place.name, supply))
                counted = place.users if isinstance(place, ExpectedCell) else place.clients
                if counted:
                    own[place.name] = SourcedFigure(value=counted, source="hosts.yaml")
        for (venue, _voice), members in groups.items():
            demands = self._of_places(venue, service, {name: own[name] for _, name, _ in members if name in own})
            peers = tuple(name for _device, name, _supply in members)
            if demands:
                everybody = any(one.venue == venue and one.service == service for one in self.capacity.demand)
                for owner, name, supply in members:
                    if everybody or name in own:
                        yield owner, Load(kind, name, demands, peers, supply)

    def _of_places(
        self, venue: str, service: Literal["mobile", "wifi"], own: Mapping[str, SourcedFigure]
    ) -> tuple[VenueDemand, ...]:
        """Demands with the users of hosts.yaml where capacity.yaml has none; those users alone without a demand."""
        demands = self._demands((venue,), (service,))
        if not own:
            return demands
        if demands:
            return tuple(one.model_copy(update={"places": {**own, **one.places}}) for one in demands)
        people = People(value=1, source="hosts.yaml")
        return (VenueDemand(venue=venue, window="hosts.yaml", service=service, people=people, places=dict(own)),)

    def _links(self) -> Iterator[tuple[str, Load]]:
        """Demands of routers and switches, with the declared rates of their links; the graph groups them."""
        declared = [one for one in self.capacity.supply if one.kind == "link"]
        for device in self.devices:
            if device.role in {"router", "switch"}:
                demands = self._demands(device.venues, device.concerned)
                rates = tuple(one for one in declared if one.device == device.name)
                if demands or rates:
                    yield device.name, Load("links", device.name, demands, rates=rates)

    def _services(self) -> Iterator[tuple[str, Load]]:
        for supply in self.capacity.supply:
            match supply.kind:
                case "pool" | "nat" | "portal" | "dns" | "backhaul" as kind:
                    required = self._required(kind, supply.venues)
                    if required:
                        peers = self._data_cells(supply.venues) if kind == "backhaul" else ()
                        yield supply.device, Load(kind, _named(supply), required, peers, supply)
        yield from self._circuits()
        supplied = {(one.kind, venue) for one in self.capacity.supply for venue in one.venues}
        for venue in dict.fromkeys(one.venue for one in self.capacity.demand):
            for lacking in ("pool", *_SERVICES):
                required = self._required(lacking, (venue,))
                bearer = next((one.name for one in self.devices if venue in one.venues and one.role != "vantage"), "")
                if required and bearer and (lacking, venue) not in supplied:
                    yield bearer, Load(lacking, f"{lacking} {venue}", required)

    def _circuits(self) -> Iterator[tuple[str, Load]]:
        """Circuits of the same venues together, with the losses by a device or a risk group."""
        groups: dict[frozenset[str], list[Supply]] = {}
        for one in self.capacity.supply:
            if one.kind == "circuits":
                groups.setdefault(frozenset(one.venues), []).append(one)
        for members in groups.values():
            first = members[0]
            if required := self._required("circuits", first.venues):
                causes = [{one.device} for one in members] + [set(group.members) for group in self.risks]
                losses = {
                    frozenset(n for n, one in enumerate(members) if cause & {one.device, f"{one.device}:{one.name}"})
                    for cause in causes
                }
                some = tuple(sorted((one for one in losses if 0 < len(one) < len(members)), key=sorted))
                name = joined([_named(one) for one in members])
                yield first.device, Load("circuits", name, required, supply=first, rates=tuple(members), losses=some)

    def _data_cells(self, venues: Sequence[str]) -> tuple[str, ...]:
        """LTE and NR cells of the venues; all cells of venues without such entries."""
        cells = [cell.name for one in self.devices for cell in one.expect.cells if cell.venue in venues]
        return tuple(name for name in cells if self._supply(("lte", "nr"), name)) or tuple(cells)

    def _required(self, kind: LoadKind, venues: Sequence[str]) -> tuple[VenueDemand, ...]:
        match kind:
            case "pool":
                return self._demands(venues, ("wifi",))
            case "backhaul":
                return self._demands(venues, ("mobile",))
        figure = _SERVICES[kind]
        every = self._demands(venues, ("fixed", "internet", "wifi", "mobile"))
        return tuple(one for one in every if getattr(one, figure) is not None)


def _named(supply: Supply) -> str:
    return supply.kind if supply.name == "*" else f"{supply.kind} {supply.name}"
