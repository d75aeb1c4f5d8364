"""Secrets by reference: a workspace names the source of a password, never the password.

    env:NAME                  the file NAME in the folder EVENTREADY_SECRETS_DIR, else an environment variable:
                              EVENTREADY_*, or a name that the person's configuration lists
    keyring:service/user      the desktop's or server's keyring (extra: secrets)
    vault:key                 a key of inventory/vault.yml, encrypted by `ansible-vault`; its password
                              comes from EVENTREADY_VAULT_PASSWORD or the file EVENTREADY_VAULT_PASSWORD_FILE
    exec:COMMAND              first line printed by a command, run in the workspace without a shell, once per process

No message contains a value.
"""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from eventready.core.allowed_content import sealed_command, verified
from eventready.core.errors import UsageError, WorkspaceError, os_reason
from eventready.core.files import config_folder, read_bounded
from eventready.core.messages import message
from eventready.core.validation_messages import SECRET_KEY, suggest
from eventready.workspace.files.yaml_document import load_yaml, parse_yaml

_HEADER = re.compile(r"\$ANSIBLE_VAULT;(?:1\.1|1\.2);AES256(?:;[^;\s]{1,256})?")
_ITERATIONS, _KEY, _COUNTER = 10_000, 32, 16


def is_vault(text: str) -> bool:
    """Return True for an encrypted text of any version."""
    return text.startswith("$ANSIBLE_VAULT;")


def decrypt(text: str, password: str) -> bytes:
    """Return the content. Raises ValueError for another format, a damaged text, or a wrong password."""
    header, _, body = text.partition("\n")
    if not _HEADER.fullmatch(header.strip()):
        raise ValueError("not version 1.1 or 1.2 with AES256")
    salt, digest, ciphertext = (bytes.fromhex(part.decode()) for part in bytes.fromhex(body).split(b"\n"))
    derived = PBKDF2HMAC(SHA256(), 2 * _KEY + _COUNTER, salt, _ITERATIONS).derive(password.encode())
    try:
        signed = HMAC(derived[_KEY : 2 * _KEY], SHA256())
        signed.update(ciphertext)
        signed.verify(digest)
    except InvalidSignature:
        raise ValueError("wrong password, or a damaged text") from None
    cipher = Cipher(AES(derived[:_KEY]), CTR(derived[2 * _KEY :])).decryptor()
    padding = PKCS7(AES.block_size).unpadder()
    return padding.update(cipher.update(ciphertext) + cipher.finalize()) + padding.finalize()


VAULT = Path("inventory") / "vault.yml"

_REFERENCE = re.compile(r"(env|keyring|vault|exec):\S.*")
#: Name of a variable, and so of its file; most bytes of a file of a secret.
_VARIABLE, _LARGEST = re.compile(r"[A-Za-z_]\w*", re.ASCII), 1_000_000
#: Time limit of the command of an `exec:` reference.
_COMMAND_S = 60.0


class SecretError(WorkspaceError):
    """Unresolvable reference."""


def is_reference(value: object) -> bool:
    """True for `env:`, `keyring:`, `vault:` and `exec:` references."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


#: Values kept in the memory of this process, by reference, folder, and giver (`own`).
_KEPT: dict[tuple[str, Path, bool], str] = {}
_keeps = ContextVar("keeps", default=False)


@contextmanager
def keeping() -> Iterator[None]:
    """Keep the secrets resolved in the block for the life of this process, except for fresh codes."""
    before = _keeps.set(True)
    try:
        yield
    finally:
        _keeps.reset(before)


def resolve(
    reference: str, workspace: Path = Path(), *, where: str = "", fresh: bool = False, own: bool = False
) -> str:
    """Resolve a reference; any other text is returned unchanged (password of a lab, user name).

    `workspace`: folder of the vault. `where`: place for messages. `fresh`: run the command of an `exec:` reference
    again, for one-time codes. `own`: given by the person, not by the workspace. Raises SecretError.
    """
    if not is_reference(reference):
        return reference
    known = reference, workspace, own
    if known in _KEPT and not fresh:
        return _KEPT[known]
    value = _resolved(reference, workspace, where, fresh=fresh, own=own)
    if _keeps.get() and not fresh:
        _KEPT[known] = value
    return value


def _resolved(reference: str, workspace: Path, where: str, *, fresh: bool, own: bool) -> str:
    kind, name = reference.split(":", 1)
    if kind == "env":
        return _environment(name, where, own=own)
    if kind == "exec":
        return _run(name, workspace, where) if fresh else _run_once(name, workspace, where)
    return _keyring(name, where) if kind == "keyring" else _vault(name, workspace / VAULT, where)


def plain_secrets(data: object) -> tuple[tuple[str | int, ...], ...]:
    """Paths of keys with a plain-text password in an inventory entry."""
    return tuple(_plain(data, ()))


def _plain(part: object, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
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
    """True for text and numbers (unquoted passwords); False for switches such as `use_keys: true`."""
    return value not in (None, "") and not isinstance(value, bool) and not is_reference(value)


def may_read(name: str) -> bool:
    """True for `EVENTREADY_*`, and for names (globs) listed in the user's configuration or environment."""
    listed = os.environ.get("EVENTREADY_ENV_NAMES", "").split(",")
    return any(fnmatchcase(name, pattern) for pattern in ("EVENTREADY_*", *filter(None, listed), *_configured_names()))


def _configured_names() -> tuple[str, ...]:
    path = config_folder() / "config.yaml"
    if not path.is_file():
        return ()
    names = load_yaml(path, may_be_empty=True).mapping().get("env_names") or ()
    return tuple(map(str, names)) if isinstance(names, list) else ()


def _environment(name: str, where: str, *, own: bool) -> str:
    if secret := _file_of(name):
        return _line_of(secret, where)
    if not own and not may_read(name):
        file = str(config_folder() / "config.yaml")
        raise SecretError(message("workspace:secret.env_forbidden", name=name, file=file), where=where)
    value = os.environ.get(name)
    if value is None:
        raise SecretError(message("workspace:secret.env_missing", name=name), where=where)
    return value


def _file_of(name: str) -> Path | None:
    """Return the file of a reference in the folder of secrets, which the person chose; None without."""
    folder = os.environ.get("EVENTREADY_SECRETS_DIR")
    file = Path(folder) / name if folder and _VARIABLE.fullmatch(name) else None
    return file if file and file.is_file() else None


def _line_of(file: Path, where: str) -> str:
    """Return the text of a file of secrets without the end of its last line. Raises SecretError."""
    try:
        return read_bounded(file, _LARGEST, "the secret").decode().removesuffix("\n").removesuffix("\r")
    except (UsageError, UnicodeDecodeError):
        raise SecretError(message("workspace:secret.password_file", file=str(file)), where=where) from None


@lru_cache(maxsize=64)
def _run_once(command: str, workspace: Path, where: str) -> str:
    return _run(command, workspace, where)


def _run(command: str, workspace: Path, where: str) -> str:
    """First line of the output of a command. Messages name the program only: arguments may contain secrets."""
    try:
        arguments = shlex.split(command)
        program = arguments[0]
    except (ValueError, IndexError):
        raise SecretError(message("workspace:secret.exec_quotes"), where=where) from None
    try:
        with sealed_command(arguments, workspace) as allowed:
            done = subprocess.run(
                allowed, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                check=False, timeout=_COMMAND_S, cwd=workspace,
            )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SecretError(
            message("workspace:secret.exec_timeout", program=program, seconds=_COMMAND_S), where=where
        ) from None
    except OSError as error:
        raise SecretError(
            message("workspace:secret.exec_failed", program=program, reason=os_reason(error)), where=where
        ) from None
    value = done.stdout.decode(errors="replace").partition("\n")[0].rstrip("\r")
    if done.returncode or not value:
        failed = message("workspace:secret.exec_status", program=program, status=done.returncode)
        raise SecretError(
            failed if done.returncode else message("workspace:secret.exec_nothing", program=program), where=where
        )
    return value


def _keyring(name: str, where: str) -> str:
    service, slash, user = name.rpartition("/")
    if not (slash and service and user):
        raise SecretError(message("workspace:secret.keyring_user", name=name), where=where)
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        raise SecretError(message("workspace:secret.package", name=name), where=where) from None
    try:
        value = keyring.get_password(service, user)
    except Exception as error:  # backends raise what they like, and their words may hold values
        raise SecretError(
            message("workspace:secret.keyring_unreadable", service=service, user=user, name=type(error).__name__),
            where=where,
        ) from None
    if value is None:
        raise SecretError(message("workspace:secret.keyring_entry", service=service, user=user), where=where)
    return str(value)


def _vault(key: str, path: Path, where: str) -> str:
    values = _open_vault(path, where)
    if key not in values:
        raise SecretError(
            message("workspace:secret.vault_key", path=str(path), key=key),
            where=where,
            do=suggest(key, values, noun="It has"),
        )
    return values[key]


def _open_vault(path: Path, where: str) -> dict[str, str]:
    try:
        text = verified(path, path.read_bytes()).decode()
    except FileNotFoundError:
        raise SecretError(message("workspace:secret.vault_missing", path=str(path)), where=where) from None
    except (OSError, UnicodeDecodeError):
        raise SecretError(message("workspace:secret.vault_unreadable", path=str(path)), where=where) from None
    if not is_vault(text):
        raise SecretError(message("workspace:secret.vault_plain", path=str(path)), where=where)
    return _decrypt(text, _vault_password(where), str(path))


def _vault_password(where: str) -> str:
    password = os.environ.get("EVENTREADY_VAULT_PASSWORD")
    if password is not None:
        return password
    file = os.environ.get("EVENTREADY_VAULT_PASSWORD_FILE")
    if not file:
        raise SecretError(message("workspace:secret.vault_password"), where=where)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SecretError(message("workspace:secret.password_file", file=file), where=where) from None


@lru_cache(maxsize=4)
def _decrypt(text: str, password: str, path: str) -> dict[str, str]:
    """Decrypt a vault; cached, since key derivation is slow."""
    try:
        content = decrypt(text, password)
    except ValueError:
        raise SecretError(message("workspace:secret.vault_wrong"), where=path) from None
    try:
        values = parse_yaml(Path(path), content.decode()).data
    except (WorkspaceError, ValueError):  # a key may be the secret
        values = None
    if not isinstance(values, dict):
        raise SecretError(message("workspace:secret.vault_lines"), where=path)
    return {str(key): str(value) for key, value in values.items()}
