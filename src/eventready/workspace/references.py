"""Programs, environment variables and files named by the files of a workspace: from parsed values, never from text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventready.core.errors import WorkspaceError
from eventready.workspace.files.ssh_config_lines import config_lines, setting
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.keys.secrets import is_reference

#: Settings of ssh_config whose values are programs or libraries, for OpenSSH or for this program.
_RUN = frozenset(
    ("proxycommand", "localcommand", "remotecommand", "knownhostscommand", "xauthlocation", "pkcs11provider",
     "securitykeyprovider")
)  # fmt: skip
_LONGEST_PATH = 1_024
#: A letter beside a slash or a dot: no address.
_PATH = re.compile(r"[g-zG-Z].*[/.]|[/.].*[g-zG-Z]")


@dataclass(frozen=True)
class References:
    """Commands with the naming file, environment variables, and further possible names of files."""

    programs: tuple[tuple[str, str], ...] = ()
    variables: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def commands(self) -> tuple[str, ...]:
        """Commands without their `exec:`."""
        return tuple(command.removeprefix("exec:") for command, _file in self.programs)


def references(home: Path, files: Iterable[Path]) -> References:
    """Return the references in the YAML files of an inventory, and in ssh_config."""
    programs: dict[tuple[str, str], None] = {}
    variables: set[str] = set()
    paths: set[str] = set()
    for path in (path for path in files if path.suffix in (".yaml", ".yml")):
        name = path.relative_to(home).as_posix()
        for key, value in _values(path):
            if key == "proxy_command" or (is_reference(value) and value.startswith("exec:")):
                programs[value, name] = None
            elif is_reference(value):
                variables |= {value.removeprefix("env:")} if value.startswith("env:") else set()
            elif len(value) <= _LONGEST_PATH and _PATH.search(value):
                paths.add(value)
    for path, line in ssh_config(home):
        word, value = setting(line)
        if word in _RUN and value.lower() != "none":
            programs[value.strip('"'), path.as_posix()] = None
    return References(tuple(programs), tuple(sorted(variables)), tuple(sorted(paths)))


def ssh_config(home: Path) -> list[tuple[Path, str]]:
    """Return the lines of the workspace's ssh_config, each with its file; none without the file."""
    path = home / "ssh_config"
    return [*config_lines(path)] if path.is_file() else []


def _values(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each text of a YAML file with its key; nothing for an invalid file, which no command reads either."""
    try:
        waiting: list[tuple[str, Any]] = [("", load_yaml(path, may_be_empty=True).data)]
    except WorkspaceError:
        return
    seen: set[int] = set()
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, dict | list) and id(value) not in seen:  # aliases share their values
            seen.add(id(value))
            waiting += (
                [(str(one), inner) for one, inner in value.items()]
                if isinstance(value, dict)
                else [(key, inner) for inner in value]
            )
