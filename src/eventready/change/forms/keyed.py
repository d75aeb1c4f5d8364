"""Files of `key=value`, edited in place on the device: unchanged values (secrets among them) never leave the device.

Tree: {"/etc/hostapd/wlan0.conf": {"max_num_sta=15": {}}}. A section inside a file (`bss=wlan0_1`) ends the part that
can be changed: its keys are beneath it in the tree.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.tree import Path, Tree, lines_of_key, significant_lines
from eventready.core.messages import message
from eventready.platforms.model import ChangeSpec

_FILE = re.compile(r"(?:==> )?(?P<path>/[\w./-]+)(?: <==)?")
_END = re.compile(r"==> end(?: <==)?")
_PAIR = re.compile(r"(?P<key>[A-Za-z_][\w.]*)=(?P<value>[^\\]*)")
_INNER = re.compile(r"bss=.+")
#: The commands that `commands_between` makes, and their edits.
_COMMAND = re.compile(
    r"cp -p (?P<path>/[\w./-]+) (?P=path)\.eventready && sed (?P<edits>-e .+) (?P=path) > (?P=path)\.eventready "
    r"&& mv (?P=path)\.eventready (?P=path)"
)
_KEY = r"[A-Za-z_][\w.\\]*"
_EDIT = re.compile(
    rf"s/\^{_KEY}=\.\*/(?P<key>[A-Za-z_][\w.]*)=(?P<value>(?:[^\\/&]|\\.)*)/"
    rf"|(?:/\^{_KEY}=/a|1i) (?P<new>[A-Za-z_][\w.]*)=(?P<text>.*)"
    rf"|/\^(?P<gone>{_KEY})=/d|1,/\^bss=/\{{|\}}"
)


def parse_files(spec: ChangeSpec, text: str, origin: str) -> tuple[Tree, tuple[Path, ...]]:
    """Parse a rendered template: a line with the path of the file, then `key=value` lines."""
    tree: Tree = {}
    values: Tree | None = None
    for _, line in significant_lines(text, spec.separators, volatile=spec.volatile):
        if file := _FILE.fullmatch(line):
            values = tree.setdefault(file["path"], {})
            continue
        pair = _PAIR.fullmatch(line)
        if values is None or not pair or _INNER.fullmatch(line):
            raise FragmentError(message("change:keyed.form", line=line), where=origin)
        conflict = lines_of_key(values, line)
        if conflict and conflict != [line]:
            raise FragmentError(message("change:keyed.two_values", one=conflict[0], other=line), where=origin)
        values[line] = {}
    return tree, ()


def read_files(spec: ChangeSpec, text: str, device: str) -> Tree:
    """Parse the files printed by the device, each after `==> PATH`."""
    tree: Tree = {}
    values: Tree | None = None
    for _, line in significant_lines(text, spec.separators, volatile=spec.volatile):
        if _END.fullmatch(line):
            continue
        if line.startswith("==> ") and (file := _FILE.fullmatch(line)):
            values = tree.setdefault(file["path"], {})
        elif values is None:
            raise UnreadableConfiguration(message("change:unread.before_file", device=device, line=line[:80]))
        elif _INNER.fullmatch(line):
            path = next(reversed(tree))
            values = tree[path].setdefault(line, {})
        else:
            values[line] = {}
    return tree


def merge(
    _spec: ChangeSpec, running: Tree, wanted: Tree, _removals: Iterable[Path], origins: Mapping[Path, str]
) -> Tree:
    """Return `running` with the target values. Raises FragmentError if a file is missing or a key occurs twice."""
    origin = next(iter(origins.values()), "")
    result = {path: dict(values) for path, values in running.items()}
    for path, values in wanted.items():
        if path not in result:
            raise FragmentError(message("change:keyed.no_file", path=path), where=origin)
        for line in values:
            key = line.partition("=")[0]
            old = lines_of_key(result[path], line)
            if len(old) > 1:
                raise FragmentError(message("change:keyed.repeated", key=key, times=len(old), path=path), where=origin)
            if not old:
                result[path] = _before_inner(result[path], line)
            elif old != [line]:
                result[path] = {(line if one == old[0] else one): beneath for one, beneath in result[path].items()}
    return result


def _before_inner(values: Tree, line: str) -> Tree:
    """Return the values with a new line at the end of the file's own part."""
    own = {one: beneath for one, beneath in values.items() if not _INNER.fullmatch(one)}
    inner = {one: beneath for one, beneath in values.items() if _INNER.fullmatch(one)}
    return {**own, line: {}, **inner}


def commands_between(_spec: ChangeSpec, now: Tree, then: Tree) -> Iterator[str]:
    """Yield a shell command per different file: write a new file in the same folder, then replace the old file."""
    for path, values in then.items():
        script = list(_script(now.get(path, {}), values))
        if script:
            fresh = f"{path}.eventready"
            edits = " ".join(f"-e {shlex.quote(edit)}" for edit in script)
            yield f"cp -p {path} {fresh} && sed {edits} {path} > {fresh} && mv {fresh} {path}"


def read_command(_spec: ChangeSpec, command: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the file and the `key=value` lines of a command of `commands_between`; None for any other text.

    A removed key is `key=`.
    """
    match = _COMMAND.fullmatch(command)
    if match is None:
        return None
    lines: list[str] = []
    words = shlex.split(match["edits"])
    if (
        words[::2] != ["-e"] * len(words[1::2])
        or " ".join(f"-e {shlex.quote(one)}" for one in words[1::2]) != match["edits"]
    ):
        return None
    for edit in words[1::2]:
        found = _EDIT.fullmatch(edit)
        if found is None:
            return None
        if key := found["key"] or found["new"]:
            lines.append(f"{key}={_literal(found['value'] or found['text'] or '')}")
        elif found["gone"]:
            lines.append(f"{found['gone']}=".replace("\\.", "."))
    return match["path"], tuple(lines)


def _literal(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _script(now: Tree, then: Tree) -> Iterator[str]:
    """Return the `sed` edits, limited to the file's own part (up to its first inner section)."""
    edits = list(_edits(now, then))
    if edits and any(_INNER.fullmatch(line) for line in now):
        return iter(["1,/^bss=/{", *edits, "}"])
    return iter(edits)


def _edits(now: Tree, then: Tree) -> Iterator[str]:
    anchor = ""
    for line in then:
        key, _, value = line.partition("=")
        if _INNER.fullmatch(line):
            continue
        old = lines_of_key(now, line)
        if line not in now and old:
            yield f"s/^{_pattern(key)}=.*/{key}={_replacement(value)}/"
        elif line not in now:
            # Later edits do not see appended lines: several new keys are appended after one existing key.
            escaped = line.replace("\\", "\\\\")
            yield f"/^{_pattern(anchor)}=/a {escaped}" if anchor else f"1i {escaped}"
        if len(old) == 1:
            anchor = key
    for line in now:
        key = line.partition("=")[0]
        if not _INNER.fullmatch(line) and not lines_of_key(then, line):
            yield f"/^{_pattern(key)}=/d"


def _pattern(key: str) -> str:
    return key.replace(".", r"\.")


def _replacement(value: str) -> str:
    return re.sub(r"([\\/&])", r"\\\1", value)
