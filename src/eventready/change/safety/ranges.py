"""Sane values of the lines of a plan (`change.values` of the platform): any other value is a risk with its harm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from eventready.change.forms.rules import matches
from eventready.change.forms.tree import Path, Tree, subtree, walk
from eventready.core.errors import RefusedError
from eventready.core.messages import Bilingual, Message, message
from eventready.platforms.model import BandwidthSum, ChangeSpec, LaterEffect, Phrase, SectionHarm, ValueRange
from eventready.platforms.writable_pattern import is_own_name

#: A policy must leave a part of the bandwidth to what it does not name: in percent.
_WHOLE = 100
#: Risks about a later effect, each with the kind of its line.
LATE = {"change:risk.later": "line", "change:risk.later_gone": "removal"}


def value_risks(spec: ChangeSpec, running: Tree, tree: Tree) -> Iterator[Message]:
    """Yield the harm of each new value outside of its sane range, of mistyped and of harmful sections."""
    before = frozenset(walk(running))
    new = [path for path in walk(tree) if path not in before]
    for path in new:
        for bounds in spec.values.ranges:
            match = re.fullmatch(bounds.line, path[-1])
            if match and _is_within(bounds, path) and not bounds.below and not _is_sane(bounds, match):
                yield _risk(path[-1], bounds.harm, _usual(bounds))
        for pattern in spec.values.existing:
            match = re.fullmatch(pattern, path[-1])
            if match and not is_own_name(match["name"]):
                yield message("change:risk.absent", line=path[-1])
    for later in spec.values.later:
        yield from _late(later, running, tree)
    for bounds in spec.values.ranges:
        if bounds.below:
            yield from _crossed(bounds, new, tree)
    for harm in spec.values.sections:
        yield from _together(harm, running, tree)


def late_line(risk: Message) -> Message:
    """Return the line of a risk of `LATE`, or its removal, as words."""
    return message(f"change:late.{LATE[risk.id]}", line=risk.params["line"])


def _late(later: LaterEffect, running: Tree, tree: Tree) -> Iterator[Message]:
    """Yield a sentence for each new line without an effect before an event, and for each removed without another."""
    then, now = ([path for path in walk(one) if re.fullmatch(later.line, path[-1])] for one in (running, tree))
    before, after = ({path[:-1] for path in paths} for paths in (then, now))
    event = _sentence(later.event)
    for path in now:
        if path not in then and not (later.added and path[:-1] in before):
            yield message("change:risk.later", line=path[-1], event=event)
    for path in then:
        if path[:-1] not in after and not later.added:
            yield message("change:risk.later_gone", line=path[-1], event=event)


def _is_within(bounds: ValueRange, path: Path) -> bool:
    return not bounds.within or (len(path) > 1 and re.fullmatch(bounds.within, path[-2]) is not None)


def _is_sane(bounds: ValueRange, match: re.Match[str]) -> bool:
    value, limit = match["value"], match.groupdict().get("limit")
    if limit is not None and float(value) >= float(limit):
        return False
    if bounds.least is bounds.most is None:
        return value in bounds.usual or limit is not None
    if not re.fullmatch(r"-?\d+(?:\.\d+)?", value):
        return value in bounds.usual
    return (bounds.least is None or bounds.least <= float(value)) and (
        bounds.most is None or float(value) <= bounds.most
    )


def _crossed(bounds: ValueRange, new: Iterable[Path], tree: Tree) -> Iterator[Message]:
    """Yield a sentence for each section in which a number is not below the other number of the section."""
    for section in dict.fromkeys(path[:-1] for path in new):
        lines = list(subtree(tree, section))
        own = ((line, found) for line in lines if (found := re.fullmatch(bounds.line, line)))
        larger = [float(found["value"]) for line in lines if (found := re.fullmatch(bounds.below, line))]
        for line, found in own:
            if larger and float(found["value"]) >= min(larger):
                yield _risk(line, bounds.harm, message("change:usual.most", most=min(larger) - 1))


def _together(harm: SectionHarm, running: Tree, tree: Tree) -> Iterator[Message]:
    for section in walk(tree):
        if not re.fullmatch(harm.section, section[-1]) or _is_harmful(harm, subtree(running, section)):
            continue
        if _is_harmful(harm, subtree(tree, section)):
            yield message("change:risk.section", section=section[-1], harm=_sentence(harm.harm))


def _is_harmful(harm: SectionHarm, section: Tree) -> bool:
    lines = [path[-1] for path in walk(section)]
    every = all(any(re.fullmatch(pattern, line) for line in lines) for pattern in harm.lines)
    return every and not any(re.fullmatch(harm.without, line) for line in lines)


def _risk(line: str, harm: Phrase, usual: Message | None) -> Message:
    if usual is None:
        return message("change:risk.line", line=line, harm=_sentence(harm))
    return message("change:risk.value", line=line, harm=_sentence(harm), usual=usual)


def _sentence(harm: Phrase) -> Bilingual:
    return Bilingual(harm.vi, harm.en)


def _usual(bounds: ValueRange) -> Message | None:
    least, most = bounds.least, bounds.most
    if least is not None and most is not None:
        return message("change:usual.between", least=least, most=most)
    if least is not None:
        return message("change:usual.least", least=least)
    if most is not None:
        return message("change:usual.most", most=most)
    return message("change:usual.words", words=bounds.usual) if bounds.usual else None


def refuse_sums(spec: ChangeSpec, device: str, running: Tree, tree: Tree) -> None:
    """Raise RefusedError for shares of a bandwidth without a rest, if any of them is new."""
    before = frozenset(walk(running))
    for one in spec.values.sums:
        for name, paths in _shares(spec, one, tree).items():
            total = sum(float(found["value"]) for path in paths if (found := re.fullmatch(one.line, path[-1])))
            if total >= _WHOLE and not before.issuperset(paths):
                raise RefusedError(message("change:value.sum", name=name, total=total, device=device))


def _shares(spec: ChangeSpec, one: BandwidthSum, tree: Tree) -> dict[str, dict[Path, None]]:
    """Return the paths with a share by the name of their section."""
    found: dict[str, dict[Path, None]] = {}
    paths = list(walk(tree))
    for section in paths:
        match = re.fullmatch(one.section, section[-1])
        if match is None:
            continue
        own = [section, *((*section, *below) for below in walk(subtree(tree, section)))]
        named = {target for path in own for target in _named(spec, path[-1], paths)}
        shares = found.setdefault(match["name"], {})
        for path in (*own, *(path for path in paths if path in named or path[:-1] in named)):
            if matches((one.line,), path[-1]):
                shares[path] = None
    return found


def _named(spec: ChangeSpec, line: str, paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the definitions of the objects named by a line."""
    for kind in spec.values.names:
        names = {match["name"] for pattern in kind.used if (match := re.fullmatch(pattern, line))}
        if names:
            for path in paths:
                defined = (re.fullmatch(pattern, path[-1]) for pattern in kind.defined)
                if any(match["name"] in names for match in defined if match):
                    yield path
