"""Plan as text: the diff of each device, alike devices together, the order, guards and risks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from string import ascii_uppercase

import click

from eventready.change.document import Plan, PlannedDevice
from eventready.change.safety.ranges import LATE, late_line
from eventready.cli.folding import fold
from eventready.core.messages import Lang, Message, in_language, message, term, text
from eventready.core.strings.texts import at as shown_at

_STYLES = {"+": "green", "-": "red"}
#: Rows of findings on the terminal, and devices named in a row.
_ROWS, _NAMED = 12, 6
#: Largest number of differing values in a group.
_MOST_VALUES = 6

_MARK = re.compile(r"<[A-Z]>")
#: Platform, venues, intents, and the lines.
_Key = tuple[object, ...]


def plan_lines(plan: Plan, lang: Lang, *, sent: bool = False) -> Iterator[str]:
    """A plan as styled lines: the diff of each device, the order, guards and risks.

    `sent`: with the commands, for approvers. Lines of devices are never broken.
    """
    drill = plan.drill
    what = ", ".join(plan.intents)
    if drill:
        what = text("change:plan.drill", lang, name=drill.name, seconds=drill.observe_s)
    if plan.removes:
        what = text("change:plan.removal", lang, plan=plan.removes, intents=what)
    heading = fold([text("change:plan.heading", lang, plan=plan.id, what=what)])
    yield from (click.style(line, bold=True) for line in heading)
    at = datetime.fromisoformat(plan.created.event)
    yield from fold([text("change:plan.made", lang, by=plan.by, at=at, seal=plan.sha256[:16])])
    if plan.until is not None:
        yield from fold([until_text(plan.until.window, plan.until.moment, lang)])
    for group in group_devices(plan.devices, sent=sent):
        yield ""
        yield from _change(group, lang)
    if plan.devices:
        yield from _listed(text("change:plan.order", lang), _order(plan, lang))
        yield from _guards(plan, lang)
        yield from _listed(text("change:plan.effect", lang), _effects(plan, lang))
    if plan.drill is None and plan.rolls_back is None and not plan.removes:
        yield from _basis(plan, lang)
    yield from _listed(text("change:plan.unchanged", lang), [", ".join(plan.unchanged)] if plan.unchanged else [])
    out: dict[str | Message, list[str]] = {}
    for one in plan.left_out:
        out.setdefault(one.reason, []).append(one.name)
    left_out = [f"{', '.join(names)}: {in_language(reason, lang)}" for reason, names in out.items()]
    yield from _listed(text("change:plan.left_out", lang), left_out)
    yield from fold(["", _total(plan, lang)])


def until_text(window: str, end: datetime, lang: Lang) -> str:
    """Return the sentence on the end of the lines; `window` may be empty."""
    msgid = "change:until.window" if window else "change:until.time"
    return text(msgid, lang, window=window, end=shown_at(end))


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


def _change(group: DeviceGroup, lang: Lang) -> Iterator[str]:
    one, alike = group.devices[0], not group.rows
    where = text("change:plan.at", lang, platform=one.platform, venues=one.venues) if one.venues else one.platform
    count = text("change:folded", lang, n=len(group.devices))
    names = ", ".join(device.name for device in group.devices) if alike else count
    intents = f": {', '.join(one.intents)}" if one.intents else ""
    yield from (click.style(line, bold=True) for line in fold([f"{names}  {where}{intents}"]))
    for line in group.diff:
        yield click.style(line, fg=_STYLES[line[:1]]) if line[:1] in _STYLES else line
    if group.forward:
        yield text("change:plan.sent", lang)
        yield from (f"  > {line}" for line in group.forward)
    if group.rows:
        yield text("change:plan.where", lang)
    for who, values in group.rows:
        shown = ", ".join(f"<{letter}>={value}" for letter, value in values.items())
        yield from fold([f"  {', '.join(who)}: {shown}"])


def _order(plan: Plan, lang: Lang) -> Iterator[str]:
    """The waves. The first wave is a single device; its failure stops the change."""
    for number, (wave, (begin, end)) in enumerate(zip(plan.waves, plan.timetable(), strict=True)):
        names = ", ".join(wave)
        alone = number == 0 and len(plan.waves) > 1
        shown = text("change:plan.alone", lang, names=names) if alone else names
        about = text("change:plan.about", lang, wave=shown, minutes=ceil((end - begin) / 60))
        soaking = [name for name in plan.order if name in plan.beside(number)]
        beside = text("change:plan.together", lang, devices=soaking) if soaking else ""
        yield f"{number + 1:3}  {about}{beside}"
    if plan.waves:
        yield text("change:plan.duration", lang, minutes=ceil(plan.duration / 60))
    if plan.atomic:
        yield text("change:plan.atomic", lang)
    if plan.unmeasured:
        yield text("change:plan.unmeasured", lang, needs=plan.unmeasured)


def _guards(plan: Plan, lang: Lang) -> Iterator[str]:
    together: dict[tuple[str, str | Message, str | Message], list[str]] = {}
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
    yield from _listed(text("change:plan.guards", lang), lines)
    unguarded = [device.name for device in plan.devices if device.guard.kind == "inverse"]
    if unguarded:
        warning = text("change:plan.no_way_back", lang, devices=_all(unguarded, plan, lang))
        yield ""
        yield from (click.style(line, fg="yellow", bold=True) for line in fold([warning]))
    risks: dict[str | Message, list[str]] = {}
    for device in plan.devices:
        for risk in device.risks:
            if risk != device.guard.gap:
                risks.setdefault(risk, []).append(device.name)
    listed = [f"{_all(names, plan, lang)}: {in_language(risk, lang)}" for risk, names in risks.items()]
    yield from _listed(text("change:plan.risks", lang), listed)


def _effects(plan: Plan, lang: Lang) -> Iterator[str]:
    """Yield the moment at which the lines take effect, and the lines without an effect before a later event."""
    yield text("change:plan.effect_now", lang)
    later: dict[tuple[str, str], list[str]] = {}
    for device in plan.devices:
        for risk in device.risks:
            if isinstance(risk, Message) and risk.id in LATE:
                line, event = (in_language(one, lang) for one in (late_line(risk), risk.params["event"]))
                later.setdefault((line, event), []).append(device.name)
    for (line, event), names in later.items():
        yield text("change:plan.effect_later", lang, devices=_all(names, plan, lang), line=line, event=event)


def _basis(plan: Plan, lang: Lang) -> Iterator[str]:
    """Yield the audit behind a plan with its age, the open findings mended by the plan, and the others."""
    basis, head = plan.basis, text("change:plan.basis", lang)
    if basis is None:
        yield from _listed(head, [text("change:plan.no_basis", lang)])
        return
    shown, age = audit_age(basis.at, datetime.fromisoformat(plan.created.event))
    yield from _listed(head, [text("change:plan.audit", lang, run=basis.run, at=shown, age=age)])
    mended: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in basis.mends:
        count = f" ({len(one.subjects)})" if len(one.subjects) > 1 else ""
        mended.setdefault((one.check, one.intents), []).append(f"{one.device}{count}")
    lines = [
        f"{check} ({', '.join(intents)}): {few_names(names, len(names))}" for (check, intents), names in mended.items()
    ]
    total = basis.mended + basis.left
    yield from _rows(text("change:plan.mends", lang, n=basis.mended, total=total), lines, lang)
    lines = [f"{one.check} ({one.findings}): {few_names(one.first, one.devices)}" for one in basis.untouched]
    yield from _rows(text("change:plan.untouched", lang, n=basis.left, total=total), lines, lang)


def audit_age(measured: str, now: datetime) -> tuple[str, Message]:
    """Return the moment of an audit (ISO 8601) for people, and its age at an event time."""
    at = datetime.fromisoformat(measured)
    minutes = max(0, int((now - at).total_seconds()) // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return shown_at(at), message("change:plan.age_days", days=days, hours=hours)
    if hours:
        return shown_at(at), message("change:plan.age_hours", hours=hours, minutes=minutes % 60)
    return shown_at(at), message("change:plan.age_minutes", minutes=minutes)


def few_names(names: Sequence[str], number: int) -> str:
    """Return the first of a number of names."""
    return ", ".join([*names[:_NAMED], *([f"+{number - _NAMED}"] if number > _NAMED else [])])


def _rows(title: str, lines: Sequence[str], lang: Lang) -> Iterator[str]:
    """Yield the first rows beneath a title, and the number of all others."""
    more = [text("change:plan.more_findings", lang, n=len(lines) - _ROWS)] if len(lines) > _ROWS else []
    yield from _listed(title, [*lines[:_ROWS], *more] or ["-"])


def _all(names: Sequence[str], plan: Plan, lang: Lang) -> str:
    """Return the names, or their number for all devices of a large plan."""
    if 3 < len(names) == len(plan.devices):
        return text("change:plan.all", lang, count=len(names))
    return ", ".join(names)


def _listed(title: str, lines: Iterable[str]) -> Iterator[str]:
    listed = [f"  {line}" for line in lines]
    if listed:
        yield from ("", *(click.style(line, bold=True) for line in fold([title])), *fold(listed))


# --- devices with equal changes -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DeviceGroup:
    """Devices with a common diff. `<A>` in a line stands for a value in `rows`: (device names, value by letter).

    Without rows the lines are the same for all devices. Lines and rows together give every device's own lines.
    """

    devices: tuple[PlannedDevice, ...]
    diff: tuple[str, ...]
    forward: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], Mapping[str, str]], ...] = ()


def group_devices(devices: Sequence[PlannedDevice], *, sent: bool) -> list[DeviceGroup]:
    """Group the plan's devices; with the commands if `sent`."""
    equal: dict[_Key, list[PlannedDevice]] = {}
    for device in devices:
        key = (device.platform, device.venues, device.intents, device.diff, device.forward if sent else ())
        equal.setdefault(key, []).append(device)
    alike: dict[_Key, list[list[PlannedDevice]]] = {}
    for same in equal.values():
        one = same[0]
        lines = tuple(tuple(map(_constant, _words(line))) for line in _lines(one, sent=sent))
        alike.setdefault((one.platform, one.venues, one.intents, len(one.diff), lines), []).append(same)
    return [group for groups in alike.values() for group in _merge(groups, sent=sent)]


def _merge(groups: Sequence[Sequence[PlannedDevice]], *, sent: bool) -> list[DeviceGroup]:
    """Merge sets of equal devices into a group, or return a group per set."""
    letters = _letters(groups, sent=sent) if len(groups) > 1 else None
    if letters is None:
        return [DeviceGroup(tuple(same), same[0].diff, same[0].forward if sent else ()) for same in groups]
    rows = tuple(
        (tuple(device.name for device in same), {letter: values[number] for values, letter in letters.items()})
        for number, same in enumerate(groups)
    )
    first = groups[0][0]
    lines = ["".join(_marked(at, letters)) for at in _side_by_side(groups, sent=sent)]
    split = len(first.diff)
    return [
        DeviceGroup(
            tuple(device for same in groups for device in same), tuple(lines[:split]), tuple(lines[split:]), rows
        )
    ]


def _letters(groups: Sequence[Sequence[PlannedDevice]], *, sent: bool) -> dict[tuple[str, ...], str] | None:
    """Return a letter for every differing word, by its values; None for too many of them."""
    apart = [values for at in _side_by_side(groups, sent=sent) for values in at if len(set(values)) > 1]
    found = list(dict.fromkeys(apart))
    if any(_MARK.search(line) for same in groups for line in _lines(same[0], sent=sent)):
        return None  # the device's own text would be ambiguous
    return dict(zip(found, ascii_uppercase, strict=False)) if len(found) <= _MOST_VALUES else None


def _marked(at: Sequence[tuple[str, ...]], letters: Mapping[tuple[str, ...], str]) -> list[str]:
    return [f"<{letters[values]}>" if values in letters else values[0] for values in at]


def _side_by_side(groups: Sequence[Sequence[PlannedDevice]], *, sent: bool) -> list[list[tuple[str, ...]]]:
    """Return the words of every line, each with its value in every group."""
    words = [[_words(line) for line in _lines(same[0], sent=sent)] for same in groups]
    return [list(zip(*line, strict=True)) for line in zip(*words, strict=True)]


def _lines(device: PlannedDevice, *, sent: bool) -> tuple[str, ...]:
    return (*device.diff, *(device.forward if sent else ()))


def _words(line: str) -> list[str]:
    """Split into words and separators."""
    return re.split(r"([\s,=;\"]+)", line)


def _constant(word: str) -> str:
    """Return `#` for a word with a digit (addresses, numbers, port names), which may differ within a group."""
    return "#" if any(letter.isdigit() for letter in word) else word
