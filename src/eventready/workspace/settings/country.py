"""Countries of ISO 3166, and the country of a time zone, from the files of the IANA database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from eventready.core.country import DEFAULT_COUNTRY
from eventready.core.errors import InvalidValue
from eventready.core.messages import Lang, message
from eventready.core.strings.texts import lines_of
from eventready.core.timezone import DEFAULT

#: Characters of an unknown country in a sentence.
_LONGEST = 60
#: Times of several countries, which the database links to a city of one of them.
_OF_SEVERAL = frozenset({"CET", "EET", "EST", "HST", "MET", "MST", "WET"})
#: A country, or a part of a country with holidays of its own.
_CODE = re.compile(r"([A-Z]{2})(-[A-Z0-9]{1,3})?")


def country_of_zone(zone: str) -> str:
    """Code of the country of a zone, also by a name of old; empty for a zone of no single country, such as UTC."""
    if zone == DEFAULT:
        return DEFAULT_COUNTRY
    known = _countries_of_zones()
    if zone in known:
        return known[zone]
    found = {known[name] for name in _other_names(zone) if name in known}
    return found.pop() if len(found) == 1 else ""


def zones_of_country(country: str) -> tuple[str, ...]:
    """Names of the zones of a country, or of the country of a part; empty for a country without inhabitants."""
    return tuple(sorted(name for name, code in _countries_of_zones().items() if code == country[:2]))


@cache
def _countries_of_zones() -> Mapping[str, str]:
    return {row[2]: row[0] for row in _rows("zone.tab")}


def _other_names(zone: str) -> Iterator[str]:
    """Yield the names of the same zone, such as of a renamed city; none for the times of several countries."""
    if zone in _OF_SEVERAL:
        return
    from babel.core import get_global  # noqa: PLC0415  25 ms of every command, for old names of zones only

    aliases = get_global("zone_aliases")
    canonical = aliases.get(zone, zone)
    yield canonical
    yield from (name for name, other in aliases.items() if other == canonical)


def language_of(country: str) -> Lang:
    """Language of the papers and messages of an event in a country."""
    return "vi" if country[:2] == DEFAULT_COUNTRY else "en"


@cache
def countries() -> Mapping[str, str]:
    """English names of the countries by code."""
    return {row[0]: row[1] for row in _rows("iso3166.tab")}


def _rows(name: str) -> list[list[str]]:
    text = (files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in lines_of(text) if line and not line.startswith("#")]


def country_code(value: str) -> str:
    """Code of a country or of a part of a country, checked. Raises ValueError with a similar code."""
    found = _CODE.fullmatch(value)
    if found and (found[1] == DEFAULT_COUNTRY or found[1] in countries()):
        return value
    codes = {name.casefold(): code for code, name in countries().items()}
    word = value.strip().casefold()
    nation = word.partition("-")[0].upper()
    if code := codes.get(word) or (nation if nation in countries() else ""):
        do = message("workspace:suggest.meant", name=code)
        raise InvalidValue(message("workspace:no_country", name=value[:_LONGEST]), do=do)
    raise InvalidValue(message("workspace:no_country", name=value[:_LONGEST]))
