"""The key of a workspace's backups: a file readable by its owner only, or a reference in EVENTREADY_BACKUP_KEY."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.files import create_atomic, read_private
from eventready.core.messages import message
from eventready.core.redaction.redaction import register
from eventready.core.strings.texts import decode_base64
from eventready.workspace.keys.secrets import resolve

ENVIRONMENT = "EVENTREADY_BACKUP_KEY"
BACKUP_KEY = Path(".eventready") / "keys" / "backup.key"
#: Bytes of an AES-256 key.
KEY_BYTES = 32
_LARGEST = 1_000


def make_backup_key(workspace: Path) -> bytes:
    """Return the key (KEY_BYTES); an absent file is made. Raises like `load_backup_key`."""
    if not os.environ.get(ENVIRONMENT) and not (workspace / BACKUP_KEY).exists():
        create_atomic(workspace / BACKUP_KEY, base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
    key = load_backup_key(workspace)
    if key is None:
        raise UsageError(message("workspace:backup_key.removed"), where=str(workspace / BACKUP_KEY))
    return key


def load_backup_key(workspace: Path) -> bytes | None:
    """Return the key (KEY_BYTES); None for an absent file.

    Raises UsageError for an invalid key, and RefusedError for a file readable by others.
    """
    reference = os.environ.get(ENVIRONMENT)
    if reference:
        return _decode(resolve(reference, workspace, own=True), ENVIRONMENT)
    path = workspace / BACKUP_KEY
    if not path.exists():
        return None
    return _decode(read_private(path, _LARGEST, "key of backups").decode("latin-1"), str(path))


def _decode(text: str, where: str) -> bytes:
    register(text.strip())
    key = decode_base64(text.strip())
    if len(key) != KEY_BYTES:
        raise UsageError(message("workspace:backup_key.invalid"), where=where)
    return key
