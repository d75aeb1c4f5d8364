"""`eventready init`: from a checkout and from an installed wheel."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from eventready.cli.context import App
from eventready.cli.declare.workspace import init
from eventready.core.errors import UsageError
from eventready.workspace.examples import example
from eventready.workspace.examples.example import copy_example, example_home
from eventready.workspace.workspace import load_workspace

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_what_is_copied_is_a_workspace(tmp_path: Path) -> None:
    written = copy_example(tmp_path / "deep" / "mine")
    assert Path("inventory/hosts.yaml") in written
    mine, original = load_workspace(tmp_path / "deep" / "mine"), load_workspace(ROOT)
    assert [device.name for device in mine.devices] == [device.name for device in original.devices]
    assert (tmp_path / "deep" / "mine" / ".gitignore").read_text() == ".eventready/\n"


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    copy_example(tmp_path)
    assert load_workspace(tmp_path).devices


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="the folder is not empty"):
        copy_example(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(UsageError, match="a file is in the way of the folder"):
        copy_example(tmp_path / "mine.txt")
    with pytest.raises(UsageError, match="the folder cannot be made"):
        copy_example(tmp_path / "mine.txt" / "below")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[Path] = []

    def fill(source: Path, target: Path) -> None:
        copied.append(target)
        if len(copied) == 3:
            raise OSError(28, "No space left on device")
        target.write_bytes(source.read_bytes())

    monkeypatch.setattr("eventready.workspace.examples.example.shutil.copyfile", fill)
    with pytest.raises(UsageError, match="the example cannot be copied: No space left on device"):
        copy_example(tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_secrets_and_leftovers_are_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    shutil.copytree(example_home() / "inventory", home / "inventory")
    for leftover in ("inventory/vault.yml", "inventory/.hosts.yaml.swp", "playbooks/__pycache__/x.pyc"):
        (home / leftover).parent.mkdir(parents=True, exist_ok=True)
        (home / leftover).write_text("x")
    monkeypatch.setattr(example, "example_home", lambda: home)
    written = {path.as_posix() for path in copy_example(tmp_path / "mine")}
    assert "inventory/event.yaml" in written
    assert not any("vault" in name or ".swp" in name or "pycache" in name for name in written)


def test_the_command_says_what_to_do_next(tmp_path: Path) -> None:
    result = CliRunner().invoke(init, [str(tmp_path / "mine"), "--example"], obj=App())
    assert result.exit_code == 0
    assert result.stdout == "", "messages go to stderr"
    assert f"cd {tmp_path / 'mine'}" in result.stderr
    assert "eventready doctor" in result.stderr
    result = CliRunner().invoke(init, [str(tmp_path / "other"), "--example"], obj=App(output="json"))
    assert "inventory/event.yaml" in json.loads(result.stdout)["files"]


def test_the_wheel_carries_the_example(tmp_path: Path) -> None:
    pytest.importorskip("build")
    source = tmp_path / "source"
    for name in ("inventory", "templates", "playbooks", "src"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for path in (*ROOT.glob("*.toml"), *ROOT.glob("*.md"), ROOT / "LICENSE", ROOT / "hatch_build.py"):
        shutil.copy(path, source)
    (source / "inventory" / "vault.yml").write_text("x")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", source],
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert "eventready/example/inventory/hosts.yaml" in names
    assert not any("vault.yml" in name for name in names)
    script = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); from eventready.cli.main import main; main()"
    words = ["init", "mine", "--example"]
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert load_workspace(tmp_path / "mine").devices
