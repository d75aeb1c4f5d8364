"""Private folder of a playbook run: socket of the relay, programs of Ansible, files of Ansible.

The folder has no login. It ends with the run, with the process of the run (by the program beside Ansible), or, after
the end of the machine, at the next start.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from shutil import which

from eventready.core.files import private_folder
from eventready.workspace.keys.secrets import may_read


@dataclass(frozen=True)
class RunFolder:
    """Folder of a run."""

    path: Path

    @property
    def socket(self) -> Path:
        """Path of the relay's socket."""
        return self.path / "relay"

    def program(self, name: str, *words: str) -> str:
        """Write a program for calls of the relay: name or words, then the arguments of the call."""
        client = files("eventready.session.ssh").joinpath("relay_program.py")
        line = shlex.join((sys.executable, "-I", "-S", str(client), str(self.socket), *(words or (name,))))
        path = self.path / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o700)
        path.write_text(f'#!/bin/sh\nexec {line} "$@"\n', encoding="utf-8")
        return str(path)

    def environment(self) -> dict[str, str]:
        """Environment of Ansible: its files in this folder; ansible-playbook ends with the process of the run."""
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
        playbook = which("ansible-playbook", path=path) or "ansible-playbook"
        kept = Path(self.program("bin/ansible-playbook", "--keep", str(self.path), playbook))
        return {
            "PATH": os.pathsep.join((str(kept.parent), path)),
            "HOME": os.environ.get("HOME", str(self.path)),
            "ANSIBLE_LOCAL_TEMP": str(self.path / "tmp"),
            "ANSIBLE_HOST_KEY_CHECKING": "True",  # ansible-runner switches it off
            "ANSIBLE_INVENTORY_ENABLED": "script",
            "ANSIBLE_TRANSPORT": "ssh",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_PIPELINING": "True",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "False",
        }

    def written(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Leave out inherited variables with secrets for references: ansible-runner writes the others to a file."""
        own = self.environment()
        inherited = {name for name, value in environment.items() if os.environ.get(name) == value} - own.keys()
        return {name: value for name, value in environment.items() if name not in inherited or not may_read(name)}


@contextmanager
def run_folder() -> Iterator[RunFolder]:
    """Folder until the end of the run."""
    with private_folder("ansible") as path:
        yield RunFolder(path)
