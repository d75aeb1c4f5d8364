"""Names of windows in sentences, and lists to choose from."""

from __future__ import annotations

from collections.abc import Iterable

from eventready.core.messages import Message, message
from eventready.core.strings.texts import few
from eventready.workspace.settings.event import Window

#: Windows named in a sentence.
_NAMED = 12


def named_window(window: Window) -> Message:
    """Return the name of a window in the language of the reader, with its kind."""
    if window.name or window.name_vi:
        return message("change:freeze.named_window", name=window.title, kind=window.kind)
    return message("change:freeze.window", kind=window.kind)


def choices(windows: Iterable[Window]) -> list[str | Message]:
    """Return the first windows, each once with its kind, and `...` for the rest; those without a name by their kind."""
    named = {one.names: named_window(one) if one.names > {one.kind} else str(one.kind) for one in windows}
    return few(list(named.values()), _NAMED)
