"""Attacks on the permission of a workspace: programs hidden from the review, files of programs, files that change."""

from __future__ import annotations

import os
import subprocess
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from eventready.audit.runner import run_on_each
from eventready.audit.tasks import read_replies
from eventready.change.intents import playbook, render
from eventready.cli.context import App
from eventready.cli.declare.workspace import trust_content
from eventready.core.allowed_content import forget, sealed
from eventready.core.errors import RefusedError
from eventready.platforms.loader import describe
from eventready.session.hostkeys import known_hosts
from eventready.session.ssh.config import host_config
from eventready.session.wire.connection import ProxyCommand
from eventready.workspace.examples.new_workspace import write_workspace
from eventready.workspace.keys.secrets import SecretError, resolve
from eventready.workspace.permission import allow, changes, is_allowed, require_allowed
from eventready.workspace.workspace import load_workspace
from tests.workspace.test_new_workspace import BULL_RACE

HOST = "core-1:\n  hostname: 192.0.2.1\n  platform: frr\n  groups: [router]\n  username: x\n"
EVIL = "evil-program 203.0.113.9"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("EVENTREADY_ALLOWED")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    write_workspace(tmp_path / "w", BULL_RACE)
    write(tmp_path / "w", {"inventory/hosts.yaml": HOST})
    return tmp_path / "w"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o700)


def with_password(text: str) -> dict[str, str]:
    return {"inventory/hosts.yaml": f"{HOST}  password: {text}\n"}


def with_access(text: str) -> dict[str, str]:
    return {"inventory/hosts.yaml": f"{HOST}  data: {{access: {{{text}}}}}\n"}


@pytest.mark.attack(family="programs hidden from a review")
@pytest.mark.parametrize(
    "files",
    [
        with_password(f"exec:{EVIL}"),
        with_password(f'"\\x65xec\\x3a{EVIL}"'),
        with_password(">-\n    exec:evil-program\n    203.0.113.9"),
        with_password(f"&a exec:{EVIL}\n  data: {{x_note: *a}}"),
        with_password(f"'exec:{EVIL}'  # not a program"),
        with_access(f"proxy_command: {EVIL}"),
        with_access(f'"proxy\\x5fcommand": "{EVIL}"'),
        with_access(f'one_time_code: "exec:{EVIL}"'),
        {"inventory/hosts.yaml": f"{'# nothing to see here' * 20_000}\n{HOST}  password: exec:{EVIL}\n"},
        {"inventory/defaults.yaml": f"password: exec:{EVIL}\n"},
        {"inventory/jump_hosts.yaml": f"b: {{hostname: 192.0.2.2, access: {{proxy_command: {EVIL}}}}}\n"},
        {"ssh_config": f"Host *\n ProxyCommand={EVIL}\n"},
        {"ssh_config": f"Host *\n\tproxycommand \t {EVIL}\n"},
        {"ssh_config": f'Host *\n ProxyCommand "{EVIL}"\n'},
        {"ssh_config": "Include more/*.conf\n", "more/a.conf": f"ProxyCommand {EVIL}\n"},
        {"ssh_config": "include = more/a\n", "more/a": "Include b\n", "more/b": f"ProxyCommand {EVIL}\n"},
        {"ssh_config": f"Host *\n LocalCommand {EVIL}\n"},
    ],
)
def test_the_review_shows_each_program(folder: Path, files: dict[str, str]) -> None:
    write(folder, files)
    shown = CliRunner().invoke(trust_content, ["--show"], obj=App(workspace_path=folder))
    assert f"{EVIL} (" in shown.output, shown.exception


@pytest.mark.attack(family="programs hidden from a review")
@pytest.mark.parametrize(
    "words", ["exec", 'ex""ec', r"e\xec", "ex''ec", "host x ex''ec", "!exec", r'!"e"xec', "host=x exec"]
)
def test_match_exec_in_any_spelling_is_refused(folder: Path, words: str) -> None:
    write(folder, {"ssh_config": f"Match {words} true\n User root\n"})
    with pytest.raises(Exception, match="Match exec"):
        host_config(folder, "192.0.2.1")


@pytest.mark.attack(family="programs hidden from a review")
def test_the_review_shows_variables_and_recipients(folder: Path) -> None:
    event = folder / "inventory" / "event.yaml"
    remind = "schedule: {remind: {mail: [a@evil.example], apprise: ['env:EVENTREADY_URL']}}\n"
    event.write_text(event.read_text().replace("schedule:", "x_schedule:") + remind)
    write(folder, with_password('"\\x65nv:AWS_SECRET_ACCESS_KEY"'))
    shown = CliRunner().invoke(trust_content, ["--show"], obj=App(workspace_path=folder))
    for expected in ("AWS_SECRET_ACCESS_KEY", "a@evil.example", "env:EVENTREADY_URL", "recipient@"):
        assert expected in shown.output, (expected, shown.exception)


PLATFORM = "title: Mine\nroles: [router]\nextends: frr\n"
PLAY = "- hosts: all\n  tasks:\n    - ansible.builtin.import_tasks: ../tasks/a.yml\n"


@pytest.mark.attack(family="files of programs")
@pytest.mark.parametrize(
    ("files", "links", "victim"),
    [
        (with_password("exec:./get.sh") | {"get.sh": "x"}, {}, "get.sh"),
        (with_password("exec:sh get") | {"get": "x"}, {}, "get"),
        (with_password("exec:sh -c './bin/get.sh | head -1'") | {"bin/get.sh": "x"}, {}, "bin/get.sh"),
        (with_password("exec:python3 --file=bin/get.py") | {"bin/get.py": "x"}, {}, "bin/get.py"),
        (with_password("exec:sh 'my get.sh'") | {"my get.sh": "x"}, {}, "my get.sh"),
        (with_password("exec:{outside}/get.sh"), {}, "../outside/get.sh"),
        (with_password("exec:python3 a.py") | {"a.py": "import b.c\n", "b/c.py": "x"}, {}, "b/c.py"),
        (with_password("exec:./a.sh") | {"a.sh": "#" * 300_000 + "\n. ./b.sh\n", "b.sh": "x"}, {}, "b.sh"),
        (with_access("proxy_command: sh ./p.sh %h") | {"p.sh": "x"}, {}, "p.sh"),
        (with_access("proxy_command: 'sh ./p*.sh %h'") | {"p1.sh": "x"}, {}, "p1.sh"),
        ({"ssh_config": "ProxyCommand sh ./p.sh %h\n", "p.sh": "x"}, {}, "p.sh"),
        ({"ssh_config": "Include more/a\n", "more/a": "User x\n"}, {}, "more/a"),
        ({"ssh_config": "Include {outside}/get.sh\n"}, {}, "../outside/get.sh"),
        ({"real/platform.yaml": PLATFORM}, {"inventory/platforms/mine": "real"}, "real/platform.yaml"),
        ({"real/a.yml": "x"}, {"playbooks": "real"}, "real/a.yml"),
        ({"real/tasks/a.yml": "x"}, {"playbooks/more": "real"}, "real/tasks/a.yml"),
        ({"real/a.j2": "x"}, {"templates/mine": "real"}, "real/a.j2"),
        ({"templates/parts/deep/er/part.txt": "x"}, {}, "templates/parts/deep/er/part.txt"),
        ({"templates/part": "x"}, {}, "templates/part"),
        ({"ssh_config": ""}, {}, "ssh_config"),
        ({"ansible.cfg": "[defaults]\n"}, {}, "ansible.cfg"),
        ({"ansible.cfg": "[defaults]\nroles_path = roles\n", "roles/a/main.yml": "x"}, {}, "roles/a/main.yml"),
        ({"playbooks/ansible.cfg": "library=../lib\n", "lib/ping.py": "x"}, {}, "lib/ping.py"),
        ({"playbooks/a.yml": PLAY, "tasks/a.yml": "x"}, {}, "tasks/a.yml"),
        ({"playbooks/group_vars/all/x": "x"}, {}, "playbooks/group_vars/all/x"),
        (with_access("identity_files: [keys/a.pem]") | {"keys/a.pem": "x"}, {}, "keys/a.pem"),
    ],
)  # fmt: skip
def test_each_file_is_bound(folder: Path, files: dict[str, str], links: dict[str, str], victim: str) -> None:
    """Changed, removed or put there later: the permission does not cover it."""
    write(folder.parent, {"outside/get.sh": "x"})
    write(folder, {name: text.replace("{outside}", str(folder.parent / "outside")) for name, text in files.items()})
    for name, target in links.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (folder / name).is_dir():
            (folder / name).rename(folder / "moved")
        (folder / name).symlink_to(folder / target)
    allow(folder)
    assert is_allowed(folder)
    path = folder / victim
    path.write_text("y")
    assert not is_allowed(folder)
    allow(folder)
    path.unlink()
    assert not is_allowed(folder) or victim.endswith("get.sh")
    allow(folder)
    path.write_text("z")
    assert not is_allowed(folder)
    assert any(Path(change.path).name == path.name for change in changes(folder))


def test_what_only_prints_is_not_bound(folder: Path) -> None:
    """A rotated password is no other program; reports of a workspace are no part of it."""
    files = {"password.txt": "old", "reports/a.html": "x", "playbooks/a.yml": "- path: *.json reports/ ../ ./ . *.*\n"}
    write(folder, with_password("exec:cat ./password.txt") | files | {"a.json": "x"})
    allow(folder)
    write(
        folder,
        {"password.txt": "new", "reports/b.html": "x", "a.json": "y", "b.json": "x", "inventory/limits.yaml": "{}\n"},
    )
    assert is_allowed(folder)


SCRIPT = '#!/bin/sh\n. "$(dirname "$0")/lib.sh"\nsay {}\n'


def swap_when_run(monkeypatch: pytest.MonkeyPatch, name: str, evil: Callable[[], None]) -> None:
    """Swap files right before the program starts, after all that is checked before."""
    real = getattr(subprocess, name)

    def start(*arguments: Any, **options: Any) -> Any:
        evil()
        return real(*arguments, **options)

    monkeypatch.setattr(subprocess, name, start)


@pytest.mark.attack(family="files swapped after the review")
@pytest.mark.parametrize("rename", [True, False])
@pytest.mark.parametrize("way", ["exec", "proxy"])
def test_what_was_judged_is_what_runs(folder: Path, monkeypatch: pytest.MonkeyPatch, way: str, *, rename: bool) -> None:
    good = {"bin/get.sh": SCRIPT.format("good"), "bin/lib.sh": "say() { echo $1; }\n"}
    write(folder, with_password("exec:./bin/get.sh") | with_access("proxy_command: sh bin/get.sh") | good)
    write(folder, {"inventory/groups.yaml": "router: {password: 'exec:./bin/get.sh', data: {role: router}}\n"})
    allow(folder)
    require_allowed(folder)

    def evil() -> None:
        for name, text in (("bin/get.sh", SCRIPT.format("evil")), ("bin/lib.sh", "say() { echo evil; }\n")):
            path = folder / f"{name}.new" if rename else folder / name
            path.write_text(text)
            path.chmod(0o700)
            path.replace(folder / name)

    swap_when_run(monkeypatch, "Popen", evil)
    if way == "exec":
        assert resolve("exec:./bin/get.sh", folder, fresh=True) == "good"
    else:
        running = ProxyCommand("sh bin/get.sh", folder)
        assert running.recv(100) == b"good\n"
        running.close()
    with pytest.raises(RefusedError, match=r"files changed since the workspace was allowed: bin/(get|lib)\.sh"):
        resolve("exec:./bin/get.sh", folder, fresh=True)
    with pytest.raises(RefusedError, match="files changed"), sealed(folder):
        pass


@pytest.mark.attack(family="files swapped after the review")
def test_a_name_hidden_by_quotes_runs_nothing(folder: Path) -> None:
    write(folder, with_access("proxy_command: sh ./p''.sh %h") | {"p.sh": "echo x\n"})
    allow(folder)
    require_allowed(folder)
    with pytest.raises(RefusedError, match="hide the name"):
        ProxyCommand("sh ./p''.sh %h", folder)


class Swapping:
    """ansible-runner; the playbook of the workspace is swapped when it starts."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.read = folder, ""
        self.interface, self.config, self.status = self, SimpleNamespace(env={}), "timeout"

    def init_runner(self, **options: Any) -> Any:
        self.playbook = Path(options["project_dir"]) / options["playbook"]
        return self

    def run(self) -> None:
        (self.folder / "playbooks" / "prepare.yml").write_text("evil")
        self.read = self.playbook.read_text()


@pytest.mark.attack(family="files swapped after the review")
def test_a_playbook_runs_as_allowed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = "svc-1: {hostname: h, platform: linux, username: x, password: env:EVENTREADY_P, data: {role: service_host}}"
    write(folder, {"playbooks/prepare.yml": "good", "inventory/hosts.yaml": host})
    allow(folder)
    require_allowed(folder)
    monkeypatch.setenv("EVENTREADY_P", "x")
    runner = Swapping(folder)
    monkeypatch.setattr(playbook, "_ansible_runner", lambda: runner)
    workspace = load_workspace(folder)
    playbook.run_playbook(workspace, "prepare", workspace.devices, change="c", check=True)
    assert runner.read == "good"


def readers(folder: Path) -> dict[str, Callable[[], object]]:
    platforms = (folder / "inventory" / "platforms",)
    templates = render._environment(folder / "templates")
    return {
        "inventory/hosts.yaml": lambda: load_workspace(folder),
        "inventory/event.yaml": lambda: load_workspace(folder),
        "inventory/platforms/mine/platform.yaml": lambda: describe("mine", platforms),
        "templates/backup/frr.j2": lambda: templates.get_template("backup/frr.j2"),
        "known_hosts": lambda: known_hosts(folder / "known_hosts"),
        "ssh_config": lambda: host_config(folder, "192.0.2.1"),
        "inventory/vault.yml": lambda: resolve("vault:x", folder),
    }


@pytest.mark.attack(family="files swapped after the review")
@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize(
    "name",
    ["inventory/hosts.yaml", "inventory/event.yaml", "inventory/platforms/mine/platform.yaml",
     "templates/backup/frr.j2", "known_hosts", "ssh_config", "inventory/vault.yml"],
)  # fmt: skip
def test_what_was_judged_is_what_is_read(folder: Path, name: str, *, early: bool) -> None:
    """Read before the permission is asked for, or after: content that nobody has allowed is not used."""
    path = folder / name
    write(folder, {"inventory/platforms/mine/platform.yaml": PLATFORM, "known_hosts": "", "ssh_config": "User x\n"})
    write(folder, {"inventory/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n00\n"})
    allow(folder)
    good = path.read_bytes()
    evil = good + b"\n# evil\n"
    if early:
        forget(folder)  # a process that has not judged anything
        path.write_bytes(evil)
        with suppress(SecretError):
            readers(folder)[name]()
        path.write_bytes(good)
        with pytest.raises(RefusedError, match=f"files changed since the workspace was allowed: {name}"):
            require_allowed(folder)
    else:
        require_allowed(folder)
        path.write_bytes(evil)
        with pytest.raises(RefusedError, match=f"files changed since the workspace was allowed: {name}"):
            readers(folder)[name]()


@pytest.mark.attack(family="files swapped after the review")
def test_a_file_that_appears_later_is_not_read(folder: Path) -> None:
    allow(folder)
    require_allowed(folder)
    write(folder, {"inventory/platforms/late/platform.yaml": PLATFORM})
    with pytest.raises(RefusedError, match="files changed"):
        describe("late", (folder / "inventory" / "platforms",))


@pytest.mark.attack(family="huge files of a workspace")
@pytest.mark.parametrize("name", ["templates/x/part", "playbooks/a.yml", "known_hosts", "inventory/more.yaml"])
def test_a_sparse_file_costs_nothing(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("wb") as file:
        file.truncate(1 << 40)
    tracemalloc.start()
    try:
        with pytest.raises(RefusedError, match="a bound file has more than"):
            allow(folder)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.attack(family="huge files of a workspace")
def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    write(folder, {"playbooks/a.yml": "x"})
    os.mkfifo(folder / "playbooks" / "pipe.yml")
    allow(folder)
    assert is_allowed(folder)


@pytest.mark.attack(family="files swapped after the review")
def test_a_refusal_inside_an_audit_is_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The known hosts are swapped once the audit has begun: no crash, and no answer of a device."""
    monkeypatch.setenv("EVENTREADY_P", "x")
    write(folder, {"inventory/hosts.yaml": f"{HOST}  password: env:EVENTREADY_P\n", "known_hosts": ""})
    allow(folder)
    require_allowed(folder)
    workspace = load_workspace(folder)
    write(folder, {"known_hosts": "# evil\n", "ssh_config": "Host *\n Port 2\n"})
    with pytest.raises(RefusedError, match="files changed since the workspace was allowed"):
        run_on_each(workspace, ["core-1"], lambda task: read_replies(task, ["show version"]), workers=1)
