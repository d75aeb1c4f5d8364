"""Catalogue of a namespace: a `.po` file with both languages, compiled by Babel to a binary file per language.

An entry has the key as its context, the English text as its id and the Vietnamese text as its translation: both stand
beside each other, and tools of translators read them. An entry without a context has its English text as the key.
gettext reads the binary files (`NAMESPACE.LANG.mo`), which are made when the package is built, and at run time where
the `.po` file is newer.
"""

from __future__ import annotations

import io
import os
from contextlib import suppress
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from babel.messages.catalog import Message

Lang: TypeAlias = Literal["vi", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)

#: Folder of the catalogues of the product.
HOME = Path(__file__).parent.parent / "locales"


def load(folder: Path, namespace: str, lang: str) -> NullTranslations | None:
    """Texts of a namespace of a folder by their keys; None where the folder lacks the namespace."""
    binary = _binary(folder / f"{namespace}.po", lang)
    return GNUTranslations(io.BytesIO(binary)) if binary else None


def keys(folder: Path, namespace: str) -> tuple[str, ...]:
    """Keys of a namespace of a folder, sorted; none where the folder lacks the namespace."""
    from babel.messages.mofile import read_mo  # noqa: PLC0415  needed only to check what an office wrote

    binary = _binary(folder / f"{namespace}.po", "en")
    entries = [entry for entry in read_mo(io.BytesIO(binary)) if entry.id] if binary else ()
    return tuple(sorted({entry.id if isinstance(entry.id, str) else entry.id[0] for entry in entries}))


def compiled(po_file: Path, lang: str) -> bytes:
    """Texts of a `.po` file in a language, in gettext's binary form."""
    from babel.messages.catalog import Catalog  # noqa: PLC0415  needed only where a catalogue is newer than its .mo
    from babel.messages.mofile import write_mo  # noqa: PLC0415  needed only where a catalogue is newer than its .mo
    from babel.messages.pofile import read_po  # noqa: PLC0415  needed only where a catalogue is newer than its .mo

    texts = Catalog(locale=lang)
    with po_file.open("rb") as file:
        for entry in read_po(file):
            shown = entry.id if lang == "en" and entry.context else entry.string
            if entry.id and shown:
                texts.add(_key(entry), shown)
    binary = io.BytesIO()
    write_mo(binary, texts)
    return binary.getvalue()


def _key(entry: Message) -> str | tuple[str, str]:
    """Key of an entry, twice for plural forms."""
    key = entry.context or str(entry.id)
    return key if isinstance(entry.id, str) else (key, key)


def _binary(po_file: Path, lang: str) -> bytes | None:
    """Compiled catalogue of a file, compiled if outdated; None for a missing file."""
    mo_file = po_file.with_suffix(f".{lang}.mo")
    if _current(mo_file, po_file):
        return mo_file.read_bytes()
    if not po_file.is_file():
        return None
    binary = compiled(po_file, lang)
    with suppress(OSError):  # in a folder without write access the catalogue is compiled each time
        _write(mo_file, binary)
    return binary


def _write(mo_file: Path, binary: bytes) -> None:
    """Write the file atomically: another process may read at the same time."""
    draft = mo_file.with_name(f".{mo_file.stem}.{os.getpid()}.mo")
    try:
        draft.write_bytes(binary)
        draft.replace(mo_file)
    finally:
        draft.unlink(missing_ok=True)


def _current(mo_file: Path, po_file: Path) -> bool:
    """True where the compiled file is there and no older than its source; an installed package has no source."""
    try:
        made = mo_file.stat().st_mtime_ns
    except OSError:
        return False
    try:
        return made >= po_file.stat().st_mtime_ns
    except OSError:
        return True
