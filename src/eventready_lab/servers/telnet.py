"""Telnet on the device's side: the opening negotiation of OsmoBSC, and input without negotiation bytes."""

from __future__ import annotations

IAC, SB, SE, WILL, WONT, DO, DONT = 255, 250, 240, 251, 252, 253, 254

#: IAC WILL ECHO, IAC WILL SUPPRESS-GO-AHEAD, IAC DONT LINEMODE, IAC DO NAWS: sent by OsmoBSC 1.13 before its prompt.
OPENING = bytes((IAC, WILL, 1, IAC, WILL, 3, IAC, DONT, 34, IAC, DO, 31))


def strip_commands(data: bytes) -> tuple[bytes, bytes]:
    """(text, unfinished telnet command at the end)."""
    if IAC not in data:
        return data, b""
    text = bytearray()
    at = 0
    while at < len(data):
        if data[at] != IAC:
            text.append(data[at])
            at += 1
            continue
        end = _command_end(data, at)
        if end is None:
            return bytes(text), data[at:]
        if data[at + 1] == IAC:
            text.append(IAC)
        at = end
    return bytes(text), b""


def _command_end(data: bytes, at: int) -> int | None:
    """The index behind the command at `at`; None for an unfinished command."""
    if at + 1 >= len(data):
        return None
    if data[at + 1] in (WILL, WONT, DO, DONT):
        return at + 3 if at + 2 < len(data) else None
    if data[at + 1] == SB:
        end = data.find(bytes((IAC, SE)), at + 2)
        return None if end < 0 else end + 2
    return at + 2
