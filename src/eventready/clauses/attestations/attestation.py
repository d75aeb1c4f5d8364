"""Attestations: signed statements about a clause, with files and the rows of a form. An attestation is never changed,
only withdrawn by another entry."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from eventready.core.errors import StoreError, UsageError, os_reason
from eventready.core.files import write_atomic
from eventready.core.messages import Param, message
from eventready.core.records import Kinds, Moment, Stream
from eventready.core.strings.texts import tidy
from eventready.store.streams.journal import JournalEntry, unfit

#: Row of a form, as plain JSON types by field.
Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Attachment:
    """File stored by its hash. `sound` is False for a lost or altered file."""

    name: str
    sha256: str
    size: int
    sound: bool = True


@dataclass(frozen=True)
class Attested:
    """Entry of a signed statement. `document` is the attested paper of the clause (empty: the clause itself).

    `at` is the event's time, `rows` those of the clause's form.
    """

    by: str
    note: str
    at: Moment
    document: str = ""
    files: tuple[Attachment, ...] = ()
    rows: tuple[Values, ...] = ()
    rehearsal: bool = False


@dataclass(frozen=True)
class Withdrawn:
    """Withdrawal of the attestation `of`."""

    of: str
    by: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Attestation(Attested):
    """Signed statement. `recorded` is the real time in UTC; `withdrawn`: reason and person of a withdrawal."""

    id: str
    clause: str
    recorded: datetime
    withdrawn: str = ""

    @property
    def stands(self) -> bool:
        """Return True for a valid attestation: not withdrawn, and every file intact."""
        return not self.withdrawn and all(file.sound for file in self.files)


STREAM: Stream[Attested | Withdrawn] = Stream(
    "attestation", Kinds("kind", {"attested": Attested, "withdrawn": Withdrawn})
)


def replay(entries: Iterable[JournalEntry[Attested | Withdrawn]]) -> tuple[Attestation, ...]:
    """Return the attestations of the journal's entries, keyed by clause, in their order.

    Raises StoreError for the withdrawal of an unknown attestation.
    """
    found: dict[str, Attestation] = {}
    for entry in entries:
        body = entry.body
        if isinstance(body, Withdrawn):
            if body.of not in found:
                raise unfit(entry, body.of)
            found[body.of] = replace(found[body.of], withdrawn=f"{body.by}: {body.note}")
        else:
            own, recorded = f"A-{entry.position:04d}", datetime.fromisoformat(entry.recorded)
            found[own] = Attestation(**vars(body), id=own, clause=entry.key, recorded=recorded)
    return tuple(found.values())


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
