"""Answers about the route to an address: the routes in use with their next hops, by the patterns of `way_in`.

Plans read the route back to this machine with them, audits the routes to the origins of the services.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from eventready.core.strings.pattern import find_in_answer, lines_too_long
from eventready.core.strings.texts import lines_of
from eventready.facts.observation import Status
from eventready.facts.parsing.parsed import ParsedText, UnmatchedLines, printable_line
from eventready.facts.parsing.parsing_time import in_time
from eventready.platforms.model import WayInSpec

#: Name of the parser, of a fact that the platform's `way_in` describes.
PARSER = "way_in"
#: Field of a record to a column.
FIELDS = {
    "prefix": "PREFIX",
    "protocol": "PROTOCOL",
    "next_hop": "NEXT_HOP",
    "interface": "INTERFACE",
    "distance": "DISTANCE",
    "metric": "METRIC",
}

_NO_DEFAULT = "the answer about the default route is missing"


@dataclass(frozen=True)
class Hop:
    """Next hop of a route; parts not named by the device are empty. `used`: in the forwarding table."""

    next_hop: str = ""
    interface: str = ""
    neighbour: str = ""
    relay: str = ""
    used: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class RouteEntry:
    """Route in use, as printed; parts not named by the device are empty."""

    protocol: str
    process: str = ""
    prefix: str = ""
    distance: str = ""
    metric: str = ""
    hops: tuple[Hop, ...] = ()


def routes_in_use(spec: WayInSpec, text: str) -> tuple[RouteEntry, ...]:
    """Return the routes in use of an answer; none for an answer with a line beyond the length of lines."""
    return tuple(_entry(spec, begin, block) for begin, block in _blocks(spec, text) if _selected(spec, block))


def _blocks(spec: WayInSpec, text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yield the beginning of each route, and its text up to the next."""
    begins = [] if lines_too_long(text) else [*re.finditer(spec.entry, text, re.MULTILINE)]
    ends = (*(one.start() for one in begins[1:]), len(text))
    for begin, end in zip(begins, ends, strict=False):
        yield begin, text[begin.start() : end]


def _selected(spec: WayInSpec, block: str) -> bool:
    return not spec.selected or find_in_answer(spec.selected, block) is not None


def _entry(spec: WayInSpec, begin: re.Match[str], block: str) -> RouteEntry:
    groups = begin.groupdict("")
    hops = (_hop({**groups, **found.groupdict("")}) for found in re.finditer(spec.hop, block, re.MULTILINE))
    named = {name: groups.get(name, "") for name in ("prefix", "distance", "metric")}
    return RouteEntry(groups["protocol"], groups.get("process", "").removeprefix("0"), **named, hops=tuple(hops))


def _hop(groups: Mapping[str, str]) -> Hop:
    addresses = {name: address_in(groups.get(name, "")) for name in ("next_hop", "neighbour", "relay")}
    interface = groups.get("interface", "") or groups.get("drops", "")
    return Hop(interface=interface, used=not groups.get("idle"), **addresses)


def address_in(text: str) -> str:
    """Return an IPv4 address; empty for another text, and for 0.0.0.0."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return ""
    return "" if address.is_unspecified else str(address)


class RouteParser:
    """Parser of the route to an address: a row for each next hop in use.

    Without a route to the address its answer is followed by that to `default`, on a line of its own. A line that is no
    part of a route is refused unless `details` knows it.
    """

    columns: tuple[str, ...] | None = tuple(FIELDS.values())

    def __init__(self, spec: WayInSpec) -> None:
        self._spec = spec

    def parse(self, text: str) -> ParsedText:
        """Return the rows of the answer."""
        strange = UnmatchedLines()
        first, *defaults = self._answers(text)
        found, others = self._entries(first, strange), [self._entries(one, strange) for one in defaults]
        if not found and self._spec.default and self._absent(first):
            if not others:
                return ParsedText(self.columns or (), status=Status.UNPARSED, reason=_NO_DEFAULT)
            found = others[0]
        if strange.total == 0 and (broken := [*_broken(found)]):
            return ParsedText(self.columns or (), contradictions=tuple(broken))
        return ParsedText(self.columns or (), [*_rows(found)], **strange.all_refused())

    def _answers(self, text: str) -> list[str]:
        """Return the answer about the address, and about the default route on request."""
        lines = lines_of(text)
        if not self._spec.default or self._spec.default not in lines:
            return [text]
        place = lines.index(self._spec.default)
        return ["\n".join(lines[:place]), "\n".join(lines[place + 1 :])]

    def _absent(self, text: str) -> bool:
        return bool(self._spec.absent) and find_in_answer(self._spec.absent, text) is not None

    def _entries(self, text: str, strange: UnmatchedLines) -> tuple[RouteEntry, ...]:
        """Return the routes in use, and note the lines without meaning."""
        for line in in_time(self._unknown(text)):
            strange.add(line)
        return routes_in_use(self._spec, text)

    def _unknown(self, text: str) -> Iterator[str]:
        """Yield the lines neither blank, nor part of a route, nor known otherwise."""
        known = [*self._spec.details, *filter(None, [self._spec.absent])]
        parts = set(_lines_of_parts(self._spec, text))
        for place, line in enumerate(text.split("\n")):
            if line.strip() and place not in parts and not any(find_in_answer(one, line) for one in known):
                yield line


def _lines_of_parts(spec: WayInSpec, text: str) -> Iterator[int]:
    """Yield the numbers of the lines with a named part of a route."""
    for begin, block in _blocks(spec, text):
        for found in (begin, *re.finditer(spec.hop, block, re.MULTILINE)):
            shift = 0 if found is begin else begin.start()
            places = (shift + found.start(name) for name, part in found.groupdict().items() if part is not None)
            yield from (text.count("\n", 0, place) for place in places)


def _broken(routes: Iterable[RouteEntry]) -> Iterator[str]:
    for route in routes:
        if not any(hop.used for hop in route.hops):
            yield printable_line(f"the route {route.prefix} has no next hop in use".replace("  ", " "))


def _rows(routes: Iterable[RouteEntry]) -> Iterator[tuple[str, ...]]:
    for route in routes:
        for hop in route.hops:
            if hop.used:
                yield (route.prefix, route.protocol, hop.next_hop, hop.interface, route.distance, route.metric)
