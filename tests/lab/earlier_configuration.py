"""What may have stood on a device before: the lines that a template gives, with other values, some of them taken away.

Lines are those of `change.fragment`, in any of its three forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree, walk
from eventready.platforms.model import ChangeSpec

_NUMBER = re.compile(r"(?<![\w./:-])-?\d+(?![\w./:])")
_ADDRESS = re.compile(r"(?<![\w.])(?!0\.0\.0\.0|255\.)(\d+\.\d+\.\d+\.)(\d+)(?![\w.])")
_NAME = re.compile(r"\bEVENT[\w-]*")
#: Words of which a device knows others.
_WORDS = (
    ("YES", "NO"),
    ("ON", "OFF"),
    ("ef", "af41"),
    ("cs5", "cs4"),
    ("af31", "af21"),
    ("platinum", "gold"),
    ("platinum-up", "gold-up"),
    ("mandatory", "supported"),
    ("descending", "ascending"),
    ("automatic", "manual"),
    ("always", "never"),
    ("in", "out"),
    ("input", "output"),
    ("inbound", "outbound"),
    ("fr hr amr", "fr hr"),
    ("or", "and"),
)
#: Another kind of the same thing. Lines that open a section are among them.
_KINDS = (
    (r"class-map match-any (\S+)", r"class-map match-all \1"),
    (r"class-map match-any (\S+)", r"class-map \1"),
    (r"\d+ ((?:permit|deny) .*)", r"\1"),
    (r"track (\d+) ip sla \d+ reachability", r"track \1 interface Loopback0 line-protocol"),
    (r"(traffic classifier \S+ operator) or", r"\1 and"),
    (r"ip cef load-sharing algorithm .*", "ip cef load-sharing algorithm universal"),
    (r"(set ip next-hop) verify-availability (\S+) .*", r"\1 \2"),
    (r"(icmp-echo \S+) source-interface \S+", r"\1"),
    (r"(standby \d+ preempt) delay .*", r"\1"),
    (r"(preempt) delay .*", r"\1"),
    (r"(ip route(?:-static)? .*?) (?:track|bfd|preference)\b.*", r"\1"),
    (r"(ip route \S+(?: 0\.0\.0\.0)? \S+) (?:track|bfd)\b.*", r"\1 5"),
    (r"(ip route-static \S+ \S+ \S+) (?:track|preference)\b.*", r"\1 preference 70"),
    (r"(vrrp vrid \d+ preempt-mode) timer delay \d+", r"\1 disable"),
    (r"priority percent (\d+)", r"priority \g<1>00"),
    (r"bandwidth remaining percent (\d+)", r"bandwidth percent \1"),
    (r"queue llq (.*)", r"queue af \1"),
    (r"queue af (.*)", r"queue ef \1"),
    (r"(ip ospf bfd) profile \S+", r"\1"),
)
#: What is there before any template is.
_GIVEN = r"(?:interface|router|isis|ospf|bgp|wlan)\b"


def earlier(tree: Tree, chance: Random) -> Tree:
    """The lines with other values: numbers, addresses, words and the event's own names; some as they are, some gone,
    some with another beside them; what stands in a section may stand in another order.
    """
    names = sorted({name for path in walk(tree) for name in _NAME.findall(path[-1])})
    renamed = {name: name.replace("EVENT", "OLD") for name in names if chance.random() < 0.25}

    def named(line: str) -> str:
        ways = [*_other_kinds(line)] if chance.random() < 0.1 else []
        line = chance.choice(ways) if ways else line
        return _NAME.sub(lambda found: renamed.get(found[0], found[0]), line)

    return _earlier(tree, chance, named)


def _earlier(tree: Tree, chance: Random, named: Callable[[str], str], *, top: bool = True) -> Tree:
    found: Tree = {}
    for line, beneath in tree.items():
        kept = _earlier(beneath, chance, named, top=False)
        fate = chance.random()
        if fate < 0.15 or (beneath and not kept):
            continue
        if fate < 0.25 and not beneath:
            found[named(line)] = {}
        if re.fullmatch(r"router bgp \d+", line) and not any("family" in one for one in kept) and chance.random() < 0.5:
            kept = {"address-family ipv4": kept}  # as IOS keeps it from the first family on
        found[named(line if beneath or fate < 0.35 else other(line, chance))] = kept
    if not top and chance.random() < 0.2:  # what is defined at the top has to be there before it is used
        return {line: found[line] for line in chance.sample(list(found), len(found))}
    return found


def other(line: str, chance: Random) -> str:
    """The line with another value, where it has one that can be told."""
    ways = [*_other_numbers(line, chance), *_other_addresses(line, chance), *_other_words(line), *_other_kinds(line)]
    return chance.choice(ways) if ways else line


def _other_numbers(line: str, chance: Random) -> Iterator[str]:
    for found in _NUMBER.finditer(line):
        number = int(found[0])
        if number in (0, 1):
            rather = 1 - number
        else:
            rather = chance.choice([number + 1, number + 2, number * 2, number - 1, max(1, number // 2)])
        yield f"{line[: found.start()]}{rather}{line[found.end() :]}"


def _other_addresses(line: str, chance: Random) -> Iterator[str]:
    for found in _ADDRESS.finditer(line):
        last = (int(found[2]) + chance.randint(1, 5)) % 250 + 1
        yield f"{line[: found.start()]}{found[1]}{last}{line[found.end() :]}"


def _other_words(line: str) -> Iterator[str]:
    for pair in _WORDS:
        for word, rather in (pair, pair[::-1]):
            for found in re.finditer(rf"(?<![\w-]){re.escape(word)}$", line):
                yield f"{line[: found.start()]}{rather}"


def _other_kinds(line: str) -> Iterator[str]:
    for pattern, rather in _KINDS:
        if found := re.fullmatch(pattern, line):
            yield found.expand(rather)


#: Why a device is not changed where a class of another type is in use.
IN_USE = "keeps its kind while"


def take_away(spec: ChangeSpec, tree: Tree, say: Callable[[str], str], chance: Random) -> None:
    """Take some of what a template speaks of away from a device, the last first; what it refuses stays.

    Elements of MML always have a value; interfaces, routing processes and WLANs are not for templates to make.
    """
    if spec.form == "menus":
        for command in form_of(spec).commands_between(
            {item: {} for item in tree if not item.startswith("/interface ")}, {}
        ):
            if chance.random() < 0.2:
                say(command)
    if spec.form in ("mml", "menus"):
        return
    for line, beneath in reversed(tree.items()):
        if chance.random() < 0.1 and spec.form in ("indented", "paths") and not re.match(_GIVEN, line):
            say(f"{spec.negation} {line.removeprefix('set ') if spec.form == 'paths' else line}")
        elif not beneath or chance.random() < 0.5:
            continue
        elif spec.form == "keyed":
            for value in beneath:
                if chance.random() < 0.2:
                    say(f"sed -i -e '/^{value.partition('=')[0]}=/d' {line}")
        elif not is_refused(spec, say(line)):
            take_away(spec, beneath, say, chance)
            if spec.section_exit:
                say(spec.section_exit)


def type_in(spec: ChangeSpec, tree: Tree, say: Callable[[str], str]) -> list[str]:
    """Type the lines as an engineer does, and go on after those that the device refuses; these are given back.

    What stands beneath a refused section is not typed. It is typed where configuration is: `say` is in that mode.
    """
    if spec.form == "mml":
        lines = [f"{header}{'' if header.endswith(':') else ','} {value};" for header in tree for value in tree[header]]
        return [line for line in lines if is_refused(spec, say(line))]
    if spec.form == "menus":
        created: Tree = {item: {} for item in tree if item.startswith(("/interface ", "/ip settings"))}
        lines = [
            line for item in tree for line in form_of(spec).commands_between(created, {**created, item: tree[item]})
        ]
        return [line for line in lines if is_refused(spec, say(line))]
    if spec.form == "keyed":
        return [line for path in tree for value in tree[path] for line in _written(path, value) if say(line)]
    refused = []
    for line, beneath in tree.items():
        if is_refused(spec, say(line)):
            refused.append(line)
        elif beneath:
            refused += type_in(spec, beneath, say)
            if spec.section_exit:
                say(spec.section_exit)
    return refused


def _written(path: str, value: str) -> Iterator[str]:
    """The commands that give a file a value: in the place of the old one, or at its end."""
    key = value.partition("=")[0]
    yield f"sed -e '/^{key}=/d' {path} > {path}.new && echo '{value}' >> {path}.new && mv {path}.new {path}"


def is_refused(spec: ChangeSpec, output: str) -> bool:
    """True for what a device says when it does not take a line."""

    def bad(line: str) -> bool:
        harmless = any(re.search(pattern, line) for pattern in spec.harmless)
        return not harmless and any(re.search(pattern, line) for pattern in spec.refused)

    return any(bad(line) for line in output.splitlines())
