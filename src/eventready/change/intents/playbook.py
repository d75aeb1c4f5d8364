"""Playbook run: Ansible's result per host and task, without private data; its folder ends with the run."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from importlib.resources import files
from itertools import takewhile
from math import ceil
from pathlib import Path
from shutil import which
from typing import Any, Literal

from eventready.change.errors import UnreadableConfiguration
from eventready.change.intents.ansible_inventory import ansible_inventory, as_script, service_hosts
from eventready.core.allowed_content import sealed
from eventready.core.errors import UsageError
from eventready.core.files import private_folder
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import redactor
from eventready.core.strings.texts import lines_of
from eventready.core.validation_messages import suggest
from eventready.session.plugin import host_target
from eventready.session.ssh.relay import Relay
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.intents import PLAYBOOKS
from eventready.workspace.examples.example import example_home
from eventready.workspace.keys.secrets import may_read
from eventready.workspace.workspace import Workspace


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


#: Seconds of a playbook for each _FORKS hosts, seconds without output, and bytes of the results of a host.
LONGEST_S, IDLE_S, LARGEST = 600, 300, 16_000_000
_FORKS = 32

HostState = Literal["ok", "changed", "failed", "unreachable"]


@dataclass(frozen=True)
class TaskFile:
    """File written by a task, as reported by Ansible; `sha256` is empty if only owner or mode change."""

    path: str
    sha256: str
    mode: str
    owner: str
    group: str


@dataclass(frozen=True)
class TaskResult:
    """Result of a task on a host. `diff` is Ansible's difference of the written file, redacted.

    `handler`: it runs because of another task's change.
    """

    host: str
    task: str
    state: HostState
    message: str | Message = ""
    diff: str = ""
    handler: bool = False
    file: TaskFile | None = None


@dataclass(frozen=True)
class PlaybookRun:
    """Result of a playbook. `tasks` have a change, a predicted change or a failure."""

    playbook: str
    check: bool
    hosts: Mapping[str, HostState]
    tasks: tuple[TaskResult, ...] = ()

    @property
    def failed(self) -> tuple[str, ...]:
        """The hosts on which a task failed."""
        return tuple(host for host, state in self.hosts.items() if state == "failed")

    @property
    def unreachable(self) -> tuple[str, ...]:
        """Return the hosts without an answer."""
        return tuple(host for host, state in self.hosts.items() if state == "unreachable")


def playbook_path(workspace: Path, name: str) -> Path:
    """Return the file of a playbook: of the workspace, or as shipped. Raises UsageError."""
    own = workspace / PLAYBOOKS
    found = {path.stem: path for folder in (example_home() / PLAYBOOKS, own) for path in sorted(folder.glob("*.yml"))}
    if name not in found:
        raise UsageError(message("change:playbook.unknown", name=name), where=str(own), do=suggest(name, found))
    return found[name]


def is_playbook(workspace: Path, intent: str) -> bool:
    """Return True for an intent with a playbook of the workspace."""
    return (workspace / PLAYBOOKS / f"{intent}.yml").is_file()


def playbook_of(workspace: Path, intents: Iterable[str]) -> str:
    """Return the playbook of a service host with these intents: of the same name, else `prepare`.

    Raises UsageError for several.
    """
    own = [intent for intent in intents if is_playbook(workspace, intent)]
    if len(own) > 1:
        raise UsageError(message("change:playbook.several", names=own))
    return own[0] if own else "prepare"


def run_playbook(
    workspace: Workspace,
    name: str,
    devices: Sequence[Device],
    *,
    change: str,
    check: bool,
    guarded: bool = False,
) -> PlaybookRun:
    """Run a playbook on the service hosts among `devices`; with `check` nothing is changed on them.

    `change` names the folder on each host under which files are saved; `guarded` as for `ansible_inventory`. Raises
    UsageError when Ansible is not installed or does not start.
    """
    runner = _ansible_runner()
    chosen, collected = service_hosts(devices), _Collected()
    nornir = workspace.nornir(1)
    targets = {host.name: host_target(nornir, host.name).for_ssh() for host in chosen}
    longest = LONGEST_S * ceil(len(chosen) / _FORKS)
    with run_folder() as folder, sealed(workspace.path) as allowed:
        path = playbook_path(allowed, name)
        hosts = ansible_inventory(workspace, chosen, change, ssh=folder.program("ssh"), guarded=guarded)
        with Relay(folder.socket, targets, {"hosts": as_script(hosts)}):
            done = runner.interface.init_runner(
                private_data_dir=str(folder.path),
                project_dir=str(path.parent.resolve()),
                playbook=path.name,
                inventory=folder.program("hosts"),
                cmdline="--check --diff" if check else "--diff",
                forks=_FORKS,
                event_handler=collected.event,
                cancel_callback=lambda: collected.full,
                quiet=True,
                settings={"job_timeout": longest, "idle_timeout": IDLE_S, "suppress_ansible_output": True},
                envvars=folder.environment(),
                suppress_env_files=True,
            )
            done.config.env, done.config.suppress_output_file = folder.written(done.config.env), True
            done.run()
    if collected.full or done.status == "timeout":
        why = "" if collected.full else message("change:playbook.too_slow", limit=longest)
        late = (TaskResult(host, name, "failed", why) for host in hosts if why)
        return PlaybookRun(name, check, dict.fromkeys(hosts, "failed"), (*collected.tasks, *late))
    if collected.recap is None:
        raise UsageError(message("change:playbook.not_run", name=name, reason=collected.complaint or done.status))
    return PlaybookRun(name, check, _states(collected.recap, hosts) | collected.odd, tuple(collected.tasks))


def missing_package() -> str:
    """Return the missing package of the extra `ansible`; empty if both are installed."""
    return next((name for name in ("ansible_runner", "ansible") if importlib.util.find_spec(name) is None), "")


def _ansible_runner() -> Any:
    """Return the module ansible_runner. Raises UsageError with the installation command."""
    if missing := missing_package():
        raise UsageError(message("change:playbook.package", package=missing))
    return importlib.import_module("ansible_runner")


class _Collected:
    """The events of a run, as results."""

    _STATES: Mapping[str, HostState] = {
        "runner_on_ok": "ok", "runner_item_on_ok": "ok", "runner_on_failed": "failed",
        "runner_on_unreachable": "unreachable",
    }  # fmt: skip

    def __init__(self) -> None:
        self.tasks: list[TaskResult] = []
        self.complaint = ""
        self.recap: Mapping[str, Mapping[str, int]] | None = None
        self._handlers: set[str] = set()
        self._bytes: Counter[str] = Counter()
        #: Hosts whose results cannot be read; `full`: one of them has sent too much, which ends the run.
        self.odd: dict[str, HostState] = {}
        self.full = False

    def event(self, event: Mapping[str, Any]) -> bool:
        """Process an event of ansible-runner. Return False: ansible-runner then keeps no copy in the artifacts.

        The results in it are a host's own: whatever their types, they are the failure of this host alone.
        """
        host, task = (str((event.get("event_data") or {}).get(name, "")) for name in ("host", "task"))
        self._bytes[host] += len(str(event)) if host else 0
        if self.full:
            return False
        if self._bytes[host] > LARGEST:
            self.full = True
            self._fail(host, task, message("change:playbook.too_large", limit=LARGEST // 1_000_000))
            return False
        try:
            self._process(event)
        except UnreadableConfiguration as error:
            self._fail(host, task, error.cause)
        except Exception as error:  # any type at any place
            self._fail(host, task, message("change:playbook.odd_result", reason=type(error).__name__))
        return False

    def _fail(self, host: str, task: str, reason: str | Message) -> None:
        self.odd[host] = "failed"
        self.tasks.append(TaskResult(host, task, "failed", reason))

    def _process(self, event: Mapping[str, Any]) -> None:
        kind = str(event.get("event", ""))
        if kind == "error" or (not self.tasks and "ERROR" in str(event.get("stdout", ""))):
            self.complaint = redactor.redact(lines_of(str(event.get("stdout", "")).strip())[-1])
        state = self._STATES.get(kind)
        data = event.get("event_data") or {}
        if kind == "playbook_on_handler_task_start":
            self._handlers.add(str(data.get("task_uuid")))
        if kind == "playbook_on_stats":
            self.recap = data
        if state is None or data.get("ignore_errors"):
            return
        output = _Output(data.get("res") or {})
        if state == "ok" and output.changed:
            state = "changed"
        host, task = str(data.get("host", "")), str(data.get("task", ""))
        if state != "ok" and not (kind == "runner_on_ok" and output.of_items):
            handler = str(data.get("task_uuid")) in self._handlers
            done = TaskResult(host, task, state, output.message, output.difference, handler, output.file)
            self.tasks.append(done)


class _Output:
    """Output of a task by Ansible, with values of any type."""

    def __init__(self, result: Mapping[str, Any]) -> None:
        diff = result.get("diff")
        self._result, self._parts = result, diff if isinstance(diff, list) else [diff] if diff else []
        self._options = (result.get("invocation") or {}).get("module_args") or {}
        self.changed, self.of_items = bool(result.get("changed")), bool(result.get("results"))

    @property
    def message(self) -> str:
        """Ansible's reason in a single line, redacted."""
        text = str(self._result.get("stderr") or self._result.get("msg") or "").strip()
        return redactor.redact(lines_of(text)[-1] if text else "")

    @property
    def file(self) -> TaskFile | None:
        """File written by the task; None if Ansible reports no difference of a file."""
        options = self._options
        content = next((one["after"] for one in self._parts if isinstance(one.get("after"), str)), None)
        paths = options.get("dest"), self._result.get("dest"), options.get("path")
        path = next((str(one) for one in paths if one), "")
        if not self._parts or not path:
            return None
        return TaskFile(
            path,
            hashlib.sha256(content.encode()).hexdigest() if content is not None else "",
            str(options.get("mode") or "0644").lstrip("0"),
            str(options.get("owner") or "root"),
            str(options.get("group") or "root"),
        )

    @property
    def difference(self) -> str:
        """Change of a file as a unified difference under the file's name on the host, redacted."""
        lines: list[str] = []
        written = self._result.get("dest") or self._options.get("dest")
        for part in self._parts:
            # the template's name of a new file; empty if nothing would be written
            new = str(part.get("after_header") or "").rpartition("/")[2].removesuffix(".j2")
            name = str(written or part.get("before_header") or new)
            before, after = (lines_of(str(part.get(key) or "")) for key in ("before", "after"))
            if name and before != after:
                lines += _difference(before, after, name)
        return redactor.redact("\n".join(lines))


#: Equal lines around changed ones, bytes of changes with these, and the numbers of lines in a hunk's head.
_AROUND, _LARGEST_CHANGE, _HUNK = 3, 250_000, re.compile(r"^(@@ -)(\d+)((?:,\d+)? \+)(\d+)")


def _difference(before: Sequence[str], after: Sequence[str], name: str) -> Iterator[str]:
    """Yield the unified difference of two texts. Raises UnreadableConfiguration for changes without end."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    first = max(0, same - _AROUND)
    before, after = before[first:], after[first:]
    ends = zip(reversed(before), reversed(after), strict=False)
    last = max(0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends)) - _AROUND)
    before, after = before[: len(before) - last], after[: len(after) - last]
    if sum(len(line) + 1 for line in (*before, *after)) > _LARGEST_CHANGE:
        raise UnreadableConfiguration(
            message("change:playbook.long_difference", file=name, limit=_LARGEST_CHANGE // 1_000)
        )
    for line in unified_diff(before, after, name, name, lineterm=""):
        yield _HUNK.sub(lambda found: f"{found[1]}{int(found[2]) + first}{found[3]}{int(found[4]) + first}", line)


def _states(stats: Mapping[str, Mapping[str, int]], hosts: Iterable[str]) -> dict[str, HostState]:
    """Return the state of each host from Ansible's recap."""

    def state(host: str) -> HostState:
        if host in stats.get("dark", {}):
            return "unreachable"
        if host in stats.get("failures", {}):
            return "failed"
        return "changed" if stats.get("changed", {}).get(host) else "ok"

    return {host: state(host) for host in hosts}
