"""Devices with the lines of each change, without those of later ways back and removals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from eventready.store.change_steps import DeviceOutcome
from eventready.store.changes import ChangeEntry

#: Outcomes of a device that has the lines of a change, or may have them.
MAYBE: Collection[DeviceOutcome] = frozenset({DeviceOutcome.NEW, DeviceOutcome.UNPROVEN, DeviceOutcome.BY_HAND})


def standing_devices(
    entries: Iterable[ChangeEntry], outcomes: Collection[DeviceOutcome] = frozenset({DeviceOutcome.NEW})
) -> dict[str, set[str]]:
    """Return the devices with the lines of a change, by change; `entries` are oldest first.

    `outcomes`: those of a device with the lines. The rollback of a way back puts them there again.
    """
    standing: dict[str, set[str]] = {}
    plans: defaultdict[str, list[str]] = defaultdict(list)
    taken: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for entry in entries:
        header = entry.header
        new = {device for device, outcome in entry.outcomes.items() if outcome == DeviceOutcome.NEW}
        if header.rolls_back in taken:
            again = {one for one in taken[header.rolls_back] if one[1] in new}
            taken[header.rolls_back] -= again
            for change, device in again:
                standing[change].add(device)
        elif header.rolls_back or header.removes:
            for change in plans[header.removes] if header.removes else (header.rolls_back,):
                gone = standing.get(change, set()) & new
                standing.get(change, set()).difference_update(gone)
                taken[entry.id] |= {(change, device) for device in gone}
        else:
            plans[header.plan].append(entry.id)
            standing[entry.id] = {device for device, outcome in entry.outcomes.items() if outcome in outcomes}
    return standing
