"""Platform folders: which there are, and the description that each begins with (`platform.yaml`).

A folder is a platform when it has a `platform.yaml`; its name is the platform's. The package's own folders and those of
a workspace stand side by side, and two of one name are an error. What a platform can be asked (`facts.yaml`) is read a
floor up, in `facts/platform.py`, where facts are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from eventready.errors import PlatformError, WorkspaceError
from eventready.platforms.model import PlatformSpec
from eventready.workspace.device import ROLES
from eventready.workspace.yaml import Document, load_yaml, several

HOME = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Description:
    """How one kind of equipment talks. `document` is its platform.yaml with line numbers."""

    name: str
    folder: Path
    spec: PlatformSpec
    document: Document


def allows(spec: PlatformSpec, command: str) -> bool:
    """True when the whole command matches a read-only pattern, is one line, and is none that may never be sent."""
    return (
        command.isprintable()
        and any(re.fullmatch(pattern, command) for pattern in spec.read_only)
        and not any(re.search(pattern, command) for pattern in spec.never_sent)
    )


def platform_names(extra_dirs: Iterable[Path | str] = ()) -> tuple[str, ...]:
    """All platforms there are, the workspace's included, sorted. Raises PlatformError for two of one name."""
    return tuple(sorted(_folders(tuple(map(Path, extra_dirs)))))


def describe(name: str, extra_dirs: Iterable[Path | str] = ()) -> Description:
    """The description of the platform of that name; read once per process. Raises PlatformError with file and line."""
    return _described(name, tuple(map(Path, extra_dirs)))


@cache
def _described(name: str, extra_dirs: tuple[Path, ...]) -> Description:
    folders = _folders(extra_dirs)
    if name not in folders:
        raise PlatformError(f"there is no platform {name!r}", do=suggestion(name, folders))
    try:
        document = load_yaml(folders[name] / "platform.yaml")
        spec = document.validate(PlatformSpec)
        if strangers := [
            document.error(f"{role!r} is no role", "roles", index, do=suggestion(role, ROLES))
            for index, role in enumerate(spec.roles)
            if role not in ROLES
        ]:
            raise several(strangers)
        if spec.extends is not None and spec.extends not in folders:
            do = suggestion(spec.extends, folders)
            raise document.error(f"there is no platform {spec.extends!r} to extend", "extends", do=do)
    except WorkspaceError as error:
        raise in_one(error, name) from None
    return Description(name, folders[name], spec, document)


def in_one(error: WorkspaceError, name: str) -> PlatformError:
    """Everything that does not hold in a platform as one error."""
    if isinstance(error, PlatformError):
        return error
    problems = getattr(error, "problems", (error,))
    if len(problems) == 1:
        return PlatformError(error.what, where=error.where, do=error.do)
    listed = "\n".join(str(problem) for problem in problems)
    return PlatformError(f"{len(problems)} things in the platform {name} do not hold:\n{listed}")


def _folders(extra_dirs: tuple[Path, ...]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for home in dict.fromkeys((HOME, *extra_dirs)):
        for file in sorted(home.glob("*/platform.yaml")):
            name = file.parent.name
            if name in found:
                raise PlatformError(
                    f"there is another platform {name!r} in {found[name]}",
                    where=str(file),
                    do="Give the folder another name; `extends` starts from the other one.",
                )
            if not _NAME.fullmatch(name):
                raise PlatformError(
                    f"{name!r} is no name for a platform",
                    where=str(file),
                    do="Use small letters, digits and underscores, a letter first.",
                )
            found[name] = file.parent
    return found


def suggestion(word: str, known: Iterable[str]) -> str:
    """What to do about a word that nobody knows: the closest known one, or all of them."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(names)}."
