"""A plan on the terminal: what changes on each device as people read differences, the order, and what to fear."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from eventready.change.plan import Plan, PlannedDevice
from eventready.change.story import GUARDS

_STYLES = {"+": "green", "-": "red"}


def show(plan: Plan, *, sent: bool = False, err: bool = False) -> None:
    """Print a plan for a person on stdout, or on stderr where stdout is for a machine.

    `sent`: the lines that are sent too, for whoever answers for them.
    """
    console = Console(
        file=sys.stderr if err else sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True
    )
    say = console.print
    say(f"Plan {plan.id}: {', '.join(plan.intents)}", style="bold")
    say(f"Made by {plan.by} at {plan.created.event.replace('T', ' ')[:16]}, seal {plan.sha256[:16]}")
    for devices in _alike(plan.devices, sent=sent):
        say()
        _change(console, devices, sent=sent)
    if plan.devices:
        _order(console, plan)
        _guards(console, plan)
    _listed(console, "Already as wanted", [", ".join(plan.unchanged)] if plan.unchanged else [])
    _listed(console, "Left out", [f"{one.name}: {one.reason}" for one in plan.left_out])
    say()
    say(
        f"{len(plan.devices)} to change, {len(plan.unchanged)} already as wanted, {len(plan.left_out)} left out; "
        f"{sum(len(device.forward) for device in plan.devices)} lines in {len(plan.waves)} waves."
    )


def _alike(devices: Sequence[PlannedDevice], *, sent: bool) -> list[list[PlannedDevice]]:
    """Devices with the same change together: of a hundred, one reads what differs."""
    found: dict[tuple[object, ...], list[PlannedDevice]] = {}
    for device in devices:
        key = (device.platform, device.venues, device.intents, device.diff, device.forward if sent else ())
        found.setdefault(key, []).append(device)
    return list(found.values())


def _change(console: Console, devices: Sequence[PlannedDevice], *, sent: bool) -> None:
    one = devices[0]
    where = f" at {', '.join(one.venues)}" if one.venues else ""
    names = ", ".join(device.name for device in devices)
    head = Text.assemble((names, "bold"), f"  {one.platform}{where}: {', '.join(one.intents)}")
    console.print(head, soft_wrap=True)
    for line in one.diff:
        console.print(Text(line, style=_STYLES.get(line[:1], "")), soft_wrap=True)
    if sent:
        console.print("Sent, line by line:")
        for line in one.forward:
            console.print(Text(f"  > {line}"), soft_wrap=True)


def _order(console: Console, plan: Plan) -> None:
    """The first wave is one device; it stops there when that one fails."""
    lines = []
    for number, wave in enumerate(plan.waves, start=1):
        first = "  (alone; the others follow when it has proved itself)" if number == 1 and len(plan.waves) > 1 else ""
        lines.append(f"{number:3}  {', '.join(wave)}{first}")
    _listed(console, "Order", lines)


def _guards(console: Console, plan: Plan) -> None:
    """Each device's guard, and in plain words what it does not bring back."""
    together: dict[tuple[str, str, str], list[str]] = {}
    for device in plan.devices:
        guard = device.guard
        together.setdefault((guard.kind, guard.protects, guard.gap), []).append(device.name)
    lines = []
    for (kind, protects, gap), names in together.items():
        lines += [f"{', '.join(names)}: {GUARDS[kind]}", f"  + {protects}", f"  - {gap}"]
    _listed(console, "What brings them back if anything goes wrong", lines)
    helpless = [device.name for device in plan.devices if device.guard.kind == "inverse"]
    if helpless:
        console.print(f"\nNothing on the device itself brings back: {', '.join(helpless)}", style="bold yellow")
    risks: dict[str, list[str]] = {}
    for device in plan.devices:
        for risk in device.risks:
            if risk != device.guard.gap:
                risks.setdefault(risk, []).append(device.name)
    _listed(console, "To be known before", [f"{', '.join(names)}: {risk}" for risk, names in risks.items()])


def _listed(console: Console, title: str, lines: Iterable[str]) -> None:
    told = list(lines)
    if told:
        console.print(f"\n{title}", style="bold")
        for line in told:
            console.print(f"  {line}")
