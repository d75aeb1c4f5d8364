"""Files of `key=value`, edited in place on the device: unchanged values (secrets among them) never leave the device.

Tree: {"/etc/hostapd/wlan0.conf": {"max_num_sta=15": {}}}. A template removes a key by no value (`max_num_sta=`). A
section inside a file (`bss=wlan0_1`) ends the part that can be changed: its keys are beneath it in the tree.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.configuration import Fragment
from eventready.change.forms.form import ConfigurationForm, Parsed
from eventready.change.forms.tree import Path, Tree, lines_of_key, significant_lines
from eventready.core.messages import Message, message

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


class KeyedForm(ConfigurationForm):
    """Operations on files of `key=value`."""

    def depth(self, raw: str) -> int:
        """See ConfigurationForm: a line with a path is a file, all others are its values."""
        return 0 if raw.strip().startswith(("/", "==>")) else 1

    def _parse_printed(self, text: str, device: str) -> Tree:
        tree: Tree = {}
        values: Tree | None = None
        for _, line in significant_lines(text, self.spec.separators, volatile=self.spec.volatile):
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

    def _parse_template(self, text: str, origin: str | Message) -> Parsed:
        tree: Tree = {}
        removals: list[Path] = []
        values: Tree | None = None
        for _, line in significant_lines(text, self.spec.separators, volatile=self.spec.volatile):
            if file := _FILE.fullmatch(line):
                path = file["path"]
                values = tree.setdefault(path, {})
                continue
            pair = _PAIR.fullmatch(line)
            if values is None or not pair or _INNER.fullmatch(line):
                raise FragmentError(message("change:keyed.form", line=line), where=origin)
            conflict = lines_of_key(values, line)
            if conflict and conflict != [line]:
                raise FragmentError(message("change:keyed.two_values", one=conflict[0], other=line), where=origin)
            if pair["value"]:
                values[line] = {}
            else:
                removals.append((path, line))
        if both := self._set_and_removed(tree, removals):
            raise FragmentError(message("change:keyed.two_values", one=both[0], other=both[1][-1]), where=origin)
        return tree, tuple(dict.fromkeys(removals))

    def _set_and_removed(self, tree: Tree, removals: Iterable[Path]) -> tuple[str, Path] | None:
        return next(((line, gone) for gone in removals for line in lines_of_key(tree.get(gone[0], {}), gone[-1])), None)

    def merge(self, running: Tree, fragment: Fragment) -> Tree:
        """See ConfigurationForm. Raises FragmentError also for a repeated key."""
        result = {path: dict(values) for path, values in running.items()}
        wanted = {path: list(values) for path, values in fragment.tree.items()}
        for path, line in fragment.removals:
            wanted.setdefault(path, []).append(line)
        for path, values in wanted.items():
            if path not in result:
                raise FragmentError(message("change:keyed.no_file", path=path), where=fragment.origin)
            for line in values:
                key = line.partition("=")[0]
                old = lines_of_key(result[path], line)
                if len(old) > 1:
                    raise FragmentError(
                        message("change:keyed.repeated", key=key, times=len(old), path=path), where=fragment.origin
                    )
                if (path, line) in fragment.removals:
                    result[path] = {one: beneath for one, beneath in result[path].items() if one not in old}
                elif not old:
                    result[path] = _before_inner(result[path], line)
                elif old != [line]:
                    result[path] = {(line if one == old[0] else one): beneath for one, beneath in result[path].items()}
        return result

    def template(self, now: Tree, then: Tree) -> str:
        """See ConfigurationForm. A key without a value is removed."""
        lines: list[str] = []
        for path, values in then.items():
            before = now.get(path, {})
            gone = (f"{line.partition('=')[0]}=" for line in before if not lines_of_key(values, line))
            different = [*(line for line in values if line not in before), *gone]
            lines += [path, *different] if different else []
        return "".join(f"{line}\n" for line in lines)

    def _commands(self, now: Tree, then: Tree) -> Iterator[str]:
        """See ConfigurationForm: a shell command per file writes a new file beside the old, then replaces the old."""
        for path, values in then.items():
            script = list(_script(now.get(path, {}), values))
            if script:
                fresh = f"{path}.eventready"
                edits = " ".join(f"-e {shlex.quote(edit)}" for edit in script)
                yield f"cp -p {path} {fresh} && sed {edits} {path} > {fresh} && mv {fresh} {path}"

    def written(self, command: str) -> tuple[str, tuple[str, ...]] | None:
        """See ConfigurationForm. A removed key is `key=`."""
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


def _before_inner(values: Tree, line: str) -> Tree:
    """Return the values with a new line at the end of the file's own part."""
    own = {one: beneath for one, beneath in values.items() if not _INNER.fullmatch(one)}
    inner = {one: beneath for one, beneath in values.items() if _INNER.fullmatch(one)}
    return {**own, line: {}, **inner}


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
