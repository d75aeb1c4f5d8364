"""The guard of a service host under systemd: a timer of `systemd-run` restores the files, on a systemd of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

_SYSTEMD = Path("/usr/lib/systemd/systemd")
_NEEDED = ("unshare", "nsenter", "systemd-run", "nginx")
_ABSENT = [name for name in _NEEDED if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None]
_BOOT_S = 20.0

pytestmark = [
    pytest.mark.xdist_group("real-session"),
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces of processes and mounts need root"),
    pytest.mark.skipif(bool(_ABSENT) or not _SYSTEMD.exists(), reason=f"not installed: {', '.join(_ABSENT)}"),
    pytest.mark.slow,  # a timer has to run off
    pytest.mark.timeout(120),
]

_TARGETS = ("default", "basic", "sysinit", "shutdown", "timers")
_TARGET = "[Unit]\nDescription=Empty\nDefaultDependencies=no\n"
_NGINX = """[Service]
Type=forking
PIDFile=/run/nginx.pid
ExecStart=/usr/sbin/nginx -c /run/nginx.conf
ExecReload=/bin/kill -HUP $MAINPID
"""
_NGINX_CONF = """pid /run/nginx.pid;
error_log /run/nginx.log;
events { worker_connections 8; }
http { access_log off; server { listen 80; include /run/site.conf; } }
"""
_INIT = """set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/units /run/eventready/change
cp -r "$1"/units /run; cp "$1/nginx.conf" "$1/site.conf" /run; cp "$1/host_files" /run/eventready
echo nginx:/run/site.conf > /run/eventready/change/files
mount -t proc proc /proc
umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
exec env container=test SYSTEMD_UNIT_PATH=/run/units SYSTEMD_GENERATOR_PATH=/nonexistent SYSTEMD_LOG_TARGET=console \
    /usr/lib/systemd/systemd --system --show-status=no
"""
_OLD, _NEW = "return 200 old;\n", "return 200 new;\n"


class Host:
    """A running systemd with nginx as its only service, and the script of the guard with one managed file."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def shell(self, command: str) -> str:
        words = ("nsenter", "--target", str(self._pid), "--all", "sh", "-c", command)
        return subprocess.run(words, check=False, capture_output=True, text=True, timeout=60).stdout

    def guard(self, *words: str) -> None:
        assert self.shell(f"sh /run/eventready/host_files {' '.join(words)} && echo good") == "good\n", words

    def write(self, text: str) -> None:
        self.shell(f"printf '{text}' > /run/site.conf; systemctl reload nginx")

    def site(self) -> str:
        return self.shell("systemctl is-active --quiet nginx && cat /run/site.conf")

    def units(self) -> str:
        return self.shell("systemctl list-units --all --plain --no-legend 'eventready-*'")

    def left(self, name: str) -> bool:
        return self.shell(f"ls /run/eventready/change/{name}") != ""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("systemd")
    (folder / "units").mkdir()
    for name in _TARGETS:
        (folder / "units" / f"{name}.target").write_text(_TARGET)
    (folder / "units" / "nginx.service").write_text(_NGINX)
    (folder / "nginx.conf").write_text(_NGINX_CONF)
    (folder / "site.conf").write_text(_OLD)
    script = files("eventready.change.forms").joinpath("host_files.sh").read_text(encoding="utf-8")
    (folder / "host_files").write_text(script)
    spaces = ("--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child=KILL")
    with (folder / "console").open("wb") as console, subprocess.Popen(
        ["unshare", *spaces, "sh", "-c", _INIT, "sh", str(folder)],
        stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield _booted(process, folder / "console")
        finally:
            process.kill()


def _booted(process: subprocess.Popen[bytes], console: Path) -> Host:
    """The host once systemd answers; the test is left out where systemd does not run."""
    deadline = time.monotonic() + _BOOT_S
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while time.monotonic() < deadline and process.poll() is None:
        if first := children.read_text().split():
            host = Host(int(first[0]))
            if host.shell("systemctl start nginx && systemctl is-active nginx") == "active\n":
                return host
        time.sleep(0.2)
    pytest.skip(f"systemd does not run in a namespace here: {console.read_text()[-200:]}")


@pytest.fixture(autouse=True)
def saved(host: Host) -> None:
    """The old content in the file and in the service, and no change known."""
    host.shell("rm -rf /run/eventready/change/[!f]* /run/eventready/change/fired")
    host.write(_OLD)
    host.guard("save", "change")


def test_a_change_without_confirmation_is_taken_back_by_the_timer(host: Host) -> None:
    host.guard("arm", "change", "2")
    assert "eventready-change.timer" in host.units()
    host.write(_NEW)
    deadline = time.monotonic() + 30
    while not host.left("fired") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert host.site() == _OLD
    assert host.units() == ""


@pytest.mark.parametrize(("action", "content"), [("confirm", _NEW), ("revert", _OLD)])
def test_a_decision_ends_the_timer(host: Host, action: str, content: str) -> None:
    host.guard("arm", "change", "3600")
    host.write(_NEW)
    host.guard(action, "change")
    assert host.site() == content
    assert host.units() == ""
