"""Files of an attestation, stored under the name of their hash: no change stays unnoticed."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from eventready.clauses.attestations.attestation import Attachment
from eventready.core.errors import StoreError, UsageError, os_reason
from eventready.core.files import write_atomic
from eventready.core.messages import Param, message
from eventready.core.strings.texts import tidy

#: A scanned dossier stays well below; a larger file is not what somebody signs for.
MAX_BYTES = 100 * 1024 * 1024
#: As many files as one attestation may carry.
MAX_FILES = 100

_PART = ".part"
#: A draft that is older than this was left by a process that died.
_STALE_SECONDS = 3600


class Attachments:
    """The folder of a workspace's files."""

    def __init__(self, workspace: Path) -> None:
        self.folder = workspace / ".eventready" / "attachments"

    def path(self, attachment: Attachment) -> Path:
        """Return the path of a stored file."""
        suffix = re.fullmatch(r"\.[A-Za-z0-9]{1,8}", Path(attachment.name).suffix)
        return self.folder / (attachment.sha256 + (suffix[0].lower() if suffix else ""))

    def keep(self, files: Sequence[Path]) -> tuple[Attachment, ...]:
        """Copy files into the store; all of them, or none with a UsageError.

        A process that dies on the way leaves at most a copy that nothing refers to.
        """
        if len(files) > MAX_FILES:
            raise UsageError(message("clauses:attach.many", number=len(files), most=MAX_FILES))
        for path in files:
            _inspect(path)
        self._remove_stale()
        kept = (self._keep(path) for path in files)
        return tuple({attachment.sha256: attachment for attachment in kept}.values())

    def checked(self, attachments: Iterable[Attachment]) -> tuple[Attachment, ...]:
        """Return the attachments with the result of their check: `sound` is False for a lost or altered file."""
        return tuple(replace(attachment, sound=self._sound(attachment)) for attachment in attachments)

    def _sound(self, attachment: Attachment) -> bool:
        try:
            with self.path(attachment).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == attachment.sha256
        except OSError:
            return False

    def _remove_stale(self) -> None:
        stale = time.time() - _STALE_SECONDS
        for draft in self.folder.glob(f"*{_PART}"):
            with suppress(OSError):
                if draft.stat().st_mtime < stale:
                    draft.unlink()

    def _keep(self, source: Path) -> Attachment:
        try:
            with source.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise _refused(source, "clauses:attach.unread", reason=os_reason(error)) from None
        _weigh(source, len(data))
        name = tidy(source.name, "file name").replace("\n", " ")
        attachment = Attachment(name, hashlib.sha256(data).hexdigest(), len(data))
        try:
            write_atomic(self.path(attachment), data, private=True)
        except UsageError as error:
            raise StoreError(message("clauses:attach.not_kept", reason=error.cause), where=str(self.folder)) from None
        _settle(self.folder)
        return attachment


def _inspect(path: Path) -> None:
    """Raise UsageError for a path unsuitable as an attachment."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, "clauses:attach.folder" if stat.S_ISDIR(status.st_mode) else "clauses:attach.special")
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise _refused(path, "clauses:attach.missing") from None
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else str(error)
        raise _refused(path, "clauses:attach.unread", reason=reason) from None
    _weigh(path, status.st_size)


def _weigh(path: Path, size: int) -> None:
    if size == 0:
        raise _refused(path, "clauses:attach.empty")
    if size > MAX_BYTES:
        raise _refused(path, "clauses:attach.large", size=size / 1_048_576, most=MAX_BYTES // 1_048_576)


def _refused(path: Path, msgid: str, **params: Param) -> UsageError:
    return UsageError(message(msgid, **params), where=str(path))


def _settle(folder: Path) -> None:
    """Make the new name survive a power cut, where the system has a way to."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
