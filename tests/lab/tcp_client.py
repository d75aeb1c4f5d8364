"""A plain TCP client of a lab."""

from __future__ import annotations

import socket


class TcpClient:
    """A plain TCP client."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, 10)
        self._socket.settimeout(10)
        self._read = b""

    def send(self, text: str) -> None:
        self._socket.sendall(text.encode())

    def until(self, end: str) -> str:
        """Everything up to and with `end`; fails when the connection closes first."""
        while end.encode() not in self._read:
            more = self._socket.recv(65_536)
            assert more, f"closed before {end!r}: {self._read!r}"
            self._read += more
        at = self._read.index(end.encode()) + len(end.encode())
        received, self._read = self._read[:at], self._read[at:]
        return received.decode(errors="replace")

    def rest(self) -> bytes:
        """Everything until the other side closes."""
        while more := self._socket.recv(65_536):
            self._read += more
        return self._read

    def quiet(self, seconds: float = 0.3) -> bool:
        """True when nothing comes for a while."""
        self._socket.settimeout(seconds)
        try:
            self._read += self._socket.recv(65_536)
        except TimeoutError:
            return not self._read
        finally:
            self._socket.settimeout(10)
        return False

    def close(self) -> None:
        self._socket.close()
