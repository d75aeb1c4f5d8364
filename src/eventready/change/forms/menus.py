"""Configurations of menus with items of properties, as RouterOS exports them (`/ip route add distance=1 gateway=...`).

Tree: {"/ip route dst-address=0.0.0.0/0 gateway=10.0.0.1": {"distance=1": {}}}. An item is known by its keys; a property
with its default value is not printed. Lines of menus that the platform does not list are kept whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.tree import Path, Tree, copy_tree, lines_of_key, significant_lines
from eventready.core.messages import message
from eventready.platforms.model import ChangeSpec, Menu

_LINE = re.compile(r"(?P<menu>/[a-z][a-z0-9 -]*?)(?: (?P<verb>add|set|remove)(?: (?P<rest>.*))?)?")
_FIND = re.compile(r"\[ ?find (?P<properties>[^\[\]]*?) ?\]")
_VALUE = r'"(?:[^"\\]|\\.)*"|[^\s"]*'
_PROPERTY = re.compile(rf"(?P<name>[a-z][a-z0-9.-]*)=(?P<value>{_VALUE})(?= |$)")
_SET = re.compile(rf"![a-z][a-z0-9.-]*|[a-z][a-z0-9.-]*=(?:{_VALUE})(?= |$)")
_PLAIN = re.compile(r"[\w.:/,+*@%-]+")


def parse_menus(spec: ChangeSpec, text: str, origin: str) -> tuple[Tree, tuple[Path, ...]]:
    """Parse a rendered template: items to have, with their properties, and items to remove. Raises FragmentError."""
    tree: Tree = {}
    removals: dict[Path, None] = {}
    menu = ""
    for _, raw in significant_lines(text, spec.separators, spec.blank_insensitive, spec.volatile):
        match = _LINE.fullmatch(raw if raw.startswith("/") else f"{menu} {raw}")
        if match is None or match["menu"] not in spec.menus:
            known = ", ".join(sorted(spec.menus))
            raise FragmentError(message("change:menu.unknown", line=raw[:80], known=known), where=origin)
        menu = match["menu"]
        if match["verb"] is None:
            continue
        item, properties = _parsed(spec.menus[menu], match, origin)
        if match["verb"] == "remove":
            removals[item,] = None
        else:
            _add_values(tree.setdefault(item, {}), _lines(spec.menus[menu], properties), origin)
    if both := next((path for path in removals if path[0] in tree), None):
        raise FragmentError(message("change:lines.set_and_removed", line=both[0]), where=origin)
    return tree, tuple(removals)


def _parsed(rule: Menu, match: re.Match[str], origin: str) -> tuple[str, dict[str, str]]:
    """Return the item of a template's line, and its properties. Raises FragmentError."""
    verb, rest = match["verb"], match["rest"] or ""
    find = _FIND.fullmatch(rest) if verb == "remove" else None
    properties = _properties(find["properties"] if find else rest)
    if properties is None or (verb == "remove") is (find is None) or (verb == "set") is bool(rule.keys):
        forms = ["`add`", "`remove [find ...]`"] if rule.keys else ["`set`"]
        raise FragmentError(
            message("change:menu.form", line=match[0][:120], menu=match["menu"], forms=forms), where=origin
        )
    if missing := [key for key in rule.keys if key not in properties and key not in rule.defaults]:
        raise FragmentError(message("change:lines.lacks", line=match[0][:120], missing=missing), where=origin)
    if strange := [name for name in properties if name not in rule.keys and name not in rule.defaults]:
        raise FragmentError(
            message("change:menu.no_default", names=strange, menu=match["menu"], known=sorted(rule.defaults)),
            where=origin,
        )
    item = _item(rule, match["menu"], properties)
    if verb == "remove" and (rule.ordered or rule.permanent):
        msgid = "change:menu.ordered" if rule.ordered else "change:menu.permanent"
        raise FragmentError(message(msgid, item=item), where=origin)
    return item, properties


def _add_values(values: Tree, lines: Iterable[str], origin: str) -> None:
    """Add properties to an item in place. Raises FragmentError for a second value of a property."""
    for line in lines:
        for conflict in lines_of_key(values, line):
            if conflict != line:
                raise FragmentError(message("change:menu.two_values", one=conflict, other=line), where=origin)
        values[line] = {}


def read_menus(spec: ChangeSpec, text: str, device: str) -> Tree:
    """Parse the export of a device. Raises UnreadableConfiguration for an unknown line."""
    tree: Tree = {}
    for _, line in significant_lines(text, spec.separators, volatile=spec.volatile):
        match = _LINE.fullmatch(line)
        if match is None or not match["verb"]:
            raise UnreadableConfiguration(message("change:unread.no_menu", device=device, line=line[:80]))
        rule = spec.menus.get(match["menu"])
        properties = (
            _properties(match["rest"] or "") if rule and (match["verb"] == "set") is not bool(rule.keys) else None
        )
        if rule is None or properties is None:
            tree[line] = {}
            continue
        item = _item(rule, match["menu"], properties)
        while item in tree:  # a second item with the same keys cannot be told apart: it is never changed
            item += " "
        tree[item] = {one: {} for one in _lines(rule, properties) if not _is_default(rule, one)}
    return tree


def merge(spec: ChangeSpec, running: Tree, wanted: Tree, removals: Iterable[Path], origins: Mapping[Path, str]) -> Tree:
    """Return the configuration after the device has the items and properties of a fragment.

    Raises FragmentError for an item that cannot be created, or that several items have the keys of.
    """
    result = copy_tree(running)
    for item in (*(path[0] for path in removals), *wanted):
        if f"{item} " in result:
            raise FragmentError(message("change:menu.repeated", item=item), where=origins.get((item,), ""))
    for (item,) in removals:
        result.pop(item, None)
    for item, values in wanted.items():
        rule = _rule(spec, item)
        if item not in result and rule.permanent:
            raise FragmentError(message("change:lines.not_created", line=item), where=origins.get((item,), ""))
        result[item] = _with_values(rule, result.get(item, {}), values)
        if not rule.keys and not result[item]:
            del result[item]
    return result


def _with_values(rule: Menu, now: Tree, values: Tree) -> Tree:
    """Return the printed properties of an item with new values."""
    names = {line.partition("=")[0] for line in values}
    lines = [line for line in now if line.partition("=")[0] not in names]
    lines += [line for line in values if not _is_default(rule, line)]
    return {line: {} for line in sorted(lines)}


def meaning(spec: ChangeSpec, tree: Tree) -> list[object]:
    """Return the items, their properties and the significant orders, for a fingerprint."""
    ordered = [menu for menu, rule in spec.menus.items() if rule.ordered]
    orders = [[item for item in tree if item.startswith(f"{menu} ")] for menu in ordered]
    return [sorted((item, sorted(values)) for item, values in tree.items()), orders]


def commands_between(spec: ChangeSpec, now: Tree, then: Tree) -> Iterator[str]:
    """Yield the commands: items to add and properties to set, in order, then items to remove, the last first."""
    for item in (*then, *(one for one in now if one not in then and not _rule(spec, one).keys)):
        rule, values = _rule(spec, item), then.get(item, {})
        if rule.keys and item not in now:
            yield " ".join([f"{_menu(spec, item)} add", *_keys(spec, item), *values])
            continue
        before = now.get(item, {})
        names = {line.partition("=")[0] for line in values}
        gone = [name for line in before if (name := line.partition("=")[0]) not in names]
        changed = [line for line in values if line not in before]
        changed += [_default(rule, name) for name in gone]
        if changed:
            yield " ".join([f"{_menu(spec, item)} set", *_selection(spec, item), *changed])
    for item in reversed(now):
        if item not in then and _rule(spec, item).keys:
            yield " ".join([f"{_menu(spec, item)} remove", *_selection(spec, item)])


def read_command(spec: ChangeSpec, command: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the item and the properties of a command of `commands_between`; None for any other text.

    A property that goes back to no value is `name=`.
    """
    match = _LINE.fullmatch(command)
    rule = spec.menus.get(match["menu"]) if match else None
    if match is None or rule is None or not match["verb"]:
        return None
    rest = match["rest"] or ""
    if match["verb"] == "add":
        properties = _properties(rest)
        return None if properties is None else (_item(rule, match["menu"], properties), tuple(_lines(rule, properties)))
    find = _FIND.match(rest) if rule.keys else None
    keys = _properties(find["properties"]) if find else {}
    words = [one[0] for one in _SET.finditer(rest[find.end() if find else 0 :])]
    if keys is None or set(keys) != set(rule.keys) or " ".join([*_found(find), *words]) != rest:
        return None
    return _item(rule, match["menu"], keys), tuple(f"{one[1:]}=" if one.startswith("!") else one for one in words)


def _found(find: re.Match[str] | None) -> list[str]:
    return [find[0]] if find else []


def _rule(spec: ChangeSpec, item: str) -> Menu:
    return spec.menus.get(_menu(spec, item), Menu())


def _menu(spec: ChangeSpec, item: str) -> str:
    """Return the listed menu of an item; empty for a line kept whole."""
    return next((menu for menu in spec.menus if item == menu or _PROPERTY.match(item.removeprefix(f"{menu} "))), "")


def _keys(spec: ChangeSpec, item: str) -> list[str]:
    return [match[0] for match in _PROPERTY.finditer(item[len(_menu(spec, item)) :])]


def _selection(spec: ChangeSpec, item: str) -> list[str]:
    keys = _keys(spec, item)
    return [f"[find {' '.join(keys)}]"] if keys else []


def _item(rule: Menu, menu: str, properties: Mapping[str, str]) -> str:
    """Return the name of an item in the tree: its menu and its keys."""
    keys = [f"{key}={_quoted(properties.get(key, rule.defaults.get(key) or ''))}" for key in rule.keys]
    return " ".join([menu, *keys])


def _properties(text: str) -> dict[str, str] | None:
    """Return names and unquoted values; None if the text has other parts."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text.rstrip()):
        match = _PROPERTY.match(text, position)
        if match is None or match["name"] in found:
            return None
        value = match["value"]
        found[match["name"]] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        position = match.end() + 1
    return found


def _lines(rule: Menu, properties: Mapping[str, str]) -> list[str]:
    return [f"{name}={_quoted(value)}" for name, value in properties.items() if name not in rule.keys]


def _default(rule: Menu, name: str) -> str:
    """Return the word for the default of a property."""
    value = rule.defaults.get(name)
    return f"!{name}" if value is None else f"{name}={_quoted(value)}"


def _is_default(rule: Menu, line: str) -> bool:
    name = line.partition("=")[0]
    return name in rule.defaults and line == _default(rule, name)


def _quoted(value: str) -> str:
    """Return a value as a single word; characters with a meaning for the console are escaped."""
    return value if _PLAIN.fullmatch(value) else '"' + re.sub(r'([\\"$?])', r"\\\1", value) + '"'
