"""What of telnet a device's side needs: the negotiation OsmoBSC opens with, and input without negotiation bytes."""

from __future__ import annotations

IAC, SB, SE, WILL, WONT, DO, DONT = 255, 250, 240, 251, 252, 253, 254

#: IAC WILL ECHO, IAC WILL SUPPRESS-GO-AHEAD, IAC DONT LINEMODE, IAC DO NAWS, as OsmoBSC 1.13 sends before it prompts.
OPENING = bytes((IAC, WILL, 1, IAC, WILL, 3, IAC, DONT, 34, IAC, DO, 31))


def without_commands(data: bytes) -> tuple[bytes, bytes]:
    """(text, the beginning of a telnet command that is not complete yet)."""
    if IAC not in data:
        return data, b""
    text = bytearray()
    at = 0
    while at < len(data):
        if data[at] != IAC:
            text.append(data[at])
            at += 1
            continue
        end = _end(data, at)
        if end is None:
            return bytes(text), data[at:]
        if data[at + 1] == IAC:
            text.append(IAC)
        at = end
    return bytes(text), b""


def _end(data: bytes, at: int) -> int | None:
    """Where the command that begins at `at` ends; None when more must come."""
    if at + 1 >= len(data):
        return None
    if data[at + 1] in (WILL, WONT, DO, DONT):
        return at + 3 if at + 2 < len(data) else None
    if data[at + 1] == SB:
        end = data.find(bytes((IAC, SE)), at + 2)
        return None if end < 0 else end + 2
    return at + 2
