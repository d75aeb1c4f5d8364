"""Saved outputs as a source: `audit --from DIR` reads DIR/<device>/<command>.txt and opens no connection.

File name: the command, with every run of other characters than letters and digits replaced by "_", such as
`show_ip_ospf_neighbor.txt`; a name of more than 120 characters ends in a hash of the command. A second reading of
counters is optional, in DIR/<device>/2/; DIR/capture.json, written by `eventready audit --save`, has the seconds
between the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from math import isfinite
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.files import read_bounded
from eventready.core.messages import Message, message
from eventready.core.strings.json_text import parse_json
from eventready.facts.platform import Platform
from eventready.facts.saved import decode_output, saved_reply
from eventready.session.dialogue.buffer import MAX_ANSWER_BYTES
from eventready.session.reply import Reply, ReplyStatus

INDEX_FILE = "capture.json"
INDEX_SCHEMA = "eventready.capture/1"
_MOST_INDEX_BYTES = 16_000_000
_LONGEST_NAME = 120


def file_name(command: str) -> str:
    """File name for the output of a command."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", command).strip("_")
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 9]}_{sha256(command.encode()).hexdigest()[:8]}"
    return f"{name}.txt"


class SavedOutputs:
    """Saved outputs in a folder per device. Raises UsageError for a missing folder.

    `rehearsal`: captured from a lab, or on another clock. `captured`: time of the capture; None without an index.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UsageError(message("audit:saved.no_folder"), where=str(folder))
        self._folder = folder
        self._intervals, self.rehearsal, self.captured = _index(folder / INDEX_FILE)

    def interval_s(self, device: str) -> float | None:
        """Seconds between the two readings of a device, where a capture recorded them."""
        return self._intervals.get(device)

    def asker(self, device: str, platform: Platform, reading: int) -> Callable[[Sequence[str]], list[Reply]]:
        """Return the replacement of `Session.send_commands` for a device."""
        home = self._folder / device if reading == 1 else self._folder / device / str(reading)

        def ask(commands: Sequence[str]) -> list[Reply]:
            return [self._reply(platform, command, home / file_name(command)) for command in commands]

        return ask

    @staticmethod
    def _reply(platform: Platform, command: str, path: Path) -> Reply:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_ANSWER_BYTES + 1)
        except FileNotFoundError:
            return _not_sent(command, "facts:no_output", path=str(path))
        except OSError as error:
            return _not_sent(command, "facts:unreadable_output", path=str(path), error=error.strerror or "")
        if len(data) > MAX_ANSWER_BYTES:
            return _not_sent(command, "facts:long_output", path=str(path), limit=MAX_ANSWER_BYTES // 1_048_576)
        return saved_reply(platform, command, decode_output(data))


def _not_sent(command: str, msgid: str, **params: str | int) -> Reply:
    return Reply.failed(command, ReplyStatus.NOT_SENT, Message(msgid, params))


def _index(index: Path) -> tuple[dict[str, float], bool, datetime | None]:
    """Seconds between the readings by device, True for a rehearsal, and the time of the capture. Raises UsageError."""
    if not index.exists():
        return {}, False, None
    try:
        document = parse_json(read_bounded(index, _MOST_INDEX_BYTES, "index of the capture"))
        known, rehearsal = document["schema"] == INDEX_SCHEMA, bool(document.get("rehearsal"))
        found = {str(one["device"]): float(one["interval_s"]) for one in document["devices"] if one["interval_s"]}
        captured = datetime.fromisoformat(document["captured"]) if document.get("captured") else None
        known = known and (captured is None or captured.tzinfo is not None)
        known = known and all(isfinite(seconds) and seconds > 0 for seconds in found.values())
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise UsageError(message("audit:saved.index", schema=INDEX_SCHEMA), where=str(index))
    return found, rehearsal, captured
