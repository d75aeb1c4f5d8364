"""Elements of an XML file by expat: no document type, bounded depth and text, a cut file refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias
from xml.parsers import expat

from eventready.core.messages import message
from eventready.facts.performance.counters import PerformanceError

_DEPTH, _PIECES, _PIECE = 64, 64, 64 * 1024
#: Bytes of a tag.
_TAG = 1024**2

#: Take the attributes of an element at its begin; take its text at its end.
Begin: TypeAlias = Callable[[Mapping[str, str]], None]
End: TypeAlias = Callable[[str], None]


class XmlFile:
    """Parser of a whole file, which calls handlers by the names of elements, in lower case without their prefix.

    `other`: gives the handler of an end without one by the name; None for none.
    """

    def __init__(
        self, begins: Mapping[str, Begin], ends: Mapping[str, End], other: Callable[[str], End | None] = lambda _: None
    ) -> None:
        self._known, self._other = (begins, ends), other
        self._begins: dict[str, Begin | None] = {}
        self._ends: dict[str, End | None] = {}
        self._depth, self._leaf = 0, False
        self._text: list[str] = []
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text, parser.buffer_size = True, _PIECE
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = self._data, _refuse

    def read(self, pieces: Iterable[bytes]) -> None:
        """Read a file to its end. Raises PerformanceError for a cut file and for invalid XML."""
        try:
            fed = 0
            for piece in pieces:
                self._parser.Parse(piece, False)
                fed += len(piece)
                # Expat scans an unfinished tag anew with each piece.
                if fed - max(self._parser.CurrentByteIndex, 0) > _TAG:
                    raise PerformanceError(message("facts:performance.tag", megabytes=_TAG // 1024**2))
            self._parser.Parse(b"", True)
        except (ValueError, LookupError) as error:  # an encoding that expat does not read
            raise PerformanceError(message("facts:performance.xml", line=1, reason=str(error)[:80])) from None
        except expat.ExpatError as error:
            if error.code in _AT_END:
                raise PerformanceError(message("facts:performance.cut")) from None
            reason = expat.ErrorString(error.code) or ""
            raise PerformanceError(message("facts:performance.xml", line=error.lineno, reason=reason)) from None

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth >= _DEPTH:
            raise PerformanceError(message("facts:performance.depth", most=_DEPTH))
        self._depth += 1
        self._leaf = True
        if self._text:
            self._refuse_mixed()
        if name not in self._begins:
            self._learn(name)
        if (handler := self._begins[name]) is not None:
            handler(attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        text = self._text
        if text and not self._leaf:
            self._refuse_mixed()
        self._leaf = False
        if (handler := self._ends[name]) is not None:
            handler(text[0] if len(text) == 1 else "".join(text))
        text.clear()

    def _refuse_mixed(self) -> None:
        """Drop blanks around elements. Raises PerformanceError for a text: of a value cut in two, half is no value."""
        if self._text and "".join(self._text).strip():
            raise PerformanceError(message("facts:performance.mixed"))
        self._text.clear()

    def _data(self, text: str) -> None:
        if not self._leaf and text.isspace():  # between elements
            return
        if len(self._text) >= _PIECES:
            raise PerformanceError(message("facts:performance.text", most=_PIECES * _PIECE))
        self._text.append(text)

    def _learn(self, name: str) -> None:
        if len(self._begins) >= _NAMES:
            raise PerformanceError(message("facts:performance.names", most=_NAMES))
        plain = name.rpartition(":")[2].casefold()
        begins, ends = self._known
        self._begins[name] = begins.get(plain)
        self._ends[name] = ends.get(plain) or self._other(plain)


def attribute(attributes: Mapping[str, str], name: str) -> str:
    """Return an attribute by its name without prefix and case; empty for an absent attribute."""
    if name in attributes:
        return attributes[name]
    wanted = name.casefold()
    return next((value for key, value in attributes.items() if key.rpartition(":")[2].casefold() == wanted), "")


#: Different names of elements in a file.
_NAMES = 20_000
#: Errors of expat at the end of a cut file.
_AT_END = {
    expat.errors.codes[name]
    for name in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN,
                 expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION, expat.errors.XML_ERROR_PARTIAL_CHAR)
}  # fmt: skip


def _refuse(*_: object) -> None:
    raise PerformanceError(message("facts:performance.doctype"))
