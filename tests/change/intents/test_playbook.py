"""Playbooks on this machine's own Python, without a network: states, differences, privacy, and what goes wrong."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from eventready.change.intents.ansible_inventory import managed_files, service_hosts
from eventready.change.intents.playbook import PlaybookRun, run_playbook
from eventready.core.errors import UsageError
from eventready.workspace.workspace import Workspace, load_workspace

ROOT = Path(__file__).parents[3]
EVENT = """
id: test
name: Test event
organiser: Us
enterprise: Us
operator: telecom
recipient: {name: Office, email: office@example.vn}
venues: [{id: hall, name: Hall, services: [internet]}]
windows: [{name: Night, kind: event, from: 2027-04-29 19:00, to: 2027-04-29 23:00}]
"""
PLAYBOOK = """
- name: Write a file
  hosts: all
  gather_facts: false
  connection: local
  tasks:
    - name: Write
      ansible.builtin.copy:
        content: "password = planted-secret\\nvalue {{ service.log.host }}\\n"
        dest: "%s/out.conf"
        mode: "0600"
    - name: Fail where asked
      ansible.builtin.fail:
        msg: this task fails on purpose
      when: service.log.host == "broken"
"""

needs_ansible = pytest.mark.skipif(shutil.which("ansible-playbook", path=str(Path(sys.executable).parent)) is None,
                                   reason="Ansible is not installed (extra ansible)")  # fmt: skip


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], Workspace]:
    def workspace(log_host: str) -> Workspace:
        inventory = tmp_path / "inventory"
        (tmp_path / "playbooks").mkdir(exist_ok=True)
        inventory.mkdir(exist_ok=True)
        (tmp_path / "playbooks" / "write.yml").write_text(PLAYBOOK % tmp_path, encoding="utf-8")
        (inventory / "event.yaml").write_text(EVENT, encoding="utf-8")
        (inventory / "hosts.yaml").write_text(
            f"""
svc-1:
  hostname: 127.0.0.1
  platform: linux
  username: root
  password: env:EVENTREADY_TEST_PASSWORD
  data: {{role: service_host, venues: [hall], service: {{log: {{host: {log_host}}}}}}}
r-1:
  hostname: 192.0.2.1
  platform: frr
  data: {{role: router, venues: [hall]}}
""",
            encoding="utf-8",
        )
        return load_workspace(tmp_path)

    return workspace


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTREADY_TEST_PASSWORD", "planted-password")


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The place of private folders; short, as these hold sockets."""
    with tempfile.TemporaryDirectory(prefix="er-", dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr("tempfile.tempdir", None)
        yield Path(folder)


def run(workspace: Workspace, *, check: bool = False) -> PlaybookRun:
    return run_playbook(workspace, "write", workspace.devices, change="c-1", check=check)


@needs_ansible
@pytest.mark.slow
def test_check_shows_the_difference_and_writes_nothing_and_a_second_run_changes_nothing(
    make: Callable[[str], Workspace], tmp_path: Path, private: Path
) -> None:
    workspace = make("192.0.2.9")
    checked = run(workspace, check=True)
    assert checked.hosts == {"svc-1": "changed"}
    assert not (tmp_path / "out.conf").exists()
    (task,) = checked.tasks
    assert f"+++ {tmp_path}/out.conf" in task.diff
    assert "+value 192.0.2.9" in task.diff
    assert "planted" not in repr(checked)
    assert run(workspace).hosts == {"svc-1": "changed"}
    assert run(workspace).hosts == {"svc-1": "ok"}
    assert list(private.iterdir()) == []  # inventory, passwords and artifacts are gone


@needs_ansible
@pytest.mark.slow
def test_a_task_that_fails_is_reported_with_its_reason(make: Callable[[str], Workspace]) -> None:
    done = run(make("broken"))
    assert (done.failed, done.tasks[-1].message) == (("svc-1",), "this task fails on purpose")


@needs_ansible
@pytest.mark.slow
def test_a_playbook_that_cannot_be_read_is_a_sentence(make: Callable[[str], Workspace], tmp_path: Path) -> None:
    workspace = make("192.0.2.9")
    (tmp_path / "playbooks" / "write.yml").write_text("- hosts: [", encoding="utf-8")
    with pytest.raises(UsageError, match="the playbook write did not run"):
        run(workspace)


def test_without_ansible_and_with_a_wrong_name_it_says_so(
    make: Callable[[str], Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make("192.0.2.9")
    if shutil.which("ansible-playbook", path=str(Path(sys.executable).parent)):
        with pytest.raises(UsageError, match=r"there is no playbook 'wrte'. *"):
            run_playbook(workspace, "wrte", workspace.devices, change="c", check=True)

    monkeypatch.setattr("eventready.change.intents.playbook.importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"ansible_runner, which is not installed.*eventready\[ansible\]"):
        run(workspace)


def test_only_service_hosts_are_chosen_and_only_known_parts_are_written(make: Callable[[str], Workspace]) -> None:
    workspace = make("192.0.2.9")
    assert [device.name for device in service_hosts(workspace.devices)] == ["svc-1"]
    with pytest.raises(UsageError, match="no service host is selected"):
        service_hosts([device for device in workspace.devices if device.role == "router"])
    assert [file.path for file in managed_files({"log": {}, "time": {"file": "/etc/x"}})] == [
        "/etc/x",
        "/etc/rsyslog.d/90-event.conf",
    ]
    with pytest.raises(UsageError, match="service hosts have no part 'mail'"):
        managed_files({"mail": {}})


@needs_ansible
@pytest.mark.slow
@pytest.mark.attack(family="playbooks")
@pytest.mark.parametrize("where", ["value", "key", "list", "name"])
def test_values_of_the_inventory_are_no_templates(make: Callable[[str], Workspace], tmp_path: Path, where: str) -> None:
    """A value from an import would run programs on this machine."""
    workspace = make("192.0.2.9")
    mark = tmp_path / "ran"
    evil = "{{ lookup('pipe', 'touch MARK') }}".replace("MARK", str(mark))
    hosts = tmp_path / "inventory" / "hosts.yaml"
    entries = yaml.safe_load(hosts.read_text())
    service = entries["svc-1"]["data"]["service"]
    service["log"] = {
        "value": {"host": evil}, "key": {"host": "192.0.2.9", evil: evil},
        "list": {"host": [evil, {"x": evil}]}, "name": {"host": "192.0.2.9"},
    }[where]  # fmt: skip
    if where == "name":
        event = tmp_path / "inventory" / "event.yaml"
        event.write_text(event.read_text().replace("Test event", f'"{evil}"'))
    hosts.write_text(yaml.safe_dump(entries))
    playbook = (PLAYBOOK % tmp_path).replace("value {{ service.log.host }}", "{{ service }} {{ eventready_event }}")
    (tmp_path / "playbooks" / "write.yml").write_text(playbook)
    assert run(load_workspace(workspace.path)).hosts == {"svc-1": "changed"}
    assert not mark.exists()
    assert "lookup(" in (tmp_path / "out.conf").read_text()


@needs_ansible
@pytest.mark.slow
@pytest.mark.attack(family="playbooks")
def test_no_login_in_a_file_or_an_argument(make: Callable[[str], Workspace], tmp_path: Path, private: Path) -> None:
    workspace, found = make("192.0.2.9"), tmp_path / "found"
    search = f"ls {private}; grep -rl planted-[p]ass {private}; grep -al planted-[p]ass /proc/*/cmdline"
    playbook = f"""
- hosts: all
  gather_facts: false
  connection: local
  tasks:
    - ansible.builtin.shell: "({search}) > {found} 2>/dev/null; true"
"""
    (tmp_path / "playbooks" / "write.yml").write_text(playbook)
    assert run(workspace).hosts == {"svc-1": "changed"}
    names = found.read_text().split()
    assert any(name.startswith(f"eventready-ansible-{os.getpid()}-") for name in names)
    assert all(name.startswith(("eventready-ansible-", "ansible_")) for name in names)
