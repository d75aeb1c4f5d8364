"""Access settings of one device that cannot be used: the device is not measured, with its sentence; the others are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import yaml

from eventready.cli.change import drill
from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.core.errors import Exit
from eventready.workspace.examples.example import copy_example
from eventready.workspace.permission import allow
from eventready.workspace.workspace import load_workspace
from eventready_lab.control.lab_folder import LabRecord
from eventready_lab.entry.drill_target import LabTarget
from eventready_lab.entry.twin import lab_twin

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("access settings")]

HEALTHY, BAD = "edge-vh-1", "edge-vh-2"
BOTH = f"{HEALTHY},{BAD}"
KEY = "keys/of-the-device"
#: Settings of the device, and words of the sentence about them.
SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "missing key": ({"identity_files": ["keys/absent"]}, "absent does not exist"),
    "jump host with blanks": ({"jump_host": "bastion one"}, "invalid jump host 'bastion one'"),
    "jump host without a port": ({"jump_host": "bastion:99999"}, "invalid jump host 'bastion:99999'"),
    "jump host of an unknown user's key": ({"identity_files": ["~nobody-of-ours/key"]}, "cannot be resolved"),
}
#: ssh_config files, which all devices share.
FILES = {
    "Match exec": (b"Match ex\"\"ec 'touch ran'\n User root\n", "`Match exec` runs programs"),
    "Include": (b"Host x\n Include other\n", "`Include` inside a `Host` or `Match` section"),
    "port": (b"Host *\n Port 99999\n", "the SSH configuration of"),
    "binary": (bytes(range(256)), "no text"),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The copy of the example's workspace for a simulation of its devices."""
    folder = tmp_path_factory.mktemp("access")
    copy_example(folder / "example")
    workspace = load_workspace(folder / "example")
    with lab_twin(workspace, {}, folder / "copy", Clock()):
        allow(folder / "copy")
        yield folder / "copy"


class Broken:
    """The workspace with other settings for one device, until the end of the test."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self._hosts = folder / "inventory" / "hosts.yaml"
        self._before = self._hosts.read_text()

    def settings(self, access: dict[str, Any]) -> None:
        hosts = yaml.safe_load(self._before)
        data = hosts[BAD].setdefault("data", {})
        data["access"] = {**data.get("access", {}), **access}
        self._hosts.write_text(yaml.safe_dump(hosts))

    def mend(self) -> None:
        self._hosts.write_text(self._before)
        for path in (self.folder / "ssh_config", self.folder / KEY):
            path.unlink(missing_ok=True)

    def run(self, *words: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            main(["-w", str(self.folder), "--now", "2022-04-25 07:00", *map(str, words)])
        found = self._capsys.readouterr()
        assert "Traceback" not in found.err
        return int(left.value.code or 0), found.out + found.err


@pytest.fixture
def broken(lab: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Broken]:
    one = Broken(lab, capsys)
    yield one
    one.mend()


@pytest.mark.parametrize("case", SETTINGS)
@pytest.mark.parametrize("command", ["audit", "audit --save", "plan", "doctor", "doctor --connect"])
def test_one_device_is_named_and_the_others_are_read(broken: Broken, case: str, command: str, tmp_path: Path) -> None:
    settings, words = SETTINGS[case]
    broken.settings(settings)
    limit = ("-l", BOTH)
    if command == "audit":
        code, out = broken.run("-o", "json", "audit", *limit, "--interval", 0)
        run = json.loads(out[out.index("{") : out.rindex("}") + 1])
        reached = {device["name"]: device["reason"] for device in run["devices"]}
        assert reached[HEALTHY] == ""
        assert words in reached[BAD]
        assert {o["status"] for o in run["observations"] if o["device"] == BAD} <= {"unreachable", "unsupported"}
    elif command == "audit --save":
        code, out = broken.run("audit", *limit, "--interval", 0, "--save", tmp_path / "saved")
        assert list((tmp_path / "saved" / HEALTHY).iterdir())
    elif command == "plan":
        code, out = broken.run("plan", "backup", *limit, "--out", tmp_path / "plan.json")
        assert HEALTHY not in out
    elif command == "doctor":
        code, out = broken.run("doctor")
        assert code in (Exit.OK, Exit.USAGE)
    else:
        code, out = broken.run("doctor", "--connect", *limit)
    assert words in out
    assert BAD in out
    assert code in (Exit.INCOMPLETE, Exit.USAGE) if command == "doctor" else code == Exit.INCOMPLETE


@pytest.mark.parametrize("case", FILES)
def test_a_refused_file_is_the_reason_of_each_device(broken: Broken, case: str) -> None:
    content, words = FILES[case]
    (broken.folder / "ssh_config").write_bytes(content)
    code, out = broken.run("-o", "json", "audit", "-l", BOTH, "--interval", 0)
    assert code == Exit.INCOMPLETE
    run = json.loads(out[out.index("{") : out.rindex("}") + 1])
    assert all(words in device["reason"] for device in run["devices"])
    assert not (broken.folder / "ran").exists()


@pytest.mark.parametrize("how", ["--dry-run", "apply"])
def test_a_change_leaves_the_device_untouched(broken: Broken, how: str, tmp_path: Path) -> None:
    key = broken.folder / KEY
    key.parent.mkdir(exist_ok=True)
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(key)
    key.chmod(0o600)
    broken.settings({"identity_files": [KEY]})
    plan = tmp_path / "plan.json"
    code, out = broken.run("plan", "backup", "-l", BOTH, "--out", plan)
    assert code == Exit.OK, out
    key.unlink()
    words = ("apply", plan, "--dry-run") if how == "--dry-run" else ("apply", plan, "--soak", "0s")
    code, out = broken.run(*words)
    assert f"{KEY} does not exist" in out
    assert code == (Exit.INCOMPLETE if how == "--dry-run" else Exit.CHANGE_REVERTED), out
    assert "internal" not in out


def test_a_drill_refuses_with_the_sentence_of_the_device(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = LabRecord(pid=0, start_time="", socket="", devices=2, endpoints=2, scenario="", workspace=str(broken.folder))
    monkeypatch.setattr(drill, "target_of", lambda _: LabTarget(lab))  # refused before the lab is asked
    settings, words = SETTINGS["missing key"]
    broken.settings(settings)
    code, out = broken.run("drill", "run", "gateway-loss")
    assert code == Exit.REFUSED, out
    assert f"hsrp on {BAD}" in out
    assert words in out
    assert f"hsrp on {HEALTHY}" not in out
