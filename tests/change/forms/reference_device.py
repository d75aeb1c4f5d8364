"""A little device to hold the way against: it knows nothing of `change/`, only what its own lines do."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

from eventready.platforms.model import ChangeSpec, GuardSpec, LockedWhile, Rebuilt, Single

#: Mode to what it knows: a pattern, and the mode that a matching line opens.
GRAMMAR: dict[str, tuple[tuple[str, str], ...]] = {
    "top": (
        (r"interface \w+", "if"),
        (r"vlan \d", "vlan"),
        (r"router \d", "router"),
        (r"acl \w", "acl"),
        (r"sla \d", "sla"),
        (r"cmap (?:any|all) \w", "cmap"),
        (r"level \w (?:fast|slow)", "level"),
        (r"sla schedule \d \w+", ""),
        (r"log(?: host \w(?: port \d)?)?", ""),
        (r"route \w via \w(?: \d+)?", ""),
        (r"(?:no )?cef", ""),
        (r"hostname \w+", ""),
        (r"track \d(?: \w+)?", ""),
        (r"probe \d", "probe"),
        (r"watch \w probe \d", ""),
    ),
    "if": ((r"standby \d priority \d+", ""), (r"standby \d track \d", ""), (r"policy \w", ""), (r"shut", "")),
    "vlan": ((r"name \w", ""), (r"port \w", "")),
    "router": ((r"paths \d", ""), (r"peer \w(?: \w+)?", ""), (r"family \w", "family")),
    "family": ((r"paths \d", ""), (r"net \w", "")),
    "acl": ((r"(?:permit|deny) \w", ""),),
    "sla": ((r"echo \w", "echo"), (r"owner \w", "")),
    "echo": ((r"every \d", ""),),
    "level": ((r"name \w", ""), (r"port \w", "")),
    "probe": ((r"to \w", ""), (r"burst \d", ""), (r"go", "")),
    "cmap": ((r"match \w", ""), (r"group \w", "")),
}
#: Lines of which a new one takes the place of the old one with the same beginning.
REPLACING = (
    *(r"standby \d priority", r"policy", r"name", r"paths", r"hostname", r"route \w via \w", r"echo", r"every"),
    *(r"owner", r"level \w", r"to", r"burst"),
)
SPEC: dict[str, Any] = {
    "read": "show run",
    "complete": "^end$",
    "separators": ("!", "end"),
    "permanent": (r"interface \w+",),
    "implicit": (r"vlan \d", r"family \w"),
    "sections": (r"router \d", r"acl \w", r"cmap \S+ \w", r"sla \d", r"echo \w", r"level .*", r"probe \d"),
    "ordered": (r"acl \w",),
    "first": (r"probe \d",),
    "locked_while": (LockedWhile(section=r"probe \d", line="go"),),
    "rebuilt": (Rebuilt(section=r"sla (\d)", cascades=r"sla schedule \1 \w+"),),
    "single": (
        Single(line=r"standby (\d) priority", unset=r"no standby \1 priority"),
        Single(line=r"policy", unset="no policy"),
        *(
            Single(line=line)
            for line in ("name", "paths", "hostname", r"route \w via \w", "echo", "every", "owner", "to", "burst")
        ),
        Single(line=r"level \w"),
        Single(line=r"(?:no )?(?P<same>cef)$"),
        Single(line=r"group", remove_first=True),
        Single(line=r"cmap \S+ (?P<same>\w)", remove_first=True),
    ),
    "defaults": (r"standby \d priority 100",),
    "guards": (GuardSpec(kind="inverse"),),
}


def spec(**other: Any) -> ChangeSpec:
    """The device's change section."""
    return ChangeSpec(**{**SPEC, **other})


class Refused(Exception):
    """The device does not know the line where it was typed."""


class Device:
    """Takes one line at a time. `climbs`: a line is taken by the innermost open section that knows it, as on IOS."""

    def __init__(self, tree: dict[str, Any], *, climbs: bool) -> None:
        self.tree = copy.deepcopy(tree)
        self._climbs = climbs
        self._open: list[tuple[str, str]] = []
        self._made: set[str] = set()

    def take_all(self, lines: Sequence[str]) -> dict[str, Any]:
        """The configuration after all of `lines`."""
        for line in lines:
            self.take(line)
        if not self._climbs and self._open:
            raise Refused(f"left in {self._open}")
        self._prune(self.tree)
        return self.tree

    def take(self, line: str) -> None:
        """Carry out one line. Raises Refused."""
        if line == "exit":
            if not self._open:
                raise Refused("exit at the top")
            left, mode = self._open.pop()
            here = self._here()
            if mode in ("vlan", "family") and not here.get(left, True):
                del here[left]
            return
        while True:
            mode = self._open[-1][1] if self._open else "top"
            found = self._known(line, mode)
            if found is not None:
                break
            if not self._climbs or not self._open:
                raise Refused(f"{line!r} in {mode}")
            self._open.pop()
        self._carry_out(line, found)

    def _known(self, line: str, mode: str) -> str | None:
        for pattern, opened in GRAMMAR[mode]:
            if re.fullmatch(pattern, line):
                return opened
            bare = line.removeprefix("no ")
            if bare != line and (re.fullmatch(pattern, bare) or re.match(r"(?:standby \d priority|policy)$", bare)):
                return ""
        return None

    def _here(self) -> dict[str, Any]:
        tree = self.tree
        for line, _ in self._open:
            tree = tree[line]
        return tree

    def _carry_out(self, line: str, opened: str) -> None:
        here = self._here()
        if self._open and self._open[-1][1] == "probe" and "go" in here and line not in ("go", "no go"):
            raise Refused(f"{self._open[-1][0]} goes")
        if line in ("cef", "no cef"):
            here.pop("no cef" if line == "cef" else "cef", None)
            here[line] = {}
            return
        if line.startswith("no "):
            self._negate(here, line.removeprefix("no "))
            return
        self._refuse(here, line, opened)
        beneath: dict[str, Any] = {}
        for pattern in REPLACING:
            if match := re.match(pattern, line):
                for old in [one for one in here if one != line and re.match(pattern, one) and one.startswith(match[0])]:
                    beneath = here.pop(old)
        if re.fullmatch(r"standby \d priority 100", line):
            here.pop(line, None)
            return
        here.setdefault(line, beneath)
        if opened:
            self._open.append((line, opened))
            self._made |= {line} if opened == "sla" else set()

    def _refuse(self, here: dict[str, Any], line: str, opened: str) -> None:
        """What cannot be set as things are."""
        if line.startswith("watch ") and line[-7:] not in here:
            raise Refused(f"there is no {line[-7:]}")
        if opened == "sla" and line in here and line not in self._made:
            raise Refused(f"{line} is running and cannot be modified")
        if opened == "if" and line not in here:
            raise Refused(f"there is no {line}")
        if line.startswith("group ") and any(one.startswith("group ") and one != line for one in here):
            raise Refused("there is a group already")
        if line.startswith("cmap ") and any(one != line and one[-1] == line[-1] for one in here if one[:5] == "cmap "):
            raise Refused("there is a class map of that name already")

    def _negate(self, here: dict[str, Any], bare: str) -> None:
        gone = [one for one in here if one == bare or one.startswith(f"{bare} ")]
        if not gone:
            raise Refused(f"there is no {bare}")
        for one in gone:
            if one.startswith("interface "):
                raise Refused(f"{one} cannot be removed")
            if re.fullmatch(r"probe \d", one) and (
                "go" in here[one] or any(used.endswith(one) for used in here if used != one)
            ):
                raise Refused(f"{one} goes, or is watched")
            del here[one]
            if re.fullmatch(r"sla \d", one):
                for other in [other for other in here if other.startswith(f"sla schedule {one[-1]} ")]:
                    del here[other]

    def _prune(self, tree: dict[str, Any]) -> None:
        for line in list(tree):
            self._prune(tree[line])
            if not tree[line] and re.fullmatch(r"vlan \d|family \w", line):
                del tree[line]
