"""The program of a service host by itself: nothing of it stays behind, neither files nor a timer."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from tests.session.real import until

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs root and unshare"),
    pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="the timer is systemd's here"),
]

CHANGE = "c-1"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The program with a change of one file, saved."""
    script = files("eventready.change.forms").joinpath("host_files.sh").read_text(encoding="utf-8")
    (tmp_path / "home" / CHANGE).mkdir(parents=True)
    (tmp_path / "home" / "host_files").write_text(script)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "site.conf").write_text("old\n" * 2000)
    (tmp_path / "home" / CHANGE / "files").write_text(f"absent:{tmp_path}/etc/site.conf\n")
    assert program(tmp_path / "home", "save").returncode == 0
    return tmp_path / "home"


def program(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    action, *further = words
    command = ["sh", str(home / "host_files"), action, CHANGE, *further]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("action", ["confirm", "revert"])
def test_the_timer_ends_with_the_decision(home: Path, action: str) -> None:
    assert program(home, "arm", "300").returncode == 0
    timer = int((home / CHANGE / "armed").read_text())
    assert b"host_files" in Path(f"/proc/{timer}/cmdline").read_bytes()
    assert program(home, action).returncode == 0
    until(lambda: not any(session_of(path) == timer for path in Path("/proc").iterdir() if path.name.isdigit()))


def session_of(process: Path) -> int:
    """Return the session of a process that runs; 0 for one that has ended."""
    try:
        state, _, _, session = (process / "stat").read_text().rpartition(")")[2].split()[:4]
    except OSError:
        return 0
    return 0 if state == "Z" else int(session)


@pytest.mark.attack(family="service hosts")
def test_a_full_disk_keeps_no_part_of_a_file(home: Path) -> None:
    """A restore that fails, and one that was killed before, leave the folder as it is."""
    etc = home.parent / "etc"
    script = (
        f"mount -t tmpfs -o size=16k tmpfs {etc}; echo new > {etc}/site.conf; : > {etc}/.eventready.1;"
        f"head -c 12288 /dev/zero > {etc}/other; for i in 1 2 3; do sh {home}/host_files revert {CHANGE};"
        f"mv {home}/{CHANGE}/reverting {home}/{CHANGE}/armed; done; ls -A {etc}; cat {etc}/site.conf;"
        f"rm {etc}/other; sh {home}/host_files revert {CHANGE} && head -n 1 {etc}/site.conf; ls -A {etc}"
    )
    (home / CHANGE / "armed").write_text("0\n")
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["other", "site.conf", "new", "old", "site.conf"], done
    assert done.stderr.count("cannot be written") == 3
