"""Mismatch of a plan and the present workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from eventready.change.document.plan import Plan
from eventready.change.errors import abbreviate
from eventready.change.plan.order import members_of, radio_of, takes_all
from eventready.change.plan.wave import Member, Wave, WaveLimits
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.workspace.devices.device import Device
from eventready.workspace.workspace import Workspace


def refuse_mismatch(plan: Plan, workspace: Workspace, *, fresh: bool) -> None:
    """Raise RefusedError if the plan does not match the present workspace.

    Role, venues and redundant partners count for a `fresh` plan only: a change that has begun must be finished or
    rolled back anyway.
    """
    if plan.event != workspace.event.id:
        raise RefusedError(
            message("change:mismatch.event", plan=plan.id, event=plan.event, workspace=workspace.event.id)
        )
    do = message("change:mismatch.plan_again" if fresh else "change:mismatch.restore")
    devices = {device.name: device for device in workspace.devices}
    for planned in plan.devices:
        device = devices.get(planned.name)
        if device is None:
            raise RefusedError(message("change:mismatch.gone", device=planned.name), do=do)
        venues = (", ".join(planned.venues) or "-", ", ".join(device.venues) or "-")
        then_and_now = (
            ("platform", planned.platform, device.platform),
            ("address", planned.endpoint, device.endpoint),
            ("address", planned.address, device.hostname),  # of an element behind its manager
            ("element", planned.element, device.element),
            ("role", planned.role if fresh else "", device.role),
            ("venue", *(venues if fresh else ("", ""))),
        )
        for what, then, now in then_and_now:
            if then and then != now:
                changed = message(
                    "change:mismatch.changed", device=planned.name, what=what, then=_or_none(then), now=_or_none(now)
                )
                raise RefusedError(changed, where=device.origin, do=do)
    if fresh:
        _refuse_pairs(plan, workspace, [devices[planned.name] for planned in plan.devices])


def _or_none(value: str) -> str | Message:
    return message("change:mismatch.none") if value in ("", "-") else value


def _refuse_pairs(plan: Plan, workspace: Workspace, devices: Sequence[Device]) -> None:
    """Raise RefusedError if the inventory has redundant partners in a single wave, or in waves with a common soak."""
    members = {member.name: member for member in members_of(devices, workspace.files.groups_of)}
    for group in plan.groups:
        for one, other in combinations([name for wave in group for name in wave], 2):
            if members[one].pairs & members[other].pairs:
                raise RefusedError(message("change:mismatch.pair", one=one, other=other))
    _refuse_large_waves(plan, workspace, members)


def _refuse_large_waves(plan: Plan, workspace: Workspace, members: Mapping[str, Member]) -> None:
    """Raise RefusedError for waves beyond the limits of the workspace; the measured paths are those of planning."""
    settings, inverse = workspace.event.changes, {one.name for one in plan.devices if one.guard.kind == "inverse"}
    limits = WaveLimits(len(members), settings.share, radio_of(workspace.devices))
    rooms = [1, *[settings.batch] * len(plan.waves)][: len(plan.waves)]
    large = [wave for wave, room in zip(plan.waves, rooms, strict=True) if len(wave) > room]
    for group in plan.groups:
        every = [replace(members[name], inverse=name in inverse) for wave in group for name in wave]
        if not takes_all(Wave(limits, room=len(every)), every):
            large.append(tuple(member.name for member in every))
    if large:
        raise RefusedError(message("change:mismatch.large", devices=abbreviate(large[0])))
