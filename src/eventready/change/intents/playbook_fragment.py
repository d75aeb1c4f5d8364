"""Fragment of a service host: the predicted files of its playbook, from Ansible's check mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from eventready.change.errors import UnreadableConfiguration
from eventready.change.forms.configuration import Fragment
from eventready.change.forms.form import ConfigurationForm, printable
from eventready.change.intents.ansible_inventory import ManagedFile, managed_files
from eventready.change.intents.participants import Participant
from eventready.change.intents.playbook import PlaybookRun, TaskResult, playbook_of, run_playbook
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import lines_of
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.intents import PLAYBOOKS
from eventready.workspace.workspace import Workspace

#: The name of the change in check mode, which writes nothing.
_PLANNING = "plan"


@dataclass(frozen=True)
class CheckedPlaybook:
    """Predicted files of the playbook on a host, and Ansible's difference of their contents, redacted."""

    fragment: Fragment
    diff: tuple[str, ...]


def with_playbook(workspace: Workspace, participant: Participant) -> tuple[Participant, tuple[str, ...]]:
    """Return a service host with the fragment of its playbook, and the difference; other devices as they are."""
    if not participant.form.by_playbook:
        return participant, ()
    name = playbook_of(workspace.path, participant.intents)
    checked = check_playbook(workspace, participant.device, participant.form, name)
    return replace(participant, fragment=checked.fragment), checked.diff


def check_playbook(workspace: Workspace, device: Device, form: ConfigurationForm, name: str) -> CheckedPlaybook:
    """Run a playbook in check mode on a single host; the host is only read.

    Raises UnreadableConfiguration if the host does not answer or a task fails, RefusedError for a task whose effect
    has no way back, UsageError without Ansible.
    """
    host = workspace.nornir(1).inventory.hosts[device.name]
    files = managed_files(dict(host.get("service") or {}))
    origin = f"{PLAYBOOKS}/{name}.yml"
    run = run_playbook(workspace, name, [device], change=_PLANNING, check=True)
    if reason := failure_of(run):
        raise UnreadableConfiguration(
            message("change:unread.playbook", origin=origin, device=device.name, reason=reason)
        )
    text = "".join(_states(device.name, origin, files, run.tasks))
    diff = tuple(printable(line) for task in run.tasks for line in lines_of(task.diff))
    return CheckedPlaybook(
        form.parse(text, message("change:origin.playbook", playbook=origin, device=device.name)), diff
    )


def failure_of(run: PlaybookRun) -> str | Message:
    """Return the reason for the failure of a playbook, with the task; empty for a success."""
    if not run.failed and not run.unreachable:
        return ""
    bad = next((task for task in reversed(run.tasks) if task.state in ("failed", "unreachable")), None)
    if bad is None:
        return message("change:playbook.host_failed")
    reason = bad.message or message(f"change:playbook.{bad.state}")
    return message("change:playbook.task_failed", task=bad.task, reason=reason)


def _states(device: str, origin: str, files: Sequence[ManagedFile], tasks: Sequence[TaskResult]) -> Iterator[str]:
    """Yield the fragment's text: each managed file, with the state of a written file."""
    written = {task.file.path: task.file for task in tasks if task.file and task.state == "changed"}
    for task in tasks:
        if task.handler or task.state != "changed":
            continue
        if task.file is None or task.file.path not in {file.path for file in files}:
            what = task.file.path if task.file else message("change:playbook.no_file")
            raise RefusedError(
                message("change:playbook.no_way_back", task=task.task, what=what, device=device), where=origin
            )
    for file in files:
        yield f"{file.name}\n"
        if (new := written.get(file.path)) is not None:
            yield f" file {new.mode} {new.owner} {new.group} {new.sha256 or 'same'}\n"
