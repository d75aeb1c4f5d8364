"""Print a plan: the diff of each device, the order, guards and risks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil

from rich.console import Console
from rich.text import Text

from eventready.change.document import Plan
from eventready.cli.render.changing.plan_groups import DeviceGroup, group_devices
from eventready.cli.render.console import VisibleConsole
from eventready.core.messages import Lang, in_language, term, text

_STYLES = {"+": "green", "-": "red"}


def show(plan: Plan, lang: Lang, *, sent: bool = False, err: bool = False) -> None:
    """Print a plan on stdout, or on stderr if stdout is for a machine.

    `sent`: include the commands, for approvers.
    """
    console = VisibleConsole(stderr=err, soft_wrap=True)
    say = console.print
    drill = plan.drill
    what = ", ".join(plan.intents)
    if drill:
        what = text("change:plan.drill", lang, name=drill.name, seconds=drill.observe_s)
    say(text("change:plan.heading", lang, plan=plan.id, what=what), style="bold")
    at = datetime.fromisoformat(plan.created.event)
    say(text("change:plan.made", lang, by=plan.by, at=at, seal=plan.sha256[:16]))
    for group in group_devices(plan.devices, sent=sent):
        say()
        _change(console, group, lang)
    if plan.devices:
        _order(console, plan, lang)
        _guards(console, plan, lang)
    _listed(console, text("change:plan.unchanged", lang), [", ".join(plan.unchanged)] if plan.unchanged else [])
    out: dict[str, list[str]] = {}
    for one in plan.left_out:
        out.setdefault(one.reason, []).append(one.name)
    left_out = [f"{', '.join(names)}: {in_language(reason, lang)}" for reason, names in out.items()]
    _listed(console, text("change:plan.left_out", lang), left_out)
    say()
    say(_total(plan, lang))


def _total(plan: Plan, lang: Lang) -> str:
    return text(
        "change:plan.total",
        lang,
        changed=len(plan.devices),
        unchanged=len(plan.unchanged),
        left_out=len(plan.left_out),
        lines=sum(len(device.forward) for device in plan.devices),
        waves=len(plan.waves),
    )


def _change(console: Console, group: DeviceGroup, lang: Lang) -> None:
    one, alike = group.devices[0], not group.rows
    where = text("change:plan.at", lang, platform=one.platform, venues=one.venues) if one.venues else one.platform
    count = text("change:folded", lang, n=len(group.devices))
    names = ", ".join(device.name for device in group.devices) if alike else count
    intents = f": {', '.join(one.intents)}" if one.intents else ""
    _print(console, Text.assemble((names, "bold"), f"  {where}{intents}"))
    for line in group.diff:
        console.print(Text(line, style=_STYLES.get(line[:1], "")), soft_wrap=True)
    if group.forward:
        console.print(text("change:plan.sent", lang))
        for line in group.forward:
            console.print(Text(f"  > {line}"), soft_wrap=True)
    if group.rows:
        console.print(text("change:plan.where", lang))
    for who, values in group.rows:
        shown = ", ".join(f"<{letter}>={value}" for letter, value in values.items())
        _print(console, Text(f"  {', '.join(who)}: {shown}"), 4)


def _order(console: Console, plan: Plan, lang: Lang) -> None:
    """Print the waves. The first wave is a single device; its failure stops the change."""
    lines = []
    for number, (wave, seconds) in enumerate(zip(plan.waves, plan.durations, strict=True), start=1):
        names = ", ".join(wave)
        alone = number == 1 and len(plan.waves) > 1
        shown = text("change:plan.alone", lang, names=names) if alone else names
        about = text("change:plan.about", lang, wave=shown, minutes=ceil(seconds / 60))
        beside = text("change:plan.together", lang) if number in plan.together else ""
        lines.append(f"{number:3}  {about}{beside}")
    lines += [text("change:plan.duration", lang, minutes=ceil(plan.duration / 60))] if plan.waves else []
    lines += [text("change:plan.atomic", lang)] if plan.atomic else []
    lines += [text("change:plan.unmeasured", lang, needs=plan.unmeasured)] if plan.unmeasured else []
    _listed(console, text("change:plan.order", lang), lines)


def _guards(console: Console, plan: Plan, lang: Lang) -> None:
    together: dict[tuple[str, str, str], list[str]] = {}
    for device in plan.devices:
        guard = device.guard
        together.setdefault((guard.kind, guard.protects, guard.gap), []).append(device.name)
    lines = []
    for (kind, protects, gap), names in together.items():
        lines += [
            f"{_all(names, plan, lang)}: {term('change:guard', kind, lang)}",
            f"  + {in_language(protects, lang)}",
            f"  - {in_language(gap, lang)}",
        ]
    _listed(console, text("change:plan.guards", lang), lines)
    unguarded = [device.name for device in plan.devices if device.guard.kind == "inverse"]
    if unguarded:
        console.print()
        warning = text("change:plan.no_way_back", lang, devices=_all(unguarded, plan, lang))
        _print(console, Text(warning, style="bold yellow"))
    risks: dict[str, list[str]] = {}
    for device in plan.devices:
        for risk in device.risks:
            if risk != device.guard.gap:
                risks.setdefault(risk, []).append(device.name)
    listed = [f"{_all(names, plan, lang)}: {in_language(risk, lang)}" for risk, names in risks.items()]
    _listed(console, text("change:plan.risks", lang), listed)


def _all(names: Sequence[str], plan: Plan, lang: Lang) -> str:
    """Return the names, or their number for all devices of a large plan."""
    if 3 < len(names) == len(plan.devices):
        return text("change:plan.all", lang, count=len(names))
    return ", ".join(names)


def _listed(console: Console, title: str, lines: Iterable[str]) -> None:
    listed = list(lines)
    if listed:
        console.print(f"\n{title}", style="bold")
        for line in listed:
            _print(console, Text(f"  {line}"), 4 + len(line) - len(line.lstrip()))


def _print(console: Console, content: Text, indent: int = 2) -> None:
    """Print text other than device lines: wrapped between words on a terminal, never in a file."""
    if not console.is_terminal or len(content) <= console.width:
        console.print(content, soft_wrap=True)
        return
    first, *more = content.wrap(console, max(20, console.width - indent))
    console.print(first, soft_wrap=True)
    for line in more:
        console.print(" " * indent, line, sep="", soft_wrap=True)
