"""capacity.yaml: demand per venue, window and service, and the supply without a report by a device, with sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from eventready.core.messages import message
from eventready.core.validation_messages import Sentence, Suggestions
from eventready.workspace.devices.capacity import POOL_ROLES, SHARED, CapacityFile, VenueDemand
from eventready.workspace.devices.device import Device
from eventready.workspace.files.yaml_document import load_yaml, raise_errors
from eventready.workspace.settings.event import Event, Window, unknown_venue


def load_capacity(path: Path, event: Event, devices: Sequence[Device]) -> CapacityFile:
    """Read capacity.yaml; an absent file means no demand. Raises WorkspaceError."""
    if not path.exists():
        return CapacityFile()
    document = load_yaml(path, may_be_empty=True)
    found = document.validate(CapacityFile)
    problems = [document.error(what, *keys, do=do) for keys, what, do in _unknown(found, event, devices)]
    raise_errors(problems)
    return found.model_copy(
        update={
            key: tuple(one.at(document.where(key, number)) for number, one in enumerate(getattr(found, key)))
            for key in ("demand", "supply")
        }
    )


def _unknown(
    found: CapacityFile, event: Event, devices: Sequence[Device]
) -> Iterator[tuple[tuple[str | int, ...], Sentence, Sentence]]:
    windows = {name for one in event.windows for name in one.names}
    services = {venue.id: venue.services for venue in event.venues}
    roles = {one.name: one.role for one in devices}
    places = {"mobile": _places(devices, "cells"), "wifi": _places(devices, "access_points")}
    known_windows, known_devices = Suggestions(windows), Suggestions(roles)
    known_places = {service: Suggestions(names) for service, names in places.items()}
    seen: dict[tuple[str, str, str], int] = {}
    for number, demand in enumerate(found.demand):
        if demand.venue not in services:
            yield ("demand", number, "venue"), *unknown_venue(demand.venue, event)
        elif demand.service not in services[demand.venue]:
            what = message("workspace:capacity.service", venue=demand.venue, service=demand.service)
            yield ("demand", number, "service"), what, ""
        yield from ((("demand", number, "window"), *wrong) for wrong in _not_at(demand, event.windows, known_windows))
        if not event.lab:  # a lab may play some of the devices only
            misplaced = _misplaced(demand, places.get(demand.service, {}), known_places)
            yield from ((("demand", number, "places", place), why, remedy) for place, why, remedy in misplaced)
        identity = (demand.venue, demand.window, demand.service)
        if seen.setdefault(identity, number) != number:
            yield (
                ("demand", number),
                message("workspace:capacity.twice", venue=demand.venue, service=demand.service),
                "",
            )
    declared: dict[tuple[str, str, str], int] = {}
    for number, supply in enumerate(found.supply):
        entry = (supply.kind, supply.device, supply.name.casefold())
        if supply.kind in SHARED and declared.setdefault(entry, number) != number:
            what = message("workspace:capacity.shared", kind=supply.kind, name=supply.name, device=supply.device)
            yield ("supply", number), what, message("workspace:capacity.shared.do")
        for venue in supply.venues:
            if venue not in services:
                yield ("supply", number, "venues"), *unknown_venue(venue, event)
        if (
            supply.kind == "pool"
            and not supply.addresses
            and roles.get(supply.device, "service_host") not in POOL_ROLES
        ):
            what = message("workspace:capacity.needs", kind=supply.kind, name="addresses")
            yield ("supply", number), what, ""
        if supply.device and supply.device not in roles and not event.lab:
            what = message("workspace:capacity.device", device=supply.device)
            yield ("supply", number, "device"), what, known_devices.of(supply.device)


def _not_at(demand: VenueDemand, windows: Iterable[Window], known: Suggestions) -> Iterator[tuple[Sentence, Sentence]]:
    """Cause and remedy of a demand in an unknown window, or in a window at other venues."""
    named = [one for one in windows if demand.window in one.names]
    if not named:
        yield message("workspace:capacity.window", window=demand.window), known.of(demand.window)
    elif not any(one.touches((demand.venue,)) for one in named):
        yield (
            message("workspace:capacity.window_elsewhere", window=demand.window),
            message("workspace:capacity.window_elsewhere.do", venue=demand.venue),
        )


def _places(devices: Sequence[Device], kind: Literal["cells", "access_points"]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for device in devices:
        for one in getattr(device.expect, kind):
            found.setdefault(one.name, set()).add(one.venue or next(iter(device.venues), ""))
    return found


def _misplaced(
    demand: VenueDemand, known: Mapping[str, set[str]], suggestions: Mapping[str, Suggestions]
) -> Iterator[tuple[str, Sentence, Sentence]]:
    """Places of a demand without an expectation, or at another venue."""
    for place in demand.places:
        if place not in known:
            what = message("workspace:capacity.place", place=place, service=demand.service)
            yield place, what, suggestions[demand.service].of(place) if known else ""
        elif demand.venue not in known[place]:
            what = message("workspace:capacity.elsewhere", place=place, venues=sorted(known[place]))
            yield place, what, message("workspace:capacity.elsewhere.do")
