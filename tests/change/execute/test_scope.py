"""Scope of a detached change: on a service manager of a user, in namespaces of the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eventready.change.execute.attach import scope

_USER = "nobody"
_AS_USER = ("setpriv", "--reuid", _USER, "--clear-groups")
_MANAGER = Path("/usr/lib/systemd/systemd")
#: The manager moves a process after its answer.
_DETACHED = """
import os, sys, time
from pathlib import Path
from eventready.change.execute.attach.process import detach
def work():
    groups = Path("/proc/self/cgroup")
    for _ in range(20):
        if "eventready-change" in groups.read_text():
            break
        time.sleep(0.1)
    return 0 * Path(sys.argv[1]).write_text(f"{os.getpid()} {groups.read_text()}")
detach(work)
"""
#: Arguments: Python, program, user who lingers. Prints the id of the detached process, and its cgroups.
_SESSION = """set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/lib/systemd
session=/sys/fs/cgroup/evr-session-$$
mkdir $session; trap 'echo $$ >/sys/fs/cgroup/cgroup.procs; find $session -depth -type d -exec rmdir {} +' EXIT
echo $$ >$session/cgroup.procs; chown -R nobody $session
export XDG_RUNTIME_DIR=/run/user HOME=/run/user LOGNAME=nobody
mkdir -p /run/systemd/system /var/lib/systemd/linger; install -d -o nobody -m 700 /run/user
[ -z "$3" ] || touch "/var/lib/systemd/linger/$3"
setpriv --reuid nobody --clear-groups /usr/lib/systemd/systemd --user 2>/dev/null & manager=$!
for _ in $(seq 100); do
    setpriv --reuid nobody --clear-groups busctl --user status >/dev/null 2>&1 && break
    sleep 0.1
done
setpriv --reuid nobody --clear-groups "$1" -c "$2" /run/user/place
for _ in $(seq 100); do [ -s /run/user/place ] && break; sleep 0.1; done
cat /run/user/place
kill $manager; wait $manager || true
"""


def _reads_the_code() -> bool:
    """Whether the user of the test may run this Python with the product."""
    command = [*_AS_USER, sys.executable, "-c", "import eventready"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces of mounts need root")
@pytest.mark.skipif(not (_MANAGER.exists() and shutil.which("busctl")), reason="not installed: systemd")
@pytest.mark.parametrize(("lingers", "own"), [(_USER, True), ("", False)], ids=["lingers", "does not linger"])
def test_a_detached_change_has_a_scope_where_the_user_lingers(*, lingers: str, own: bool) -> None:
    if not _reads_the_code():
        pytest.skip(f"the user {_USER} may not read this Python")
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", _SESSION, "sh", sys.executable, _DETACHED, lingers],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    process, *groups = done.stdout.split()
    assert any(group.endswith(f"/app.slice/eventready-change-{process}.scope") for group in groups) is own


@pytest.mark.parametrize(
    ("booted", "kills", "lingers", "expected"),
    [
        (True, "b true", False, True),
        (True, "b true", True, False),
        (True, "b false", False, False),
        (False, "b true", False, False),
    ],
    ids=["ends it", "lingers", "processes stay", "no systemd"],
)
def test_a_logout_that_ends_a_change_is_known(
    *, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, booted: bool, kills: str, lingers: bool, expected: bool
) -> None:
    program = tmp_path / "busctl"
    program.write_text(f"#!/bin/sh\necho {kills}\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("LOGNAME", "an")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(scope, "_BOOTED", tmp_path if booted else tmp_path / "absent")
    monkeypatch.setattr(scope, "_LINGERS", tmp_path)
    if lingers:
        (tmp_path / "an").touch()
    assert scope.logout_ends_it() is expected
