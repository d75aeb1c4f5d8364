"""Venues touched by a change: of the devices themselves, and of the measured ways over them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from eventready.change.plan.paths import Paths, paths_in
from eventready.core.clock import Clock
from eventready.store.store import Store
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.event import Event
from eventready.workspace.workspace import Workspace

#: Roles of devices on the ways of others, for which the measured paths tell the venues behind.
_ON_WAYS = frozenset({"router", "switch"})


def venues_of_device(device: Device, event: Event, paths: Paths) -> frozenset[str]:
    """Return the venues with a service at risk by a failure of the device.

    A shared device, of several venues or of none, counts for every venue without measured paths; so does a controller
    or a service host. An origin counts for the venues with one of its services.
    """
    return frozenset(_touched(device, event, paths))


def _touched(device: Device, event: Event, paths: Paths) -> Iterator[str]:
    cells, access_points = device.expect.cells, device.expect.access_points
    placed = (*(one.venue for one in cells), *(one.venue for one in access_points))
    own = {*device.venues, *filter(None, placed)}
    offered = {service for one in event.origins if one.device == device.name for service in one.offered}
    shared = len(own) != 1
    for venue in event.venues:
        needs = [(venue.id, service) for service in venue.services]
        unknown = device.role not in _ON_WAYS or any(need not in paths.whole for need in needs)
        over = any(device.name in paths.carriers.get(need, ()) for need in needs)
        if venue.id in own or not offered.isdisjoint(venue.services) or over or (shared and unknown):
            yield venue.id


def touched_venues(workspace: Workspace, names: Collection[str], paths: Callable[[], Paths]) -> frozenset[str]:
    """Return the venues touched by a change of the named devices; all, if every window is at all venues.

    The paths are read if needed.
    """
    event = workspace.event
    if not event.placed:
        return frozenset(event.venue_ids)
    known = paths()
    return frozenset().union(*(venues_of_device(one, event, known) for one in workspace.devices if one.name in names))


def windows_of_change(workspace: Workspace, store: Store, clock: Clock, names: Collection[str]) -> Event:
    """Return the event with the windows in force for a change of the named devices. Raises StoreError."""
    return workspace.event.at(touched_venues(workspace, names, lambda: paths_in(store, workspace, clock)))
