"""Channel to people, and the failures of a message."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.core.messages import Lang
from eventready.core.redaction.redaction import redactor
from eventready.workspace.keys.secrets import resolve
from eventready.workspace.settings.event import Event

#: Language of messages to people of the enterprise.
LANG: Lang = "vi"

#: Pieces of a URL that may be a token.
_PIECE = re.compile(r"[^/:@?&=#,]{8,}")


class RefusedAddress(EventreadyError):
    """Address refused for good."""


class UncertainDelivery(EventreadyError):
    """Message handed over without an answer."""


class AddressChannel(ABC):
    """Channel of a workspace, for addresses of its own form."""

    def __init__(self, folder: Path, event: Event, clock: Clock) -> None:
        self._folder, self._event, self._clock = folder, event, clock

    @staticmethod
    @abstractmethod
    def takes(address: str) -> bool:
        """Return True for an address of this channel."""

    @abstractmethod
    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> str:
        """Send a message and return a sentence; `handed` is called before a possible delivery.

        Raises RefusedAddress, UncertainDelivery, and EventreadyError for a failed attempt.
        """


def secret_url(reference: str, folder: Path) -> str:
    """Return the URL of a reference; all its parts become secrets. Raises EventreadyError."""
    url = resolve(reference, folder)
    for part in (url, *_PIECE.findall(url)):
        redactor.register(part)
    return url
