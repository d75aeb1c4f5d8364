"""The Trà Vinh example, which the package carries: where it is, and a copy of it as somebody's own workspace."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from eventready.errors import UsageError, WorkspaceError

#: What a workspace consists of, in the order in which an engineer reads it.
FOLDERS = ("inventory", "templates", "playbooks")

_PACKAGE = Path(__file__).parent.parent
#: What a workspace gathers as it is used, and what does not belong under version control.
_IGNORED = ".eventready/\n"


def example_home() -> Path:
    """The folder that holds the example: inside an installed package, or the checkout. Raises WorkspaceError."""
    for home in (_PACKAGE / "example", _PACKAGE.parent.parent):
        if (home / "inventory" / "event.yaml").is_file():
            return home
    raise WorkspaceError("this installation carries no example workspace", do="Install eventready again.")


def copy_example(target: Path) -> tuple[Path, ...]:
    """Copy the example into `target`, which is absent or empty. Returns the files written, relative to it.

    Raises UsageError for a folder in use, and when it cannot be written; then nothing that was copied is left.
    """
    home = example_home()
    made = _prepare(target)
    written: list[Path] = []
    try:
        for source in _files(home):
            relative = source.relative_to(home)
            written.append(relative)
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / relative)
        (target / ".gitignore").write_text(_IGNORED, encoding="utf-8")
    except OSError as error:
        for name in (*FOLDERS, ".gitignore"):
            _remove(target / name)
        if made:
            _remove(target)
        raise UsageError(f"the example cannot be copied: {error.strerror or error}", where=str(target)) from None
    return tuple(written)


def _prepare(target: Path) -> bool:
    """Make the folder; True when it was not there before."""
    try:
        if target.exists():
            if not target.is_dir():
                raise UsageError("this is a file, not a folder", where=str(target), do="Name another folder.")
            if any(target.iterdir()):
                raise UsageError(
                    "the folder is not empty, and nothing in it is overwritten",
                    where=str(target),
                    do="Name a folder that does not exist yet.",
                )
            return False
        target.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"the folder cannot be made: {error.strerror or error}", where=str(target)) from None
    return True


def _files(home: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            hidden = any(part.startswith((".", "__")) for part in path.relative_to(home).parts)
            if path.is_file() and not hidden and path.name != "vault.yml":
                yield path


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
