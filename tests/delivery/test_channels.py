"""A channel to people is one module and its entry: nobody else knows a channel by its name."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

import eventready
from eventready.core.clock import Clock
from eventready.core.messages import in_english
from eventready.delivery.notify import channels
from eventready.delivery.notify.channel import AddressChannel
from eventready.workspace.settings.mail import ReminderSettings
from tests.shared import example

SOURCE = Path(eventready.__file__).parent


class Pager(AddressChannel):
    """Channel of a stranger."""

    @staticmethod
    def takes(address: str) -> bool:
        return address.startswith("pager:")

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> str:
        handed()
        return f"{address}: {subject}, {body}"


def test_a_new_channel_is_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "CHANNELS", (Pager, *channels.CHANNELS))
    handed: list[bool] = []
    sender = channels.Channels(tmp_path, example().event, Clock.starting("2022-04-25 07:00"))
    assert in_english(sender.send("pager:7", "down", "core-1", lambda: handed.append(True))) == "pager:7: down, core-1"
    assert handed == [True]


def test_every_address_has_one_channel() -> None:
    for address in ("duty@example.org", "env:CHAT", "keyring:chat/duty", "vault:chat"):
        assert sum(channel.takes(address) for channel in channels.CHANNELS) == 1


def test_the_addresses_are_those_of_every_channel() -> None:
    found = ReminderSettings(mail=("duty@example.org",), apprise=("env:CHAT",)).addresses
    assert found == ("duty@example.org", "env:CHAT")


@pytest.mark.slow
def test_addresses_are_read_for_all_channels_together() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ReminderSettings.model_fields.keys() - {"mail"}
    ]
    assert found == []
