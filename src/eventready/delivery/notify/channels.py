"""Channels to people: an entry for each module of a channel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eventready.core.clock import Clock
from eventready.delivery.notify.apprise_channel import AppriseChannel
from eventready.delivery.notify.channel import AddressChannel
from eventready.delivery.notify.mail_channel import MailChannel
from eventready.workspace.settings.event import Event

CHANNELS: tuple[type[AddressChannel], ...] = (AppriseChannel, MailChannel)


class Channels:
    """Channels of a workspace."""

    def __init__(self, folder: Path, event: Event, clock: Clock) -> None:
        self._channels = [channel(folder, event, clock) for channel in CHANNELS]

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> str:
        """Send a message over the first channel for its address, see `AddressChannel.send`."""
        return next(one for one in self._channels if one.takes(address)).send(address, subject, body, handed)
