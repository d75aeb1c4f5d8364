"""Example workspace shipped with the package: location, and copy into a new workspace."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from eventready.core.errors import UsageError, WorkspaceError, os_reason
from eventready.core.messages import message
from eventready.workspace.settings.event import load_event

#: Folders of a workspace, in reading order.
FOLDERS = ("inventory", "templates", "playbooks")

_PACKAGE = Path(__file__).parents[2]
#: Tests of the example, for pytest; those beside the folders of a checkout are the tests of the product.
TESTS = Path(__file__).with_name("tests")
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
    files = {path.relative_to(home): path for path in _files(home)}
    files |= {Path("tests", path.name): path for path in sorted(TESTS.glob("*.py"))}
    return fill_folder(target, files, "workspace:example.uncopied")


def fill_folder(target: Path, files: Mapping[Path, Path | str], failure: str) -> tuple[Path, ...]:
    """Fill an absent or empty folder with texts and copies of files, by relative path, and a .gitignore.

    Return the relative paths. Raises UsageError, with the message of the id `failure` where a file cannot be written;
    then no file is left behind.
    """
    made = _prepare_folder(target)
    try:
        for relative, content in files.items():
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                (target / relative).write_text(content, encoding="utf-8")
            else:
                shutil.copyfile(content, target / relative)
        (target / ".gitignore").write_text(GITIGNORE, encoding="utf-8")
    except OSError as error:
        for name in {path.parts[0] for path in files} | {".gitignore"}:
            _remove(target / name)
        if made:
            _remove(target)
        raise UsageError(message(failure, reason=os_reason(error)), where=str(target)) from None
    return tuple(files)


def _prepare_folder(target: Path) -> bool:
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


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
