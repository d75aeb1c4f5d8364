"""Saved outputs instead of devices: `audit --from DIR` reads DIR/<device>/<command>.txt and connects to nothing.

A file is named by its command with everything but letters and digits turned into "_": `show_ip_ospf_neighbor.txt`.
A second reading of counters, where there is one, stands in DIR/<device>/2/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from eventready.errors import UsageError
from eventready.facts.platform import Platform
from eventready.facts.saved import decoded, reply_of
from eventready.session.reply import Ended, Reply
from eventready.session.screen import MOST


def file_name(command: str) -> str:
    """The file in which the output of a command is kept."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '_', command).strip('_')}.txt"


class SavedOutputs:
    """A folder with one folder per device. Raises UsageError when it is no folder."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UsageError(
                "there is no such folder of saved outputs",
                where=str(folder),
                do="Name a folder that holds one folder per device, with a file per command in it.",
            )
        self._folder = folder

    def asker(self, device: str, platform: Platform, reading: int) -> Callable[[Sequence[str]], list[Reply]]:
        """What stands in for a session's `ask` for one device."""
        home = self._folder / device if reading == 1 else self._folder / device / str(reading)

        def ask(commands: Sequence[str]) -> list[Reply]:
            return [self._reply(platform, command, home / file_name(command)) for command in commands]

        return ask

    @staticmethod
    def _reply(platform: Platform, command: str, path: Path) -> Reply:
        try:
            with path.open("rb") as file:
                data = file.read(MOST + 1)
        except FileNotFoundError:
            return Reply(command, "", Ended.NOT_SENT, f"There is no saved output {path}.")
        except OSError as error:
            return Reply(command, "", Ended.NOT_SENT, f"The saved output {path} cannot be read: {error.strerror}.")
        if len(data) > MOST:
            reason = f"The saved output {path} has more than the {MOST // 1_048_576} MB that an answer may have."
            return Reply(command, "", Ended.NOT_SENT, reason)
        return reply_of(platform, command, decoded(data))
