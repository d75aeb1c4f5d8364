"""Example workspace shipped with the package: location, and copy into a new workspace."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from eventready.core.errors import UsageError, WorkspaceError, os_reason
from eventready.core.messages import message
from eventready.workspace.event import load_event

#: Folders of a workspace, in reading order.
FOLDERS = ("inventory", "templates", "playbooks")

_PACKAGE = Path(__file__).parent.parent
#: Generated data, excluded from version control.
GITIGNORE = ".eventready/\n"


def example_home() -> Path:
    """Folder of the example, in the installed package or in the checkout. Raises WorkspaceError."""
    for home in (_PACKAGE / "example", _PACKAGE.parent.parent):
        if (home / "inventory" / "event.yaml").is_file():
            return home
    raise WorkspaceError(message("workspace:example.missing"))


def copy_example(target: Path, home: Path | None = None) -> tuple[Path, ...]:
    """Copy the example into `target`, an absent or empty folder. Return the relative paths of the files.

    Raises UsageError for a folder in use or not writable; a failed copy leaves no file behind.
    """
    home = home or example_home()
    made = prepare_folder(target)
    written: list[Path] = []
    try:
        for source in _files(home):
            relative = source.relative_to(home)
            written.append(relative)
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / relative)
        (target / ".gitignore").write_text(GITIGNORE, encoding="utf-8")
    except OSError as error:
        for name in (*FOLDERS, ".gitignore"):
            remove_path(target / name)
        if made:
            remove_path(target)
        raise UsageError(message("workspace:example.uncopied", reason=os_reason(error)), where=str(target)) from None
    return tuple(written)


def prepare_folder(target: Path) -> bool:
    """Create the folder; return True for a new folder."""
    try:
        if target.exists():
            if not target.is_dir():
                raise UsageError(message("workspace:folder.is_file"), where=str(target))
            if any(target.iterdir()):
                raise UsageError(message("workspace:folder.not_empty"), where=str(target))
            return False
        target.mkdir(parents=True)
    except OSError as error:
        raise UsageError(message("workspace:folder.unmade", reason=os_reason(error)), where=str(target)) from None
    return True


def example_named(name: str) -> Path:
    """Folder of the example with event id or prefix `name`; the only example for "". Raises UsageError."""
    home = example_home()
    event = load_event(home / "inventory" / "event.yaml")
    if name and event.id != name and not event.id.startswith(f"{name}-"):
        raise UsageError(message("workspace:example.unknown", name=name, event=event.id))
    return home


def _files(home: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            hidden = any(part.startswith((".", "__")) for part in path.relative_to(home).parts)
            if path.is_file() and not hidden and path.name != "vault.yml":
                yield path


def remove_path(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
