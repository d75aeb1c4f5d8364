"""Files of an attestation, stored under the name of their hash: no change stays unnoticed."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from eventready.assurance.clauses.attestation import Attachment
from eventready.core.errors import StoreError, UsageError, os_reason
from eventready.core.messages import Param, message
from eventready.core.phrases import tidy

#: A scanned dossier stays well below; a larger file is not what somebody signs for.
MAX_BYTES = 100 * 1024 * 1024
#: As many files as one attestation may carry.
MAX_FILES = 100

_CHUNK = 1 << 20
_PART = ".part"
#: A draft that is older than this was left by a process that died.
_STALE_SECONDS = 3600


@dataclass(frozen=True)
class Attachments:
    """The folder of a workspace's files."""

    folder: Path

    @classmethod
    def of_workspace(cls, workspace: Path) -> Attachments:
        """Return the attachments of a workspace."""
        return cls(workspace / ".eventready" / "attachments")

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
        if files:
            self._make()
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

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            stale = time.time() - _STALE_SECONDS
            for draft in self.folder.glob(f"*{_PART}"):
                with suppress(OSError):
                    if draft.stat().st_mtime < stale:
                        draft.unlink()
        except OSError as error:
            raise self._trouble(error) from None

    def _keep(self, source: Path) -> Attachment:
        draft: Path | None = None
        try:
            with NamedTemporaryFile(dir=self.folder, suffix=_PART, delete=False) as target:
                draft = Path(target.name)
                attachment = _copy(source, target.file.fileno())
            draft.replace(self.path(attachment))
            _settle(self.folder)
        except OSError as error:
            raise self._trouble(error) from None
        else:
            draft = None
            return attachment
        finally:
            if draft is not None:
                draft.unlink(missing_ok=True)

    def _trouble(self, error: OSError) -> StoreError:
        return StoreError(message("clauses:attach.not_kept", reason=os_reason(error)), where=str(self.folder))


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


def _copy(source: Path, target: int) -> Attachment:
    """Copy and hash the bytes read from the source, also while the source changes."""
    digest, size = hashlib.sha256(), 0
    try:
        file = source.open("rb")
    except OSError as error:
        raise _refused(source, "clauses:attach.unread", reason=os_reason(error)) from None
    with file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            _weigh(source, size)
            digest.update(chunk)
            view = memoryview(chunk)
            while view:
                view = view[os.write(target, view) :]
    _weigh(source, size)
    os.fsync(target)
    return Attachment(tidy(source.name, "file name").replace("\n", " "), digest.hexdigest(), size)


def _settle(folder: Path) -> None:
    """Make the new name survive a power cut, where the system has a way to."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
