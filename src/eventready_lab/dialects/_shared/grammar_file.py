"""The grammar of a platform as data: prompts, sections, accepted lines, print order, the text of a healthy device.

`grammar.yaml` has the fields of a Grammar. `<NAME>` in a pattern stands for the pattern of this name under `patterns`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from eventready_lab.device.configuration.grammar import AcceptedLine, Grammar, Section, as_entered, numbers
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.state import DeviceState
from eventready_lab.dialects._shared.templated import Templates, read_yaml

Key = Callable[[str], tuple[int, ...]]
Interpret = Callable[[str, Tree, str], AcceptedLine | None]
_LISTS = ("top_level", "single", "defaults", "negatives", "permanent")
_BY_MODE = ("accepts", "accepts_negated", "order")


@dataclass(frozen=True)
class GrammarFile:
    """The content of a `grammar.yaml`.

    prompts: by mode. initial: the text of a healthy device. tables: further data for the effects of lines.
    """

    grammar: Grammar
    prompts: Mapping[str, str]
    initial: Callable[[DeviceState], str]
    tables: Mapping[str, Any]


def load_grammar(
    package: str,
    *,
    base: Grammar | None = None,
    interpret: Interpret | None = None,
    keys: Mapping[str, Key] | None = None,
    **helpers: Any,
) -> GrammarFile:
    """Return the grammar of a dialect's package, behind the lines of `base` if given.

    interpret: the effect of lines with further effects. keys: sort keys by name. helpers: names in the template.
    """
    content = read_yaml(package, "grammar.yaml")
    prompts, initial, tables = content.pop("prompts", {}), content.pop("initial", ""), content.pop("tables", {})
    templates = Templates("", helpers)
    grammar = _grammar(content, base or Grammar(), {"as_entered": as_entered, "numbers": numbers, **(keys or {})})
    grammar = replace(grammar, interpret=interpret) if interpret else grammar
    return GrammarFile(grammar, prompts, lambda state: templates.text(initial, state), tables)


def _grammar(content: dict[str, Any], base: Grammar, keys: Mapping[str, Key]) -> Grammar:
    known = _patterns(content.pop("patterns", {}))
    filled = _filled(content, known)
    given: dict[str, Any] = {name: (*getattr(base, name), *filled.pop(name, ())) for name in _LISTS}
    for name in _BY_MODE:
        old, new = getattr(base, name), filled.pop(name, {})
        given[name] = {**old, **{mode: (*old.get(mode, ()), *lines) for mode, lines in new.items()}}
    given["sections"] = (*base.sections, *(Section(**section) for section in filled.pop("sections", ())))
    given["requires"] = (*base.requires, *(tuple(one) for one in filled.pop("requires", ())))
    given["keys"] = {**base.keys, **{pattern: keys[name] for pattern, name in filled.pop("keys", {}).items()}}
    given["absent_messages"] = {**base.absent_messages, **filled.pop("absent_messages", {})}
    return replace(base, **given, **filled)


def _patterns(given: Mapping[str, str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for name, pattern in given.items():
        known[name] = _filled(pattern, known)
    return known


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    """Replace each `<NAME>` in a value by its pattern."""
    if isinstance(value, str):
        return re.sub(r"<([A-Z][A-Z_]+)>", lambda name: known[name[1]], value)
    if isinstance(value, list):
        return [_filled(one, known) for one in value]
    if isinstance(value, dict):
        return {_filled(key, known): _filled(one, known) for key, one in value.items()}
    return value
