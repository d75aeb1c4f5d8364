"""Planners, approvers and appliers of changes: name and machine, and signing keys."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterable
from pathlib import Path

from eventready.change.safety.approval import owner_of
from eventready.cli.context import App
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.workspace.keys.signing_keys import OWN_KEY, PrivateKey, load_private
from eventready.workspace.settings.change_settings import KeyHolder


def current_user(by: str = "") -> tuple[str, str]:
    """Name (`by`, or the login) and host name. Raises UsageError without a login name."""
    host = socket.gethostname() or "?"
    if by.strip():
        return " ".join(by.split()), host
    try:
        return getpass.getuser(), host
    except (KeyError, OSError, ImportError):
        raise UsageError(message("cli:user.no_login", number=os.getuid())) from None


#: Default path of a person's key; the folder is excluded from version control.
_KEY = Path(".eventready") / "keys" / "approval.pem"


def signing_key(app: App, source: str) -> PrivateKey:
    """Load the key of a file or a reference, or of the default path. Raises UsageError and RefusedError."""
    return load_private(source or _own_key(app), app.workspace_path, "")


def enterprise_key(app: App) -> PrivateKey | None:
    """Load the enterprise's key, the key of bundles in the workspace; None without a key there."""
    path = app.workspace_path / OWN_KEY
    if not path.is_file():
        return None
    return load_private(str(path), app.workspace_path, "", default=app.workspace.event.enterprise)


def role_key(app: App, people: Iterable[KeyHolder], source: str, by: str) -> tuple[PrivateKey | None, str]:
    """Return the key and the name for a role: `by`, or the owner of the key. No key without people of the role."""
    people = tuple(people)
    if not people:
        return None, by
    key = signing_key(app, source)
    owner = owner_of(key, people)
    return key, by if by.strip() or owner is None else owner.name


def _own_key(app: App) -> str:
    """Return the default path of the key. Raises UsageError if there is none."""
    path = app.workspace_path / _KEY
    if not path.is_file():
        make = f'eventready department keygen --out {path} --operator "YOUR NAME"'
        raise UsageError(message("cli:approve.no_key", command=make), where=str(path))
    return str(path)
