"""The telnet protocol (RFC 854): separate data from negotiation in linear time, and refuse every option."""

from __future__ import annotations

_IAC, _SB, _SE = 255, 250, 240
_WILL, _WONT, _DO, _DONT = 251, 252, 253, 254
_REFUSAL = {_WILL: _DONT, _DO: _WONT}
#: NUL and XON, which terminals ignore.
_IGNORED = b"\x00\x11"
#: Refusals sent per session: an option that is refused is not offered again by a device that follows RFC 1143.
_MAX_REFUSALS = 1_000


class TelnetCodec:
    """Decode a stream in pieces. Subnegotiations are discarded as they arrive."""

    def __init__(self) -> None:
        self._held = b""  # the beginning of an unfinished command
        self._inside = False  # a subnegotiation
        self._refusals = 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return (payload, refusals to send)."""
        if not self._held and not self._inside and _IAC not in data:
            return data.translate(None, _IGNORED), b""
        data, self._held = self._held + data, b""
        payload, replies, at = bytearray(), bytearray(), 0
        while at < len(data):
            escape = data.find(_IAC, at)
            end = len(data) if escape < 0 else escape
            if not self._inside:
                payload += data[at:end]
            if escape < 0:
                break
            command = data[escape + 1 : escape + 3]
            size = self._command(command, payload, replies)
            if not size:
                self._held = data[escape:]
                break
            at = escape + size
        return bytes(payload).translate(None, _IGNORED), bytes(replies)

    def _command(self, command: bytes, payload: bytearray, replies: bytearray) -> int:
        """Process the bytes after an escape; return the length with the escape, 0 if unfinished."""
        if not command:
            return 0
        code = command[0]
        if code == _IAC:
            if not self._inside:
                payload.append(_IAC)
            return 2
        if code in (_SB, _SE):
            self._inside = code == _SB
            return 2
        if code not in (_WILL, _WONT, _DO, _DONT):
            return 2
        if len(command) < 2:
            return 0
        refusal = _REFUSAL.get(code)
        if refusal is not None and self._refusals < _MAX_REFUSALS:
            self._refusals += 1
            replies += bytes((_IAC, refusal, command[1]))
        return 3
