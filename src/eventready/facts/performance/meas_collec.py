"""3GPP XML of TS 32.435 (`measCollecFile`) and TS 28.532 (`measDataFile`), which differ in five names only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from math import nan

from eventready.core.messages import message
from eventready.facts.performance.counters import LONGEST_S, Counters, Known, PerformanceError, moment, number
from eventready.facts.performance.xml_file import Begin, End, XmlFile, attribute

_DURATION = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?")
_OPENS, _ELEMENTS = {"meascollecfile", "measdatafile"}, {"managedelement", "measentity"}


class MeasCollec:
    """Elements of a file; each `measValue` is given to `found`.

    The name of an object is that of TS 32.300: prefix, managed element and object, none of them twice.
    """

    def __init__(self, found: Callable[[Counters], None], known: Known, zone: tzinfo | None = None) -> None:
        self._found, self._known, self._zone = found, known, zone
        self._prefix = self._element = self._object = self._place = ""
        self._ended: datetime | None = None
        self._seconds = 0
        self._types: dict[str, str | None] = {}
        self._listed: list[str | None] = []
        self._values: dict[str, float] = {}
        self._suspect = self._opened = self._footer = False

    def read(self, pieces: Iterable[bytes]) -> None:
        """Read a file. Raises PerformanceError for a cut file and for a file of another format."""
        begins: dict[str, Begin] = {
            "r": self._at_place, "meastype": self._at_place, "measvalue": self._value, "measinfo": self._info,
            "granperiod": self._period, **dict.fromkeys(_ELEMENTS, self._managed), "fileheader": self._header,
            "filefooter": self._at_footer, **dict.fromkeys(_OPENS, self._open),
        }  # fmt: skip
        ends: dict[str, End] = {
            "r": self._result, "meastype": self._type, "meastypes": self._list, "measresults": self._results,
            "suspect": self._doubt, "measvalue": self._give,
        }  # fmt: skip
        XmlFile(begins, ends).read(pieces)
        if not self._opened:
            raise PerformanceError(message("facts:performance.other", format="3GPP XML"))
        if not self._footer:
            raise PerformanceError(message("facts:performance.cut"))

    def _at_place(self, attributes: Mapping[str, str]) -> None:
        self._place = attributes.get("p") or attribute(attributes, "p")

    def _value(self, attributes: Mapping[str, str]) -> None:
        self._object, self._values, self._suspect = attribute(attributes, "measObjLdn"), {}, False

    def _info(self, _attributes: Mapping[str, str]) -> None:
        self._types, self._listed, self._ended, self._seconds = {}, [], None, 0

    def _period(self, attributes: Mapping[str, str]) -> None:
        self._ended = moment(attribute(attributes, "endTime"), self._zone)
        self._seconds = _seconds(attribute(attributes, "duration"))

    def _managed(self, attributes: Mapping[str, str]) -> None:
        self._element = attribute(attributes, "localDn")

    def _header(self, attributes: Mapping[str, str]) -> None:
        self._prefix = attribute(attributes, "dnPrefix")

    def _at_footer(self, _attributes: Mapping[str, str]) -> None:
        self._footer = True

    def _open(self, _attributes: Mapping[str, str]) -> None:
        self._opened = True

    def _result(self, text: str) -> None:
        counter = self._types.get(self._place)
        if counter is not None:
            self._set(counter, text)

    def _type(self, text: str) -> None:
        """Take the counter of a place; a place without a number, or with two counters, has none."""
        counter = self._known(text.strip()) if self._place else None
        self._types[self._place] = counter if self._types.get(self._place, counter) == counter else None

    def _list(self, text: str) -> None:
        self._listed = [self._known(name) for name in text.split()]

    def _results(self, text: str) -> None:
        values = text.split()
        for counter, value in zip(self._listed, values, strict=True) if len(values) == len(self._listed) else ():
            self._set(counter, value)

    def _doubt(self, text: str) -> None:
        self._suspect = text.strip().casefold() not in ("false", "0")

    def _set(self, counter: str | None, text: str) -> None:
        if counter is not None and (value := number(text)) is not None:
            self._values[counter] = value if self._values.get(counter, value) == value else nan

    def _give(self, _text: str) -> None:
        if self._ended is None or not self._seconds:
            raise PerformanceError(message("facts:performance.period", name=self._object[:80]))
        element = "" if self._object.startswith(self._element) else self._element
        prefix = "" if (element or self._object).startswith(self._prefix) else self._prefix
        name = ",".join(part for part in (prefix, element, self._object) if part)
        begin = self._ended - timedelta(seconds=self._seconds)
        self._found(Counters(name, begin, self._seconds, self._values, self._suspect))


def _seconds(text: str) -> int:
    """Return the seconds of an ISO 8601 duration of days and less; 0 for another text and beyond a week."""
    found = _DURATION.fullmatch(text.strip())
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return whole if whole <= LONGEST_S else 0
