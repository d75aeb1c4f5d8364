"""What Ansible's check mode finds becomes a fragment, or a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventready.change.errors import UnreadableConfiguration
from eventready.change.forms.known_forms import form_of
from eventready.change.intents import participants as participants_module
from eventready.change.intents import playbook_fragment
from eventready.change.intents.participants import participants
from eventready.change.intents.playbook import PlaybookRun, TaskFile, TaskResult
from eventready.change.intents.playbook_fragment import check_playbook, with_playbook
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import in_english
from eventready.facts.equipment import Equipment
from eventready.workspace.workspace import Workspace, load_workspace
from tests.change import fake_fleet
from tests.change.forms.test_host_files import spec

SHA = "ab" * 32
HOSTS = """\
svc-1:
  hostname: 192.0.2.1
  platform: linux
  data: {role: service_host, venues: [hall], intents: {backup: {}}, service: {log: {host: 192.0.2.9}, time: {}}}
svc-2:
  hostname: 192.0.2.2
  platform: linux
  data: {role: service_host, venues: [hall], intents: {backup: {}}}
"""
WRITTEN = TaskResult(
    "svc-1",
    "Log",
    "changed",
    diff="--- a\n+++ a\n+\tx",
    file=TaskFile("/etc/rsyslog.d/90-event.conf", SHA, "640", "root", "adm"),
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return load_workspace(fake_fleet.write_workspace(tmp_path, hosts=HOSTS, groups="{}\n"))


def checked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, *tasks: TaskResult, state: Any = "changed") -> Any:
    run = PlaybookRun("prepare", True, {"svc-1": state}, tasks)
    monkeypatch.setattr(playbook_fragment, "run_playbook", lambda *_args, **_options: run)
    return check_playbook(workspace, workspace.devices[0], form_of(spec()), "prepare")


def test_the_fragment_names_every_file_and_the_state_of_the_written_one(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = checked(workspace, monkeypatch, WRITTEN, TaskResult("svc-1", "Restart rsyslog", "changed", handler=True))
    assert found.fragment.text == (
        f"chrony:/etc/chrony/sources.d/event.sources\nrsyslog:/etc/rsyslog.d/90-event.conf\n file 640 root adm {SHA}\n"
    )
    assert found.diff == ("--- a", "+++ a", r"+\tx")


@pytest.mark.parametrize(
    ("task", "what"),
    [
        (TaskResult("svc-1", "Install", "changed"), "'Install' would change something that is not a file"),
        (TaskResult("svc-1", "Passwd", "changed", file=TaskFile("/etc/passwd", SHA, "644", "root", "root")),
         "'Passwd' would change /etc/passwd"),
    ],
)  # fmt: skip
def test_a_task_without_a_way_back_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, task: TaskResult, what: str
) -> None:
    with pytest.raises(RefusedError, match=what):
        checked(workspace, monkeypatch, task)


@pytest.mark.parametrize("state", ["failed", "unreachable"])
def test_a_host_that_cannot_be_checked_is_not_planned(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, state: Any
) -> None:
    task = TaskResult("svc-1", "Portal", state, "no route to host")
    with pytest.raises(UnreadableConfiguration, match="cannot be checked on svc-1: Portal: no route to host"):
        checked(workspace, monkeypatch, task, state=state)


def test_a_host_takes_part_with_its_service_and_with_ansible(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking, left_out = participants(workspace, Equipment.of(workspace), ("backup",))
    assert [one.device.name for one in taking] == ["svc-1"]
    assert [(one.name, in_english(one.reason)) for one in left_out] == [
        ("svc-2", "it has no `service:` in the inventory")
    ]
    monkeypatch.setattr(participants_module, "missing_package", lambda: "ansible_runner")
    with pytest.raises(UsageError, match="svc-1: ansible_runner is not installed"):
        participants(workspace, Equipment.of(workspace), ("backup",))


def test_a_playbook_of_the_workspace_is_an_intent_of_its_service_hosts(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("limits", "names"):
        (workspace.path / "playbooks").mkdir(exist_ok=True)
        (workspace.path / "playbooks" / f"{name}.yml").touch()
    workspace = load_workspace(workspace.path)
    assert {"limits", "names"} <= workspace.intents.keys()
    ran: list[str] = []

    def run(_workspace: Workspace, name: str, *_args: object, **_options: object) -> PlaybookRun:
        ran.append(name)
        return PlaybookRun(name, True, {"svc-1": "changed"}, (WRITTEN,))

    monkeypatch.setattr(playbook_fragment, "run_playbook", run)
    for intents in (("limits",), ("backup", "limits"), ("backup",)):
        ((taking,), _) = participants(workspace, Equipment.of(workspace), intents)
        with_playbook(workspace, taking)
        assert (taking.intents, taking.templates) == (tuple(sorted(intents)), (f"playbooks/{ran[-1]}.yml",))
    assert ran == ["limits", "limits", "prepare"]
    with pytest.raises(UsageError, match="one playbook in a plan: limits and names"):
        participants(workspace, Equipment.of(workspace), ("limits", "names"))


PUT = "sh /var/lib/eventready/host_files put "


@pytest.mark.parametrize(
    ("line", "writable"),
    [
        (f"{PUT}rsyslog:/etc/rsyslog.d/90-event.conf running 640 root adm {SHA}", True),
        (f"{PUT}chrony:/etc/chrony/sources.d/event.sources stopped absent", True),
        (f"{PUT}chrony:/etc/ssh/sshd_config running absent", False),
        (f"{PUT}nginx:/etc/nginx/conf.d/event.conf running 4755 root root {SHA}", False),
        (f"{PUT}nginx:/etc/nginx/conf.d/event.conf running 644 root root {SHA}; reboot", False),
        ("sh -c reboot", False),
    ],
)
def test_only_files_of_the_known_daemons_are_writable(workspace: Workspace, line: str, writable: bool) -> None:
    ((taking,), _) = participants(workspace, Equipment.of(workspace), ("backup",))
    assert taking.writable is not None
    if writable:
        assert taking.writable.refuse_commands([line], "svc-1") == ()
    else:
        with pytest.raises(RefusedError, match="is not a line that backup may write"):
            taking.writable.refuse_commands([line], "svc-1")
