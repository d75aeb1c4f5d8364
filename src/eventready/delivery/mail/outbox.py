"""Outgoing mails, byte for byte, each in a file named by its hash and readable by its owner only."""

from __future__ import annotations

import hashlib
from pathlib import Path

from eventready.core.errors import StoreError
from eventready.core.files import write_atomic
from eventready.core.messages import message

FOLDER = Path(".eventready") / "outbox"


class Outbox:
    """The outbox of a workspace."""

    def __init__(self, workspace: Path) -> None:
        self._folder = workspace / FOLDER

    def keep(self, data: bytes) -> str:
        """Store a mail; return its hash. Raises UsageError for a failed write."""
        sha256 = hashlib.sha256(data).hexdigest()
        write_atomic(self.path(sha256), data, private=True)
        return sha256

    def read(self, sha256: str) -> bytes:
        """Return the mail of a hash. Raises StoreError for a lost or altered mail."""
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except OSError:
            raise StoreError(message("delivery:outbox.lost"), where=str(path)) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(message("delivery:outbox.altered"), where=str(path))
        return data

    def path(self, sha256: str) -> Path:
        """Return the path of a mail."""
        return self._folder / f"{sha256}.eml"
