"""A plan on the terminal: what changes on each device as people read differences, the order, and what to fear."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from eventready.change.plan import Plan
from eventready.change.story import GUARDS
from eventready.cli.shapes import Shape, shapes

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
    for shape in shapes(plan.devices, sent=sent):
        say()
        _change(console, shape)
    if plan.devices:
        _order(console, plan)
        _guards(console, plan)
    _listed(console, "Already as wanted", [", ".join(plan.unchanged)] if plan.unchanged else [])
    out: dict[str, list[str]] = {}
    for one in plan.left_out:
        out.setdefault(one.reason, []).append(one.name)
    _listed(console, "Left out", [f"{', '.join(names)}: {reason}" for reason, names in out.items()])
    say()
    say(
        f"{len(plan.devices)} to change, {len(plan.unchanged)} already as wanted, {len(plan.left_out)} left out; "
        f"{sum(len(device.forward) for device in plan.devices)} lines in {len(plan.waves)} waves."
    )


def _change(console: Console, shape: Shape) -> None:
    one, alike = shape.devices[0], not shape.rows
    where = f" at {', '.join(one.venues)}" if one.venues else ""
    names = ", ".join(device.name for device in shape.devices) if alike else f"{len(shape.devices)} devices"
    _told(console, Text.assemble((names, "bold"), f"  {one.platform}{where}: {', '.join(one.intents)}"))
    for line in shape.diff:
        console.print(Text(line, style=_STYLES.get(line[:1], "")), soft_wrap=True)
    if shape.forward:
        console.print("Sent, line by line:")
        for line in shape.forward:
            console.print(Text(f"  > {line}"), soft_wrap=True)
    if shape.rows:
        console.print("where")
    for who, values in shape.rows:
        said = ", ".join(f"<{letter}>={value}" for letter, value in values.items())
        _told(console, Text(f"  {', '.join(who)}: {said}"), 4)


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
        lines += [f"{_all(names, plan)}: {GUARDS[kind]}", f"  + {protects}", f"  - {gap}"]
    _listed(console, "What brings them back if anything goes wrong", lines)
    helpless = [device.name for device in plan.devices if device.guard.kind == "inverse"]
    if helpless:
        console.print()
        _told(console, Text(f"Nothing on the device itself brings back: {_all(helpless, plan)}", style="bold yellow"))
    risks: dict[str, list[str]] = {}
    for device in plan.devices:
        for risk in device.risks:
            if risk != device.guard.gap:
                risks.setdefault(risk, []).append(device.name)
    _listed(console, "To be known before", [f"{_all(names, plan)}: {risk}" for risk, names in risks.items()])


def _all(names: Sequence[str], plan: Plan) -> str:
    """Names, unless they are those of a whole plan that has many: the order has them."""
    return f"all {len(names)} devices" if 3 < len(names) == len(plan.devices) else ", ".join(names)


def _listed(console: Console, title: str, lines: Iterable[str]) -> None:
    told = list(lines)
    if told:
        console.print(f"\n{title}", style="bold")
        for line in told:
            _told(console, Text(f"  {line}"), 4 + len(line) - len(line.lstrip()))


def _told(console: Console, text: Text, indent: int = 2) -> None:
    """What is no line of a device: broken between words on a terminal, and never in a file."""
    if not console.is_terminal or len(text) <= console.width:
        console.print(text, soft_wrap=True)
        return
    first, *more = text.wrap(console, max(20, console.width - indent))
    console.print(first, soft_wrap=True)
    for line in more:
        console.print(" " * indent, line, sep="", soft_wrap=True)
