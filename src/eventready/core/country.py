"""Country of the event, which decides the form of telephone numbers. A process serves a single workspace."""

from __future__ import annotations

#: Country of an event that names none, and no zone of another country.
DEFAULT_COUNTRY = "VN"


class _Current:
    """Country in use."""

    code = DEFAULT_COUNTRY


def country() -> str:
    """Code of the country of the event, without a part of the country; empty for none."""
    return _Current.code


def use_country(code: str) -> None:
    """Take the country of an event from here on; `DE-HE` is DE."""
    _Current.code = code[:2]
