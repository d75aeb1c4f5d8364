"""Files of `key=value`, changed where they lie: what is not changed never leaves the device, secrets least of all.

Tree: {"/etc/hostapd/wlan0.conf": {"max_num_sta=15": {}}}. A section inside a file (`bss=wlan0_1`) ends what can be
changed: its keys stand beneath it in the tree.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.tree import Tree, lines_of
from eventready.platforms.model import ChangeSpec

_FILE = re.compile(r"(?:==> )?(?P<path>/[\w./-]+)(?: <==)?")
_END = re.compile(r"==> end(?: <==)?")
_PAIR = re.compile(r"(?P<key>[A-Za-z_][\w.]*)=(?P<value>[^\\]*)")
_INNER = re.compile(r"bss=.+")


def parse_files(spec: ChangeSpec, text: str, origin: str) -> Tree:
    """The tree of a rendered template: a line with the file's path, and `key=value` lines under it."""
    tree: Tree = {}
    values: Tree | None = None
    for _, line in lines_of(text, spec.separators, volatile=spec.volatile):
        if file := _FILE.fullmatch(line):
            values = tree.setdefault(file["path"], {})
            continue
        pair = _PAIR.fullmatch(line)
        if values is None or not pair or _INNER.fullmatch(line):
            raise FragmentError(f"`{line}` is no key=value under a file's path", where=origin)
        rival = _of_key(values, pair["key"])
        if rival and rival != [line]:
            raise FragmentError(f"`{rival[0]}` and `{line}` are two values of one key", where=origin)
        values[line] = {}
    return tree


def read_files(spec: ChangeSpec, text: str, device: str) -> Tree:
    """The tree of all files that the device printed, each after `==> PATH`."""
    tree: Tree = {}
    values: Tree | None = None
    for _, line in lines_of(text, spec.separators, volatile=spec.volatile):
        if _END.fullmatch(line):
            continue
        if line.startswith("==> ") and (file := _FILE.fullmatch(line)):
            values = tree.setdefault(file["path"], {})
        elif values is None:
            raise UnreadableConfiguration(f"`{line[:80]}` came from {device} before the name of a file")
        elif _INNER.fullmatch(line):
            path = next(reversed(tree))
            values = tree[path].setdefault(line, {})
        else:
            values[line] = {}
    return tree


def merge(running: Tree, wanted: Tree, origin: str = "") -> Tree:
    """`running` with the wanted values. Raises FragmentError where a file is missing or a key stands twice."""
    result = {path: dict(values) for path, values in running.items()}
    for path, values in wanted.items():
        if path not in result:
            raise FragmentError(f"the device has no {path}", where=origin, do="Correct the name of the file.")
        for line in values:
            key = line.partition("=")[0]
            old = _of_key(result[path], key)
            if len(old) > 1:
                raise FragmentError(f"{key} stands {len(old)} times in {path}", where=origin, do="Leave it out.")
            if not old:
                result[path] = _before_inner(result[path], line)
            elif old != [line]:
                result[path] = {(line if one == old[0] else one): beneath for one, beneath in result[path].items()}
    return result


def _of_key(values: Tree, key: str) -> list[str]:
    return [line for line in values if line.partition("=")[0] == key]


def _before_inner(values: Tree, line: str) -> Tree:
    """The values with a new one at the end of the file's own part."""
    own = {one: beneath for one, beneath in values.items() if not _INNER.fullmatch(one)}
    inner = {one: beneath for one, beneath in values.items() if _INNER.fullmatch(one)}
    return {**own, line: {}, **inner}


def way(now: Tree, then: Tree) -> Iterator[str]:
    """One shell command for each file that differs: written whole beside it, then put in its place."""
    for path, values in then.items():
        script = list(_script(now.get(path, {}), values))
        if script:
            fresh = f"{path}.eventready"
            edits = " ".join(f"-e {shlex.quote(edit)}" for edit in script)
            yield f"cp -p {path} {fresh} && sed {edits} {path} > {fresh} && mv {fresh} {path}"


def _script(now: Tree, then: Tree) -> Iterator[str]:
    """The edits for `sed`, on the file's own part only (up to its first inner section)."""
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
        old = _of_key(now, key)
        if line not in now and old:
            yield f"s/^{_pattern(key)}=.*/{key}={_replacement(value)}/"
        elif line not in now:
            # What is appended is not seen by later edits: several new keys hang on one that is there.
            told = line.replace("\\", "\\\\")
            yield f"/^{_pattern(anchor)}=/a {told}" if anchor else f"1i {told}"
        if len(old) == 1:
            anchor = key
    for line in now:
        key = line.partition("=")[0]
        if not _INNER.fullmatch(line) and not _of_key(then, key):
            yield f"/^{_pattern(key)}=/d"


def _pattern(key: str) -> str:
    return key.replace(".", r"\.")


def _replacement(value: str) -> str:
    return re.sub(r"([\\/&])", r"\\\1", value)
