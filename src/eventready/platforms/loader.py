"""Platform folders: their names, and the description in `platform.yaml`.

A folder is a platform when it has a `platform.yaml`; its name is the platform's. The package's own folders and those of
a workspace stand side by side, and two of one name are an error. `facts/platform.py` reads `facts.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from eventready.core.errors import PlatformError, WorkspaceError
from eventready.core.messages import Bilingual, Message, message
from eventready.platforms.model import BOUNDED, PlatformSpec
from eventready.workspace.devices.device import ROLES
from eventready.workspace.files.yaml_document import YamlDocument, combine_errors, load_yaml

HOME = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_]*")
#: Sections of platform.yaml that a platform takes from the one that it extends, unless it has its own.
INHERITED = ("netmiko", "session", "read_only", "never_sent", "configuration", "change", "way_in")


@dataclass(frozen=True)
class Description:
    """Session, commands and configuration of a kind of equipment. `document`: its platform.yaml with line numbers."""

    name: str
    folder: Path
    spec: PlatformSpec
    document: YamlDocument


def allows(spec: PlatformSpec, command: str) -> bool:
    """Return True for a single line with a match of `read_only` and no match of `never_sent`."""
    return (
        command.isprintable()
        and any(re.fullmatch(pattern, command) for pattern in spec.read_only)
        and not any(re.search(pattern, command) for pattern in spec.never_sent)
    )


def platform_names(extra_dirs: Iterable[Path | str] = ()) -> tuple[str, ...]:
    """Return the names of all platforms, sorted. Raises PlatformError for a name used twice."""
    return tuple(sorted(_folders(tuple(map(Path, extra_dirs)))))


def describe(name: str, extra_dirs: Iterable[Path | str] = ()) -> Description:
    """Return the description of a platform; read once per process. Raises PlatformError with file and line."""
    return _described(name, tuple(map(Path, extra_dirs)))


@cache
def _described(name: str, extra_dirs: tuple[Path, ...]) -> Description:
    folders = _folders(extra_dirs)
    if name not in folders:
        raise PlatformError(message("platforms:unknown", name=name), do=suggestion(name, folders))
    try:
        document = _with_inherited(load_yaml(folders[name] / "platform.yaml"), folders)
        spec = document.validate(PlatformSpec, context={BOUNDED: folders[name].parent != HOME})
        if strangers := [
            document.error(message("platforms:no_role", role=role), "roles", index, do=suggestion(role, ROLES))
            for index, role in enumerate(spec.roles)
            if role not in ROLES
        ]:
            raise combine_errors(strangers)
        if spec.extends is not None and spec.extends not in folders:
            do = suggestion(spec.extends, folders)
            raise document.error(message("platforms:no_base", name=spec.extends), "extends", do=do)
    except WorkspaceError as error:
        raise in_one(error, name) from None
    return Description(name, folders[name], spec, document)


def _with_inherited(document: YamlDocument, folders: Mapping[str, Path]) -> YamlDocument:
    """Return the document with missing sections taken from the extended platforms."""
    data, seen, extends = document.data, set(), None
    if isinstance(data, dict):
        data, extends = dict(data), data.get("extends")
    while isinstance(extends, str) and extends in folders and extends not in seen:
        seen.add(extends)
        base = load_yaml(folders[extends] / "platform.yaml").mapping()
        data = {**{key: base[key] for key in INHERITED if key in base}, **data}
        extends = base.get("extends")
    return replace(document, data=data)


def in_one(error: WorkspaceError, name: str) -> PlatformError:
    """Combine all errors of a platform."""
    if isinstance(error, PlatformError):
        return error
    problems = getattr(error, "problems", (error,))
    if len(problems) == 1:
        return PlatformError(error.cause, where=error.where, do=error.remedy)
    listed = Bilingual(*("\n".join(problem.render(lang) for problem in problems) for lang in ("vi", "en")))
    return PlatformError(message("platforms:several", count=len(problems), name=name, problems=listed))


def _folders(extra_dirs: tuple[Path, ...]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for home in dict.fromkeys((HOME, *extra_dirs)):
        for file in sorted(home.glob("*/platform.yaml")):
            name = file.parent.name
            if name in found:
                raise PlatformError(message("platforms:twice", name=name, folder=str(found[name])), where=str(file))
            if not _NAME.fullmatch(name):
                raise PlatformError(message("platforms:name", name=name), where=str(file))
            found[name] = file.parent
    return found


def suggestion(word: str, known: Iterable[str]) -> Message:
    """Return a remedy for an unknown word: the closest known word, or all of them."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    if close:
        return message("workspace:suggest.meant", name=close[0])
    return message("workspace:suggest.known", noun="There are", names=names)
