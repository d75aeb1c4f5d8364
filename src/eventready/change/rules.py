"""What a platform's change section says about a line: is it a section, what does it replace, how is it taken back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventready.change.tree import Path, Tree, filled
from eventready.platforms.model import ChangeSpec, Families, Fixed, Numbered, Rebuilt, Single


@dataclass(frozen=True)
class Thing:
    """The one thing of which a line is a value: `standby 10 priority` of `standby 10 priority 110`."""

    identity: tuple[int, str]
    rule: Single
    match: re.Match[str]


class Rules:
    """The questions that may be asked about a line of a platform."""

    def __init__(self, spec: ChangeSpec) -> None:
        self.spec = spec
        self._things: dict[str, Thing | None] = {}
        self._turns: dict[str, int] = {}

    def thing(self, line: str) -> Thing | None:
        """What the line is a value of; None where several such lines stand side by side."""
        if line not in self._things:
            self._things[line] = self._found(line)
        return self._things[line]

    def _found(self, line: str) -> Thing | None:
        for number, rule in enumerate(self.spec.single):
            if match := re.match(rule.line, line):
                same = match.groupdict().get("same")
                return Thing((number, match[0] if same is None else same), rule, match)
        return None

    def rival(self, line: str, tree: Tree) -> str | None:
        """The other line of `tree` that is a value of the same thing."""
        thing = self.thing(line)
        if thing is None:
            return None
        return next(
            (one for one in tree if one != line and (other := self.thing(one)) and other.identity == thing.identity),
            None,
        )

    def rival_of(self, path: Path, beside: Tree) -> str | None:
        """The same for a line of whatever form; in a file or an object it is the other value of its key."""
        if self.spec.form == "indented":
            return self.rival(path[-1], beside)
        key, sign, _ = path[-1].partition("=")
        if len(path) == 1 or not sign:
            return None
        return next((one for one in beside if one != path[-1] and one.partition("=")[0] == key), None)

    def bare(self, line: str) -> str | None:
        """The line without its negation; None when it has none."""
        word, _, rest = line.partition(" ")
        return rest.strip() if word == self.spec.negation and rest.strip() else None

    def negated(self, line: str) -> str:
        """The negation of the whole line."""
        return self.bare(line) or f"{self.spec.negation} {line}"

    def taken_back(self, line: str) -> str:
        """What is sent where the line was not there before."""
        thing = self.thing(line)
        return thing.match.expand(thing.rule.unset) if thing and thing.rule.unset else self.negated(line)

    def is_default(self, line: str) -> bool:
        """True when the device would not show the line."""
        return _any(self.spec.defaults, line)

    def is_permanent(self, line: str) -> bool:
        """True for a section that is neither made nor removed."""
        return _any(self.spec.permanent, line)

    def is_fleeting(self, line: str) -> bool:
        """True for a section that is there while something stands in it."""
        return _any(self.spec.fleeting, line)

    def is_ordered(self, line: str) -> bool:
        """True for a section in which order has a meaning."""
        return _any(self.spec.ordered, line) or self.numbered(line) is not None

    def is_last(self, line: str) -> bool:
        """True for a line that the device keeps at the end of its ordered section."""
        return _any(self.spec.last, line)

    def numbered(self, section: str) -> Numbered | None:
        """The rule of the lines in a section (empty: at the top) that stand in the order of their numbers."""
        return next((rule for rule in self.spec.numbered if re.fullmatch(rule.section, section)), None)

    def meaning(self, section: str, tree: Tree) -> Tree:
        """The lines of a section without the numbers that only tell their order, in that order."""
        rule = self.numbered(section) if section else None
        if rule is None:
            return tree
        found = {line: match for line in tree if (match := re.fullmatch(rule.line, line)) and match["number"]}
        told: Tree = {}
        for line in sorted(found, key=lambda line: int(found[line]["number"])):
            said = found[line]["rest"]
            while said in told:  # a remark may stand there twice
                said += " "
            told[said] = tree[line]
        return {**told, **{line: beneath for line, beneath in tree.items() if line not in found}}

    def is_one(self, section: str, one: str, other: str) -> bool:
        """True for two lines of a section that say the same but for the numbers that tell their order."""
        rule = self.numbered(section)
        found = [re.fullmatch(rule.line, line) for line in (one, other)] if rule else []
        told = [(match.groupdict().get("list"), match["rest"]) for match in found if match]
        return len(told) == 2 and told[0] == told[1] and not all(match and match["number"] for match in found)

    def has_number(self, section: str, line: str) -> bool:
        """True for a line that stands where its number puts it."""
        rule = self.numbered(section) if section else None
        found = re.fullmatch(rule.line, line) if rule else None
        return found is not None and found["number"] is not None

    def families(self, section: str) -> Families | None:
        """The rule of a section whose lines may stand beneath an address family."""
        return next((rule for rule in self.spec.families if re.fullmatch(rule.section, section)), None)

    def fixed(self, line: str) -> tuple[Fixed, re.Match[str]] | None:
        """The rule of a section that keeps its kind while it is used, and its match."""
        found = ((rule, re.fullmatch(rule.section, line)) for rule in self.spec.fixed)
        return next(((rule, match) for rule, match in found if match), None)

    def user_of(self, line: str, tree: Tree) -> str:
        """The section of the whole configuration `tree` whose use of `line` lets it keep its kind; empty for none."""
        found = self.fixed(line)
        if found is None:
            return ""
        used = filled(found[0].used, found[1])
        return next((one for one, beneath in tree.items() if any(re.fullmatch(used, said) for said in beneath)), "")

    def settled(self, tree: Tree) -> Tree:
        """The lines of an ordered section as the device keeps them; `tree` itself is changed and given back."""
        for line in [one for one in tree if self.is_last(one)]:
            tree[line] = tree.pop(line)
        return tree

    def opens(self, line: str) -> bool:
        """True when the line opens a section even with nothing beneath it."""
        spec = self.spec
        named = _any((*spec.sections, *spec.permanent, *spec.fleeting, *spec.ordered), line)
        return named or self.numbered(line) is not None or self.rebuilt(line) is not None

    def rebuilt(self, line: str) -> tuple[Rebuilt, re.Match[str]] | None:
        """The rule by which a section is removed and made anew, and its match."""
        for rule in self.spec.rebuilt:
            if match := re.fullmatch(rule.section, line):
                return rule, match
        return None

    def stop(self, section: str) -> str:
        """The pattern of the lines that keep a section from being changed; empty where there are none."""
        return next((rule.line for rule in self.spec.stopped if re.fullmatch(rule.section, section)), "")

    def turn(self, line: str) -> int:
        """When the line is made, from 0 on: what others use has its turn first."""
        if line not in self._turns:
            first = self.spec.first
            self._turns[line] = next((at for at, one in enumerate(first) if re.fullmatch(one, line)), len(first))
        return self._turns[line]

    def goes_with(self, section: str, line: str) -> bool:
        """True when `line` vanishes on the device as the rebuilt `section` is removed."""
        found = self.rebuilt(section)
        return bool(found and found[0].takes and re.fullmatch(filled(found[0].takes, found[1]), line))


def _any(patterns: tuple[str, ...], line: str) -> bool:
    return any(re.fullmatch(pattern, line) for pattern in patterns)


def says_more(bare: str, line: str) -> bool:
    """True when `no BARE` takes `line` back too: it is the line, or the line only says more."""
    return line == bare or line.startswith(f"{bare} ")
