"""Values and objects of the lines of a plan: refused, or a risk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from eventready.change.forms.tree import Path, Tree, walk
from eventready.change.safety.addresses import KnownAddresses, check_addresses
from eventready.change.safety.effects import interface_of
from eventready.change.safety.ranges import refuse_sums, value_risks
from eventready.change.safety.selection import Selection
from eventready.change.safety.way_in import WayIn
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.platforms.model import ChangeSpec, PlatformSpec
from eventready.workspace.devices.device import Device


def check_values(
    platform: PlatformSpec, device: Device, way: WayIn, trees: tuple[Tree, Tree], known: KnownAddresses
) -> tuple[Message, ...]:
    """Return the risks of the values written by a plan; existing values of the device are not judged.

    `trees` are the running and the predicted configuration, `known` the addresses of the workspace.

    Raises RefusedError for an address of somebody else or of the device itself, a name without an object, a bundle that
    would be down with all its members, and an action on all traffic of the way in.
    """
    spec, (running, predicted) = platform.change, trees
    if spec is None or spec.values == type(spec.values)():
        return ()
    before = frozenset(walk(running))
    new = [path for path in walk(predicted) if path not in before]
    addresses = check_addresses(spec, device, new, predicted, known)
    now, then = Selection(spec, running), Selection(spec, predicted)
    _refuse_names(spec, device, (now, then), predicted, before)
    _refuse_members(platform, device, new, predicted)
    refuse_sums(spec, device.name, running, predicted)
    risks = [*addresses, *value_risks(spec, running, predicted), *_everything_risks(device, way, now, then)]
    return tuple(dict.fromkeys(risks))


# --- names --------------------------------------------------------------------------------------------------------


def _refuse_names(
    spec: ChangeSpec, device: Device, selections: tuple[Selection, Selection], tree: Tree, before: frozenset[Path]
) -> None:
    """Raise RefusedError for the name of an object absent from the plan, or removed by the plan."""
    now, then = selections
    for path in walk(tree):
        for kind in spec.values.names:
            for pattern in kind.used:
                match = re.fullmatch(pattern, path[-1])
                if match is None or then.defines(kind, match["name"]):
                    continue
                if path not in before or now.defines(kind, match["name"]):
                    raise RefusedError(
                        message(
                            "change:value.name", line=path[-1], kind=kind.kind, name=match["name"], device=device.name
                        )
                    )


# --- bundles ------------------------------------------------------------------------------------------------------


def _refuse_members(platform: PlatformSpec, device: Device, new: Iterable[Path], tree: Tree) -> None:
    spec, way_in = platform.change, platform.way_in
    if spec is None or way_in is None or not spec.values.min_links or not way_in.members:
        return
    bundles = [
        way_in.bundle.replace("{bundle}", match["bundle"])
        for path in walk(tree)
        if (match := re.fullmatch(way_in.members, " ".join(path)))
    ]
    for path in new:
        match = re.fullmatch(spec.values.min_links, path[-1])
        if match is None:
            continue
        bundle = interface_of(spec.effects, path, match)
        members = bundles.count(bundle)
        if 0 < members < int(match["links"]):
            raise RefusedError(
                message("change:value.min_links", line=path[-1], bundle=bundle, members=members, device=device.name)
            )


# --- selections ----------------------------------------------------------------------------------------------------


def _everything_risks(device: Device, way: WayIn, now: Selection, then: Selection) -> Iterator[Message]:
    """Yield a risk for each new action on all traffic. Raises RefusedError on an interface of the way in."""
    for path in sorted(then.actions_on_everything() - now.actions_on_everything()):
        about = {"line": path[-1], "section": path[0], "device": device.name}
        if then.is_on(path, way.interfaces):
            raise RefusedError(message("change:value.everything", station=way.station, **about))
        yield message("change:risk.everything", **about)
