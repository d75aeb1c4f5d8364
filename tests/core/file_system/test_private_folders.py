"""Private folders of killed processes: gone at the next start, and nothing else with them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from eventready.core.files import private_folder, sweep

KILLED = """
import os, signal
from eventready.core.files import private_folder
with private_folder("{kind}") as folder:
    (folder / "copy").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("kind", ["ansible", "programs"])
@pytest.mark.parametrize("deep", [False, True], ids=["short", "long"])
def test_the_folder_of_a_killed_process_goes_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, *, deep: bool
) -> None:
    with TemporaryDirectory(prefix="er-", dir="/tmp") as short:
        place = tmp_path / ("d" * 60) if deep else Path(short)
        place.mkdir(exist_ok=True)
        monkeypatch.setenv("TMPDIR", str(place))
        monkeypatch.setattr("tempfile.tempdir", None)
        found: list[Path] = []
        while not found or not (found[0] / "copy").exists():  # another process of the tests may be the first in /tmp
            ended = subprocess.Popen([sys.executable, "-c", KILLED.format(kind=kind)])
            ended.wait()
            name = f"eventready-{kind}-{ended.pid}-*"
            found = [*place.glob(name), *Path("/tmp").glob(name)]
        (left,) = found
        assert (left / "copy").exists()
        with private_folder("programs"):
            assert not left.exists()


def test_other_folders_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    ended = subprocess.Popen(["true"])
    ended.wait()
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept").touch()
    kept = {f"ansible-{os.getpid()}-b", f"programs-{os.getpid()}-b", "ansible-word-c", f"other-{ended.pid}-d"}
    for name in kept | {f"programs-{ended.pid}-a", f"ansible-{ended.pid}-a"}:
        (tmp_path / f"eventready-{name}").mkdir()
        (tmp_path / f"eventready-{name}" / "x").touch()
    (tmp_path / f"eventready-ansible-{ended.pid}-link").symlink_to(other)
    sweep()
    left = {path.name.removeprefix("eventready-") for path in tmp_path.glob("eventready-*")}
    assert left == kept | {f"ansible-{ended.pid}-link"}
    assert (other / "kept").exists()
