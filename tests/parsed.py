"""YAML texts are parsed once per process: each test copies the same example, and its commands load it again and again.

Each load has values of its own, which a test may change. A text with aliases, or without a value, is parsed each time.
"""

from __future__ import annotations

import marshal
from pathlib import Path
from typing import Any

from eventready.workspace.files import yaml_document

_Events = yaml_document._Events
_KEPT: dict[str, bytes] = {}
#: Texts kept; property tests make thousands.
_LIMIT = 500
#: Characters of a text that is kept.
_LONGEST = 200_000


class _Remembered(_Events):
    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text, self.aliased = path, text, False

    def value(self) -> Any:
        if kept := _KEPT.get(self._text):
            value, self.lines = marshal.loads(kept)
            return value
        super().__init__(self._path, self._text)
        value = super().value()
        if len(self._text) <= _LONGEST and not self.aliased and value is not yaml_document._NOTHING:
            if len(_KEPT) >= _LIMIT:
                _KEPT.clear()
            _KEPT[self._text] = marshal.dumps((value, self.lines))
        return value


def remember_yaml() -> None:
    """Let the values of a text that was parsed before come from memory."""
    yaml_document._Events = _Remembered  # type: ignore[misc]  # its subclass above, in tests only
