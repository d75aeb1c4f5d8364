"""MML: objects with parameters, read with one command each and written with another.

Tree: {"MOD CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX=3": {"TCHBUSYTHRES=60": {}}}.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.tree import Tree, lines_of
from eventready.facts.mml import Report
from eventready.facts.observation import Status
from eventready.platforms.model import ChangeSpec, MmlObject

_COMMAND = re.compile(r"(?P<name>[A-Z]{2,4} [A-Z0-9_]+)\s*:\s*(?P<parameters>.*)", re.DOTALL)
_PARAMETER = re.compile(r'\s*(?P<name>[A-Z0-9_]+)\s*=\s*(?P<value>"[^";]*"|[^,";]+?)\s*(?:,|$)')
_PLACE = re.compile(r"\{(\w+)\}")


def parse_commands(spec: ChangeSpec, text: str, origin: str) -> Tree:
    """The tree of rendered `MOD` and `SET` commands. Raises FragmentError for what has no way back."""
    tree: Tree = {}
    clean = "\n".join(line for _, line in lines_of(text, spec.separators))
    *commands, rest = _split(clean)
    if rest.strip():
        raise FragmentError(f"`{rest.strip()[:80]}` does not end with ;", where=origin)
    for command in commands:
        header, parameters = _parsed(spec, " ".join(command.split()), origin)
        values = tree.setdefault(header, {})
        for name, value in parameters.items():
            rival = next((one for one in values if one.partition("=")[0] == name), None)
            if rival not in (None, f"{name}={value}"):
                raise FragmentError(f"`{rival}` and `{name}={value}` are two values of one parameter", where=origin)
            values[f"{name}={value}"] = {}
    return tree


def _split(text: str) -> list[str]:
    """Parts between semicolons that stand outside quotes."""
    return re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', text)


def _parsed(spec: ChangeSpec, command: str, origin: str) -> tuple[str, dict[str, str]]:
    match = _COMMAND.fullmatch(command)
    thing = match and next((one for one in spec.objects.values() if one.write == match["name"]), None)
    if not match or thing is None:
        known = ", ".join(sorted(one.write for one in spec.objects.values()))
        raise FragmentError(
            f"`{command[:80]}` is no command whose old values can be read", where=origin, do=f"There are: {known}."
        )
    given = _parameters(match["parameters"])
    if given is None:
        raise FragmentError(f"the parameters of `{command[:120]}` cannot be read", where=origin)
    if missing := [key for key in thing.keys if key not in given]:
        raise FragmentError(f"`{command[:80]}` does not say {', '.join(missing)}", where=origin)
    keys = {key: given.pop(key) for key in thing.keys}
    if strange := [name for name in given if name not in thing.parameters]:
        raise FragmentError(
            f"the old value of {', '.join(strange)} in {thing.write} cannot be read, so there is no way back",
            where=origin,
            do=f"Parameters that can be read: {', '.join(sorted(thing.parameters))}.",
        )
    if not given:
        raise FragmentError(f"`{command[:80]}` changes nothing", where=origin)
    header = _header(thing, keys)
    if dict(_keys_in(thing, _read_command(thing, keys))) != keys:
        raise FragmentError(
            f"`{command[:80]}` names another object than `{_read_command(thing, keys)}` reads", where=origin
        )
    return header, given


def _parameters(text: str) -> dict[str, str] | None:
    """Names and values, or None when something is left over."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text.rstrip()):
        match = _PARAMETER.match(text, position)
        if not match or match["name"] in found:
            return None
        found[match["name"]] = match["value"]
        position = match.end()
    return found


def _header(thing: MmlObject, keys: Mapping[str, str]) -> str:
    return f"{thing.write}: {', '.join(f'{key}={keys[key]}' for key in thing.keys)}"


def _read_command(thing: MmlObject, keys: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: keys.get(place[1], place[0]), thing.read)


def _keys_in(thing: MmlObject, command: str) -> Iterator[tuple[str, str]]:
    """The keys that a read command names."""
    match = _COMMAND.fullmatch(command.strip().rstrip(";"))
    given = (match and _parameters(match["parameters"])) or {}
    yield from ((key, given[key]) for key in thing.keys if key in given)


def read_commands(spec: ChangeSpec, tree: Tree) -> tuple[str, ...]:
    """What reads the objects of `tree`, each once."""
    return tuple(dict.fromkeys(_read_command(*_object(spec, header)) for header in tree))


def _object(spec: ChangeSpec, header: str) -> tuple[MmlObject, dict[str, str]]:
    name, _, keys = header.partition(":")
    thing = next(one for one in spec.objects.values() if one.write == name)
    return thing, _parameters(keys) or {}


def read_objects(spec: ChangeSpec, answers: Mapping[str, str], device: str) -> Tree:
    """Every parameter that the answers tell. A word that could not be written back counts as not told.

    Raises UnreadableConfiguration when an answer is cut off, is a refusal, or is not about one object.
    """
    tree: Tree = {}
    for command, answer in answers.items():
        thing = next((one for one in spec.objects.values() if _is_read_by(one, command)), None)
        if thing is None:
            raise UnreadableConfiguration(f"`{command}` of {device} reads no object that can be changed")
        header = _header(thing, dict(_keys_in(thing, command)))
        tree[header] = {f"{name}={value}": {} for name, value in _values(thing, command, answer, device)}
    return tree


def _is_read_by(thing: MmlObject, command: str) -> bool:
    literal = [re.escape(part) for part in _PLACE.split(thing.read)[::2]]
    return re.fullmatch(r'[^,;"]+'.join(literal), command) is not None and (
        set(dict(_keys_in(thing, command))) == set(thing.keys)
    )


def _values(thing: MmlObject, command: str, answer: str, device: str) -> Iterator[tuple[str, str]]:
    reading = Report(tuple(thing.parameters.values())).read(answer)
    if reading.status not in (None, Status.PARSED) or len(reading.rows) != 1:
        reason = reading.reason or f"{len(reading.rows)} objects came instead of one"
        raise UnreadableConfiguration(
            f"{device} does not tell its present values with `{command}`: {reason}",
            do="Without the old values there is no way back.",
        )
    row = dict(zip(reading.columns or (), reading.rows[0], strict=False))
    for name, column in thing.parameters.items():
        printed = row.get(column)
        words = thing.words.get(name)
        if printed is None or not str(printed).strip():
            continue
        text = str(printed).strip()
        value = text if words is None else words.get(text)
        if value is not None:
            yield name, value


def merge(running: Tree, wanted: Tree, origin: str = "") -> Tree:
    """`running` with the wanted values. Raises UnreadableConfiguration where an old value is not known."""
    result = {header: dict(values) for header, values in running.items()}
    for header, values in wanted.items():
        known = result.get(header)
        if known is None:
            raise UnreadableConfiguration(f"the present values of `{header}` were not read", where=origin)
        for line in values:
            name = line.partition("=")[0]
            old = next((one for one in known if one.partition("=")[0] == name), None)
            if old is None:
                raise UnreadableConfiguration(
                    f"the element does not tell the present {name} of `{header}` in words that can be written back",
                    where=origin,
                    do="Without the old value there is no way back: leave the parameter out.",
                )
            if old != line:
                result[header] = known = {(line if one == old else one): {} for one in known}
    return result


def way(now: Tree, then: Tree) -> Iterator[str]:
    """One command for each object that differs, with the parameters that differ."""
    for header, values in then.items():
        different = [line for line in values if line not in now.get(header, {})]
        if different:
            yield f"{header}{',' if not header.endswith(':') else ''} {', '.join(different)};"


def text_of(tree: Tree) -> str:
    """The values as one command for each object."""
    return "".join(f"{line}\n" for line in way({}, tree))
