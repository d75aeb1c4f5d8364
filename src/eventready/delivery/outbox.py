"""The mails that go out, byte for byte, each in a file named by its hash and readable by its owner only."""

from __future__ import annotations

import hashlib
from pathlib import Path

from eventready.errors import StoreError
from eventready.files import write_whole

FOLDER = Path(".eventready") / "outbox"


class Outbox:
    """The outbox of a workspace."""

    def __init__(self, workspace: Path) -> None:
        self._folder = workspace / FOLDER

    def keep(self, data: bytes) -> str:
        """Keep a mail; its hash. Raises UsageError when it cannot be written."""
        sha256 = hashlib.sha256(data).hexdigest()
        write_whole(self.path(sha256), data, private=True)
        return sha256

    def read(self, sha256: str) -> bytes:
        """The mail of that hash. Raises StoreError when it is lost or was altered."""
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except OSError:
            raise StoreError("the mail is lost", where=str(path), do="Draft it again and send that.") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError("the mail was altered", where=str(path), do="Draft it again and send that.")
        return data

    def path(self, sha256: str) -> Path:
        """Where a mail lies."""
        return self._folder / f"{sha256}.eml"
