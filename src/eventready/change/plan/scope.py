"""Sections of a configuration on which a plan depends: written, read, and named by these. Other sections may drift.

A reference is recognised without the platform's grammar: a section belongs to the plan if its first line has a name, a
number after the same word, or the number of an object, that a line of the plan's sections has too. So more sections
belong to a plan than it needs, and not fewer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from eventready.change.document import PlannedDevice
from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.tree import Tree, identical, walk
from eventready.core.errors import EventreadyError
from eventready.store.change_steps import Drift

#: Digits of a digest in a plan: two sections of a device do not share them by chance.
_DIGITS = 12

_SPLIT = re.compile(r"[\s=,]+")
_KEYWORD = re.compile(r"[a-z][a-z-]*")
_MASK = re.compile(r"(?:0|255)\.\d+\.\d+\.\d+(?:/\d+)?|::/0")
#: Words that are never the name of an object.
_ACTIONS = frozenset(
    (
        *("permit", "deny", "any", "seq", "index", "rule", "match-any", "match-all"),
        *("in", "out", "input", "output", "inbound", "outbound"),
    )
)
_FREE_TEXT = re.compile(r"(?:description|remark|comment)\b")

#: A word, or two words in a row.
_Name: TypeAlias = "str | tuple[str, str]"


def planned_scope(
    form: ConfigurationForm, running: Tree, target: Tree, fragment: Fragment
) -> tuple[str, dict[str, str]]:
    """Return the hash of the sections of a plan, and the digests of all others (of the first line: of the section).

    Both are empty for a form in which the whole reading belongs to the plan.
    """
    if form.reads_plan_only:
        return "", {}
    sections, own = form.sections(running), _own_sections(form, running, target, fragment)
    return _hash(sections, own), {
        _digest(name): _digest([name, _nested(beneath)]) for name, beneath in sections.items() if name not in own
    }


def drift_since(
    form: ConfigurationForm,
    running: Configuration,
    fragment: Fragment,
    planned: PlannedDevice,
    target: Callable[[Tree], Tree],
) -> Drift | None:
    """Return the drift since the plan, empty for the planned configuration; None if the plan is outdated.

    `target` returns the target tree of the present tree.
    """
    if running.sha256 == planned.before:
        return Drift()
    try:
        return unrelated_drift(form, running.tree, target(running.tree), fragment, planned)
    except EventreadyError:  # the fragment may no longer fit
        return None


def unrelated_drift(
    form: ConfigurationForm, running: Tree, target: Tree, fragment: Fragment, planned: PlannedDevice
) -> Drift | None:
    """Return the drift of a configuration since the plan; None if a section of the plan has changed."""
    outside = planned.outside
    sections, own = form.sections(running), _own_sections(form, running, target, fragment)
    if not planned.scope or _hash(sections, own) != planned.scope:
        return None
    found = {_digest(name): name for name in sections if name not in own}
    changed = [
        name
        for key, name in found.items()
        if key in outside and outside[key] != _digest([name, _nested(sections[name])])
    ]
    new = [name for key, name in found.items() if key not in outside]
    return Drift(tuple(changed), tuple(new), len(outside.keys() - found.keys()))


def restored(running: Tree, new: Tree, old: Tree) -> Tree:
    """Return a running configuration with the change from `old` to `new` undone, and every other section kept."""
    if identical(running, new):
        return old
    changed = {
        line for line in {**new, **old} if line not in new or line not in old or not identical(new[line], old[line])
    }
    kept = {
        line: old[line] if line in changed else beneath
        for line, beneath in running.items()
        if line not in changed or line in old
    }
    return {**kept, **{line: beneath for line, beneath in old.items() if line in changed and line not in kept}}


def _own_sections(form: ConfigurationForm, running: Tree, target: Tree, fragment: Fragment) -> frozenset[str]:
    """Return the sections written or read by a plan, and the sections named by these."""
    now, then = form.sections(running), form.sections(target)
    read = {*form.sections(fragment.tree), *form.sections({path[0]: {} for path in fragment.removals})}
    written = {name for name in {**now, **then} if _nested(now.get(name)) != _nested(then.get(name))}
    own = written | (read & (now.keys() | then.keys()))
    named = _by_token(now)
    waiting = list(own)
    while waiting:
        name = waiting.pop()
        for tokens in (_uses(name, tree[name]) for tree in (now, then) if name in tree):
            for token in tokens & named.keys():
                waiting += named[token] - own
                own |= named.pop(token)
    return frozenset(own & now.keys())


def _by_token(sections: Mapping[str, Tree]) -> dict[_Name, set[str]]:
    found: defaultdict[_Name, set[str]] = defaultdict(set)
    for name, beneath in sections.items():
        for token in _names(name, is_section=bool(beneath)):
            found[token].add(name)
    return dict(found)


def _names(line: str, *, is_section: bool) -> Iterator[_Name]:
    """Yield the tokens by which other lines name a section with this first line."""
    words = _words(line)
    if len(words) == 1:
        yield line
    for at, word in enumerate(words[1:], 1):
        keyword = _KEYWORD.fullmatch(word) is not None
        if word in _ACTIONS:
            continue
        if not (at == 1 and keyword) and words[at - 1] not in _ACTIONS:
            yield words[at - 1], word
        if word.isdecimal():
            yield from [word] if at <= 2 else []
        elif not _MASK.fullmatch(word) and (not keyword or (is_section and not _is_kind(words, at))):
            yield word


def _is_kind(words: Sequence[str], at: int) -> bool:
    """Return True for a word of a numbered kind of section: `sla` of `ip sla 10`."""
    return at == 1 and len(words) > 2 and words[2].isdecimal()


def _uses(name: str, beneath: Tree) -> set[_Name]:
    """Return the names in the lines of a section. The first words of its own line are of its kind, and name nothing."""
    words = _words(name)
    named = [(at, word) for at, word in enumerate(words) if at > 2 or not _KEYWORD.fullmatch(word)]
    found: set[_Name] = {word for _at, word in named} | {(words[at - 1], word) for at, word in named if at}
    for line in (path[-1] for path in walk(beneath)):
        if not _FREE_TEXT.match(line):
            words = _words(line)
            found.update(words)
            found.update(pairwise(words))
    return found


def _words(line: str) -> list[str]:
    return [word.strip("'\"[](){}") for word in _SPLIT.split(line)]


def _hash(sections: Mapping[str, Tree], own: Iterable[str]) -> str:
    return hashlib.sha256(_json([[name, _nested(sections[name])] for name in sorted(own)])).hexdigest()


def _digest(value: object) -> str:
    return hashlib.sha256(_json(value)).hexdigest()[:_DIGITS]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _nested(tree: Tree | None) -> list[object] | None:
    """Return a section with the order of its lines; None for an absent section."""
    return None if tree is None else [[line, _nested(beneath)] for line, beneath in tree.items()]
