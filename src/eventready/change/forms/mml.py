"""MML objects with parameters: a command reads an object, another command writes the object.

Tree: {"MOD CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX=3": {"TCHBUSYTHRES=60": {}}}.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.forms.form import ConfigurationForm, Parsed
from eventready.change.forms.tree import Tree, lines_of_key, significant_lines
from eventready.core.messages import Message, message
from eventready.facts.observation import Status
from eventready.facts.parsing.mml import MmlParser
from eventready.platforms.model import MmlObject

_COMMAND = re.compile(r"(?P<name>[A-Z]{2,4} [A-Z0-9_]+)\s*:\s*(?P<parameters>.*)", re.DOTALL)
_PARAMETER = re.compile(r'\s*(?P<name>[A-Z0-9_]+)\s*=\s*(?P<value>"[^";]*"\s*|[^,";]+)(?:,|$)')
_PLACE = re.compile(r"\{(\w+)\}")


class MmlForm(ConfigurationForm):
    """Operations on MML objects."""

    of_commands: ClassVar[bool] = True
    reads_plan_only: ClassVar[bool] = True

    def commands_to_read(self, fragment: Fragment | None) -> tuple[str, ...]:
        """See ConfigurationForm: a command per object of the fragment."""
        headers = fragment.tree if fragment else ()
        return tuple(dict.fromkeys(_read_command(*self._object(header)) for header in headers))

    def read(self, answers: Mapping[str, str], *, device: str) -> Configuration:
        """See ConfigurationForm. Words unsuitable for writing are omitted.

        Raises UnreadableConfiguration for an answer that is truncated, an error, or not about exactly one object.
        """
        tree: Tree = {}
        for command, answer in answers.items():
            definition = next((one for one in self.spec.objects.values() if _is_read_by(one, command)), None)
            if definition is None:
                raise UnreadableConfiguration(message("change:unread.no_object", command=command, device=device))
            header = _header(definition, dict(_keys_in(definition, command)))
            tree[header] = {f"{name}={value}": {} for name, value in _values(definition, command, answer, device)}
        return Configuration.of(tree, "".join(f"{line}\n" for line in self._commands({}, tree)))

    def _parse_template(self, text: str, origin: str | Message) -> Parsed:
        """Parse rendered `MOD` and `SET` commands. Raises FragmentError for a command without a way back."""
        tree: Tree = {}
        clean = "\n".join(line for _, line in significant_lines(text, self.spec.separators))
        *commands, rest = _split(clean)
        if rest.strip():
            raise FragmentError(message("change:mml.no_end", line=rest.strip()[:80]), where=origin)
        for command in commands:
            header, parameters = self._parsed(" ".join(command.split()), origin)
            values = tree.setdefault(header, {})
            for name, value in parameters.items():
                line = f"{name}={value}"
                for conflict in lines_of_key(values, line):
                    if conflict != line:
                        what = message("change:mml.two_values", one=conflict, name=name, value=value)
                        raise FragmentError(what, where=origin)
                values[line] = {}
        return tree, ()

    def _parsed(self, command: str, origin: str | Message) -> tuple[str, dict[str, str]]:
        match = _COMMAND.fullmatch(command)
        definition = match and next((one for one in self.spec.objects.values() if one.write == match["name"]), None)
        if not match or definition is None:
            known = ", ".join(sorted(one.write for one in self.spec.objects.values()))
            raise FragmentError(message("change:mml.unknown", command=command[:80], known=known), where=origin)
        given = _parameters(match["parameters"])
        if given is None:
            raise FragmentError(message("change:mml.parameters", command=command[:120]), where=origin)
        if missing := [key for key in definition.keys if key not in given]:
            raise FragmentError(message("change:lines.lacks", line=command[:80], missing=missing), where=origin)
        keys = {key: given.pop(key) for key in definition.keys}
        if strange := [name for name in given if name not in definition.parameters]:
            raise FragmentError(
                message(
                    "change:mml.no_old_value",
                    names=strange,
                    command=definition.write,
                    known=sorted(definition.parameters),
                ),
                where=origin,
            )
        if not given:
            raise FragmentError(message("change:mml.nothing", command=command[:80]), where=origin)
        header = _header(definition, keys)
        if dict(_keys_in(definition, _read_command(definition, keys))) != keys:
            raise FragmentError(
                message("change:mml.other_object", command=command[:80], read=_read_command(definition, keys)),
                where=origin,
            )
        return header, given

    def written(self, command: str) -> tuple[str, tuple[str, ...]] | None:
        """See ConfigurationForm."""
        try:
            tree, _removals = self._parse_template(command, "")
        except FragmentError:
            return None
        return next(((header, tuple(values)) for header, values in tree.items() if len(tree) == 1), None)

    def _object(self, header: str) -> tuple[MmlObject, dict[str, str]]:
        name, _, keys = header.partition(":")
        definition = next(one for one in self.spec.objects.values() if one.write == name)
        return definition, _parameters(keys) or {}

    def merge(self, running: Tree, fragment: Fragment) -> Tree:
        """See ConfigurationForm."""
        origin = fragment.origin
        result = {header: dict(values) for header, values in running.items()}
        for header, values in fragment.tree.items():
            known = result.get(header)
            if known is None:
                raise UnreadableConfiguration(message("change:unread.header", header=header), where=origin)
            for line in values:
                old = lines_of_key(known, line)
                if not old:
                    name = line.partition("=")[0]
                    raise UnreadableConfiguration(
                        message("change:unread.unwritable", name=name, header=header), where=origin
                    )
                if old != [line]:
                    result[header] = known = {(line if one == old[0] else one): {} for one in known}
        return result

    def _commands(self, now: Tree, then: Tree) -> Iterator[str]:
        """See ConfigurationForm: a command per different object, with the different parameters."""
        for header, values in then.items():
            different = [line for line in values if line not in now.get(header, {})]
            if different:
                yield f"{header}{',' if not header.endswith(':') else ''} {', '.join(different)};"


def _split(text: str) -> list[str]:
    """Split at semicolons outside quotes."""
    parts, start, quotes = [], 0, text.count('"')
    for place, character in enumerate(text):
        if character == '"':
            quotes -= 1
        elif character == ";" and quotes % 2 == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _parameters(text: str) -> dict[str, str] | None:
    """Return names and values, or None if the text has other parts."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text.rstrip()):
        match = _PARAMETER.match(text, position)
        if not match or match["name"] in found:
            return None
        found[match["name"]] = match["value"].rstrip()
        position = match.end()
    return found


def _header(definition: MmlObject, keys: Mapping[str, str]) -> str:
    return f"{definition.write}: {', '.join(f'{key}={keys[key]}' for key in definition.keys)}"


def _read_command(definition: MmlObject, keys: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: keys.get(place[1], place[0]), definition.read)


def _keys_in(definition: MmlObject, command: str) -> Iterator[tuple[str, str]]:
    match = _COMMAND.fullmatch(command.strip().rstrip(";"))
    given = (match and _parameters(match["parameters"])) or {}
    yield from ((key, given[key]) for key in definition.keys if key in given)


def _is_read_by(definition: MmlObject, command: str) -> bool:
    literal = [re.escape(part) for part in _PLACE.split(definition.read)[::2]]
    return re.fullmatch(r'[^,;"]+'.join(literal), command) is not None and (
        set(dict(_keys_in(definition, command))) == set(definition.keys)
    )


def _values(definition: MmlObject, command: str, answer: str, device: str) -> Iterator[tuple[str, str]]:
    reading = MmlParser(tuple(definition.parameters.values())).parse(answer)
    if reading.status not in (None, Status.PARSED) or len(reading.rows) != 1:
        reason = reading.reason or f"{len(reading.rows)} objects instead of one"
        raise UnreadableConfiguration(message("change:unread.values", device=device, command=command, reason=reason))
    row = dict(zip(reading.columns or (), reading.rows[0], strict=False))
    for name, column in definition.parameters.items():
        printed = row.get(column)
        words = definition.words.get(name)
        if printed is None or not str(printed).strip():
            continue
        text = str(printed).strip()
        value = text if words is None else words.get(text)
        if value is not None:
            yield name, value
