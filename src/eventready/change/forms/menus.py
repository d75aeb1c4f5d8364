"""Configurations of menus with items of properties, as RouterOS exports them (`/ip route add distance=1 gateway=...`).

Tree: {"/ip route dst-address=0.0.0.0/0 gateway=10.0.0.1": {"distance=1": {}}}. An item is known by its keys; a property
with its default value is not printed. Lines of menus that the platform does not list are kept whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.configuration import Fragment
from eventready.change.forms.form import ConfigurationForm, Parsed
from eventready.change.forms.tree import Path, Tree, copy_tree, lines_of_key, significant_lines
from eventready.core.messages import Message, message
from eventready.platforms.model import Menu

_LINE = re.compile(r"(?P<menu>/[a-z][a-z0-9 -]*?)(?: (?P<verb>add|set|remove)(?: (?P<rest>.*))?)?")
_FIND = re.compile(r"\[ ?find (?P<properties>[^\[\]]*?) ?\]")
_VALUE = r'"(?:[^"\\]|\\.)*"|[^\s"]*'
_PROPERTY = re.compile(rf"(?P<name>[a-z][a-z0-9.-]*)=(?P<value>{_VALUE})(?= |$)")
_SET = re.compile(rf"![a-z][a-z0-9.-]*|[a-z][a-z0-9.-]*=(?:{_VALUE})(?= |$)")
_PLAIN = re.compile(r"[\w.:/,+*@%-]+")


class MenusForm(ConfigurationForm):
    """Operations on configurations of menus."""

    of_commands: ClassVar[bool] = True

    def _parse_printed(self, text: str, device: str) -> Tree:
        tree: Tree = {}
        for _, line in significant_lines(text, self.spec.separators, volatile=self.spec.volatile):
            match = _LINE.fullmatch(line)
            if match is None or not match["verb"]:
                raise UnreadableConfiguration(message("change:unread.no_menu", device=device, line=line[:80]))
            rule = self.spec.menus.get(match["menu"])
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

    def _parse_template(self, text: str, origin: str | Message) -> Parsed:
        tree: Tree = {}
        removals: dict[Path, None] = {}
        menu = ""
        for _, raw in significant_lines(text, self.spec.separators, self.spec.blank_insensitive, self.spec.volatile):
            match = _LINE.fullmatch(raw if raw.startswith("/") else f"{menu} {raw}")
            if match is None or match["menu"] not in self.spec.menus:
                known = ", ".join(sorted(self.spec.menus))
                raise FragmentError(message("change:menu.unknown", line=raw[:80], known=known), where=origin)
            menu = match["menu"]
            if match["verb"] is None:
                continue
            item, properties = _parsed(self.spec.menus[menu], match, origin)
            if match["verb"] == "remove":
                removals[item,] = None
            else:
                _add_values(tree.setdefault(item, {}), _lines(self.spec.menus[menu], properties), origin)
        if both := next((path for path in removals if path[0] in tree), None):
            raise FragmentError(message("change:lines.set_and_removed", line=both[0]), where=origin)
        return tree, tuple(removals)

    def merge(self, running: Tree, fragment: Fragment) -> Tree:
        """See ConfigurationForm.

        Raises FragmentError also for an item with the keys of several items, and for a removal of an ordered item above
        others: the way back adds it as the last.
        """
        wanted, removals, origins = fragment.tree, fragment.removals, fragment.origins
        result = copy_tree(running)
        for item in (*(path[0] for path in removals), *wanted):
            if f"{item} " in result:
                raise FragmentError(message("change:menu.repeated", item=item), where=origins.get((item,), ""))
        for (item,) in removals:
            rule, gone = self._rule(item), {path[0] for path in removals}
            menu = [one for one in result if self._menu(one) == self._menu(item)] if rule.ordered else []
            if item in menu and not gone.issuperset(menu[menu.index(item) :]):
                raise FragmentError(message("change:menu.ordered", item=item), where=origins.get((item,), ""))
        for (item,) in removals:
            result.pop(item, None)
        for item, values in wanted.items():
            rule = self._rule(item)
            if item not in result and rule.permanent:
                raise FragmentError(message("change:lines.not_created", line=item), where=origins.get((item,), ""))
            result[item] = _with_values(rule, result.get(item, {}), values)
            if not rule.keys and not result[item]:
                del result[item]
        return result

    def _meaning(self, tree: Tree) -> list[object]:
        ordered = [menu for menu, rule in self.spec.menus.items() if rule.ordered]
        orders = [[item for item in tree if item.startswith(f"{menu} ")] for menu in ordered]
        return [sorted((item, sorted(values)) for item, values in tree.items()), orders]

    def template(self, now: Tree, then: Tree) -> str:
        """See ConfigurationForm. No template takes a property without a default value away."""
        obsolete = [item for item in now if item not in then]
        keyed = [item for item in obsolete if self._rule(item).keys]
        lines = [f"{self._menu(item)} remove [find {' '.join(self._keys(item))}]" for item in keyed]
        for item in (*then, *(one for one in obsolete if one not in keyed)):
            before, values, rule = now.get(item, {}), then.get(item, {}), self._rule(item)
            names = {line.partition("=")[0] for line in values}
            gone = [_default(rule, name) for line in before if (name := line.partition("=")[0]) not in names]
            if item in now and values == before:
                continue
            if unset := next((one for one in gone if one.startswith("!")), ""):
                raise FragmentError(message("change:menu.no_unset", name=unset[1:], item=item))
            changed = [line for line in values if line not in before]
            verb = ["add", *self._keys(item)] if rule.keys else ["set"]
            lines.append(" ".join([self._menu(item), *verb, *changed, *gone]))
        return "".join(f"{line}\n" for line in lines)

    def _commands(self, now: Tree, then: Tree) -> Iterator[str]:
        """See ConfigurationForm: items to add and properties to set, in order, then items to remove, the last first."""
        for item in (*then, *(one for one in now if one not in then and not self._rule(one).keys)):
            rule, values = self._rule(item), then.get(item, {})
            if rule.keys and item not in now:
                yield " ".join([f"{self._menu(item)} add", *self._keys(item), *values])
                continue
            before = now.get(item, {})
            names = {line.partition("=")[0] for line in values}
            gone = [name for line in before if (name := line.partition("=")[0]) not in names]
            changed = [line for line in values if line not in before]
            changed += [_default(rule, name) for name in gone]
            if changed:
                yield " ".join([f"{self._menu(item)} set", *self._selection(item), *changed])
        for item in reversed(now):
            if item not in then and self._rule(item).keys:
                yield " ".join([f"{self._menu(item)} remove", *self._selection(item)])

    def written(self, command: str) -> tuple[str, tuple[str, ...]] | None:
        """See ConfigurationForm. A property without a new value is `name=`."""
        match = _LINE.fullmatch(command)
        rule = self.spec.menus.get(match["menu"]) if match else None
        if match is None or rule is None or not match["verb"]:
            return None
        rest = match["rest"] or ""
        if match["verb"] == "add":
            properties = _properties(rest)
            return (
                None
                if properties is None
                else (_item(rule, match["menu"], properties), tuple(_lines(rule, properties)))
            )
        find = _FIND.match(rest) if rule.keys else None
        keys = _properties(find["properties"]) if find else {}
        words = [one[0] for one in _SET.finditer(rest[find.end() if find else 0 :])]
        if keys is None or set(keys) != set(rule.keys) or " ".join([*([find[0]] if find else []), *words]) != rest:
            return None
        return _item(rule, match["menu"], keys), tuple(f"{one[1:]}=" if one.startswith("!") else one for one in words)

    def _rule(self, item: str) -> Menu:
        return self.spec.menus.get(self._menu(item), Menu())

    def _menu(self, item: str) -> str:
        """Return the listed menu of an item; empty for a line kept whole."""
        return next(
            (menu for menu in self.spec.menus if item == menu or _PROPERTY.match(item.removeprefix(f"{menu} "))), ""
        )

    def _keys(self, item: str) -> list[str]:
        return [match[0] for match in _PROPERTY.finditer(item[len(self._menu(item)) :])]

    def _selection(self, item: str) -> list[str]:
        keys = self._keys(item)
        return [f"[find {' '.join(keys)}]"] if keys else []


def _parsed(rule: Menu, match: re.Match[str], origin: str | Message) -> tuple[str, dict[str, str]]:
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
    if verb == "remove" and rule.permanent:
        raise FragmentError(message("change:menu.permanent", item=item), where=origin)
    return item, properties


def _add_values(values: Tree, lines: Iterable[str], origin: str | Message) -> None:
    """Add properties to an item in place. Raises FragmentError for a second value of a property."""
    for line in lines:
        for conflict in lines_of_key(values, line):
            if conflict != line:
                raise FragmentError(message("change:menu.two_values", one=conflict, other=line), where=origin)
        values[line] = {}


def _with_values(rule: Menu, now: Tree, values: Tree) -> Tree:
    """Return the printed properties of an item with new values."""
    names = {line.partition("=")[0] for line in values}
    lines = [line for line in now if line.partition("=")[0] not in names]
    lines += [line for line in values if not _is_default(rule, line)]
    return {line: {} for line in sorted(lines)}


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
