"""The channel of a session, and the form of text on the wire."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol


class Channel(Protocol):
    """The transport of a session."""

    def write(self, text: str) -> None:
        """Send text; undecodable bytes are surrogates."""

    def close(self) -> None:
        """End the session once everything is sent."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Schedule a call."""


def to_wire(text: str) -> str:
    """Text with CR LF at line ends."""
    return text.replace("\n", "\r\n")


def garbage(text: str) -> str:
    """Undecodable bytes in place of an answer, the same for the same answer; without line ends or prompt characters."""
    source = random.Random(text)  # noqa: S311  nothing here is secret
    noise = bytes(source.choice((*range(0x80, 0x100), 0x01, 0x02, 0x1A)) for _ in range(80))
    return "\n".join(noise[at : at + 20].decode("utf-8", "surrogateescape") for at in range(0, 80, 20))
