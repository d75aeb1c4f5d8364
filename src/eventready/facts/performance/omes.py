"""OMeS XML of a Nokia network: `PMSetup` with a begin, objects by their distinguished name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from functools import partial
from math import nan

from eventready.core.messages import message
from eventready.facts.performance.counters import LONGEST_S, Counters, Known, PerformanceError, moment, number
from eventready.facts.performance.xml_file import Begin, End, XmlFile, attribute

#: Names of the objects that split a cell's counters per operator; the cell's own figures stand beside.
_OPERATOR = "/MCC-"


class Omes:
    """Elements of a file; each `PMTarget` of a single object is given to `found`."""

    def __init__(self, found: Callable[[Counters], None], known: Known, zone: tzinfo | None = None) -> None:
        self._found, self._known, self._zone = found, known, zone
        self._begin: datetime | None = None
        self._seconds = 0
        self._objects: list[str] = []
        self._network_element = True
        self._values: dict[str, float] = {}
        self._opened = False

    def read(self, pieces: Iterable[bytes]) -> None:
        """Read a file. Raises PerformanceError for a cut file and for a file of another format."""
        begins: dict[str, Begin] = {
            "pmmoresult": self._result, "mo": self._managed, "pmtarget": self._target, "pmsetup": self._setup,
            "omes": self._open,
        }  # fmt: skip
        XmlFile(begins, {"dn": self._name, "pmtarget": self._give}, self._counter).read(pieces)
        if not self._opened:
            raise PerformanceError(message("facts:performance.other", format="OMeS"))

    def _result(self, _attributes: Mapping[str, str]) -> None:
        self._objects = []

    def _managed(self, attributes: Mapping[str, str]) -> None:
        self._network_element = attribute(attributes, "dimension") in ("", "network_element")

    def _target(self, _attributes: Mapping[str, str]) -> None:
        self._values = {}

    def _setup(self, attributes: Mapping[str, str]) -> None:
        self._begin = moment(attribute(attributes, "startTime"), self._zone)
        self._seconds = _minutes(attribute(attributes, "interval"))

    def _open(self, _attributes: Mapping[str, str]) -> None:
        self._opened = True

    def _name(self, text: str) -> None:
        self._objects.append(text.strip() if self._network_element else "")

    def _counter(self, name: str) -> End | None:
        """Return the handler of a counter's value; None for a name of no figure."""
        counter = self._known(name.upper())
        return partial(self._set, counter) if counter is not None else None

    def _set(self, counter: str, text: str) -> None:
        if (value := number(text)) is not None:
            self._values[counter] = value if self._values.get(counter, value) == value else nan

    def _give(self, _text: str) -> None:
        own = [name for name in self._objects if name and _OPERATOR not in name]
        if len(self._objects) != 1 or len(own) != 1:
            return
        if self._begin is None or not self._seconds:
            raise PerformanceError(message("facts:performance.period", name=own[0][:80]))
        self._found(Counters(own[0], self._begin, self._seconds, self._values))


def _minutes(text: str) -> int:
    """Return the seconds of a number of minutes; 0 for another text and beyond a week."""
    word = text.strip()
    return int(word) * 60 if word.isdecimal() and len(word) < 6 and int(word) * 60 <= LONGEST_S else 0
