"""Secrets by reference: the workspace says where a password lies, never what it is.

    env:NAME                  an environment variable
    keyring:service/user      the desktop's or server's keyring (extra: secrets)
    vault:key                 a key of inventory/vault.yml, encrypted by ansible-vault (extra: secrets); its password
                              comes from EVENTREADY_VAULT_PASSWORD or the file EVENTREADY_VAULT_PASSWORD_FILE

No message here ever holds a value.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from eventready.errors import WorkspaceError
from eventready.workspace.complaints import SECRET_KEY, suggest

VAULT = Path("inventory") / "vault.yml"

_REFERENCE = re.compile(r"(env|keyring|vault):\S.*")
_EXTRA = 'Install it: pip install "eventready[secrets]"'


class SecretError(WorkspaceError):
    """A reference that leads nowhere."""


def is_reference(value: object) -> bool:
    """True for `env:`, `keyring:` and `vault:` references."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def resolve(reference: str, workspace: Path = Path(), *, where: str = "") -> str:
    """The value behind a reference; a text that is none is its own value (a lab's password, a user's name).

    `workspace` is the folder whose vault is meant, `where` the place to name. Raises SecretError.
    """
    if not is_reference(reference):
        return reference
    kind, name = reference.split(":", 1)
    if kind == "env":
        return _environment(name, where)
    return _keyring(name, where) if kind == "keyring" else _vault(name, workspace / VAULT, where)


def plain_secrets(data: Mapping[str, Any]) -> tuple[tuple[str | int, ...], ...]:
    """The places in an inventory entry where a password stands in plain, as paths of keys."""
    return tuple(_plain(data, ()))


def _plain(part: Any, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    if isinstance(part, list):
        return [found for index, item in enumerate(part) for found in _plain(item, (*path, index))]
    if not isinstance(part, dict):
        return []
    found = []
    for key, value in part.items():
        if isinstance(value, dict | list):
            found += _plain(value, (*path, key))
        elif isinstance(key, str) and SECRET_KEY.search(key) and _is_plain(value):
            found.append((*path, key))
    return found


def _is_plain(value: Any) -> bool:
    """Numbers count: an unquoted password may look like one. Switches (`use_keys: true`) do not."""
    return value not in (None, "") and not isinstance(value, bool) and not is_reference(value)


def _environment(name: str, where: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise SecretError(f"the environment variable {name} is not set", where=where, do=f"Set it: export {name}=...")
    return value


def _keyring(name: str, where: str) -> str:
    service, slash, user = name.rpartition("/")
    if not (slash and service and user):
        raise SecretError(f"keyring:{name} names no user", where=where, do="Write keyring:service/user.")
    keyring = _optional("keyring", f"keyring:{name}", where)
    try:
        value = keyring.get_password(service, user)
    except Exception as error:  # backends raise what they like, and their words may hold values
        raise SecretError(
            f"the keyring cannot be asked for {service}/{user} ({type(error).__name__})",
            where=where,
            do="Unlock it, or use env: or vault: instead.",
        ) from None
    if value is None:
        raise SecretError(
            f"the keyring has nothing for {service}/{user}", where=where, do=f"Store it: keyring set {service} {user}"
        )
    return str(value)


def _vault(key: str, path: Path, where: str) -> str:
    values = _open_vault(path, where)
    if key not in values:
        raise SecretError(f"{path} has no key {key!r}", where=where, do=suggest(key, values, noun="It has"))
    return str(values[key])


def _open_vault(path: Path, where: str) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SecretError(f"{path} does not exist", where=where, do=f"Make it: ansible-vault create {path}") from None
    except (OSError, UnicodeDecodeError):
        raise SecretError(f"{path} cannot be read", where=where, do="Check its permissions and encoding.") from None
    if not text.startswith("$ANSIBLE_VAULT;"):
        raise SecretError(f"{path} is not encrypted", where=where, do=f"Encrypt it: ansible-vault encrypt {path}")
    return _decrypt(text, _vault_password(where), str(path))


def _vault_password(where: str) -> str:
    password = os.environ.get("EVENTREADY_VAULT_PASSWORD")
    if password is not None:
        return password
    file = os.environ.get("EVENTREADY_VAULT_PASSWORD_FILE")
    if not file:
        raise SecretError(
            "the vault's password is not known",
            where=where,
            do="Set EVENTREADY_VAULT_PASSWORD or EVENTREADY_VAULT_PASSWORD_FILE.",
        )
    try:
        return Path(file).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise SecretError(f"the vault's password file {file} cannot be read", where=where) from None


@lru_cache(maxsize=4)
def _decrypt(text: str, password: str, path: str) -> Mapping[str, Any]:
    """Deriving the key is slow on purpose, so once per content and password."""
    module = _optional("ansible_vault", "vault:", path)
    try:
        values = module.Vault(password).load(text)
    except Exception:  # ansible's own errors may quote what they decrypted
        raise SecretError(
            "the vault cannot be opened with the password given", where=path, do="Check EVENTREADY_VAULT_PASSWORD."
        ) from None
    if not isinstance(values, dict):
        raise SecretError("the vault must hold `key: value` lines", where=path)
    return values


def _optional(module: str, what: str, where: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise SecretError(f"{what} needs a package that is not installed ({module})", where=where, do=_EXTRA) from None
