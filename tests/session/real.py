"""Real software for the tests: one FRR behind OpenSSH in a namespace of its own, one OsmoBSC. Root and loopback only.

Everything that is started is stopped and waited for; nothing outside the namespaces and `/etc/frr/NAME` is touched.
The names of users and namespaces are fixed, so that what a killed run left is found again; a lock gives them to one run
of the tests at a time.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

USER, PASSWORD = "evrtest", "Pl4nted-r3al"
#: Whose login beside vtysh is the host's own shell.
SHELL_USER, SHELL_PASSWORD = "evrtest-sh", "Pl4nted-sh3ll"


def missing(*programs: str) -> str:
    """Why these tests cannot run here; empty when they can."""
    if os.geteuid() != 0:
        return "needs root"
    absent = [name for name in programs if not shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/frr")]
    return f"not installed: {', '.join(absent)}" if absent else ""


def refused(*command: str) -> str:
    """Why a container's root cannot do this; empty when it can."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"not permitted: {done.stderr.strip()}"


def frr_timer_marks() -> list[pytest.MarkDecorator]:
    """Marks of the tests with the revert timer of FRR; each skip names what is not installed."""
    absent = missing("vtysh", "zebra", "sshd", "ip", "unshare", "useradd", "chpasswd", "ssh-keygen")
    tools = Path("/usr/lib/frr/frr-reload.py").exists()
    return [
        pytest.mark.xdist_group("real-session"),
        pytest.mark.skipif(bool(absent), reason=absent),
        pytest.mark.skipif(not tools, reason="not installed: frr-pythontools"),
        pytest.mark.slow,
    ]


@dataclass(frozen=True)
class Router:
    """A running FRR: where its vtysh answers over SSH."""

    port: int
    public_key: str


def call(*command: str, check: bool = True) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")


def until(ready: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait for something to be ready."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError("not ready in time")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that the system chooses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port


@contextmanager
def alone(name: str) -> Iterator[None]:
    """The only one on this machine who uses a name; another worker, or another run, is waited for."""
    with Path(f"/run/{name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def frr(folder: Path, name: str = "evrtest1") -> Iterator[Router]:
    """zebra, ospfd, bgpd and staticd of one router, and an sshd on loopback: vtysh for one user, a shell for another.

    A session sees the router in the usual places, /etc/frr and /run/frr.
    """
    with ExitStack() as cleanup:
        cleanup.enter_context(alone(name))
        home, run = Path("/etc/frr") / name, Path("/run/frr") / name
        cleanup.callback(shutil.rmtree, home, ignore_errors=True)
        cleanup.callback(shutil.rmtree, run, ignore_errors=True)
        home.mkdir(parents=True, exist_ok=True)
        run.mkdir(parents=True, exist_ok=True)
        mode = Path("/etc/frr").stat().st_mode & 0o777
        cleanup.callback(Path("/etc/frr").chmod, mode)
        Path("/etc/frr").chmod(mode | 0o011)
        (home / "vtysh.conf").write_text(f"hostname {name}\n")
        config = home / "frr.conf"
        config.write_text(
            f"frr defaults traditional\nhostname {name}\nservice integrated-vtysh-config\n"
            "ip route 203.0.113.0/24 Null0\nrouter ospf\n ospf router-id 10.255.0.1\n"
            "router bgp 65000\n bgp router-id 10.255.0.1\n no bgp default ipv4-unicast\n"
            " neighbor 127.0.0.9 remote-as 65001\n neighbor 127.0.0.9 password Pl4nted-bgp\n"
        )
        for path in (home, run, home / "vtysh.conf", config):
            shutil.chown(path, "frr", "frr")
        call("ip", "netns", "del", name, check=False)  # of a run that was killed
        call("ip", "netns", "add", name)
        cleanup.callback(call, "ip", "netns", "del", name, check=False)
        call("ip", "-n", name, "link", "set", "lo", "up")
        for daemon in ("zebra", "mgmtd", "staticd", "ospfd", "bgpd"):
            options = ["-l", "127.0.0.1"] if daemon == "bgpd" else []
            command = ["ip", "netns", "exec", name, f"/usr/lib/frr/{daemon}", "-N", name, "-A", "127.0.0.1", *options]
            process = subprocess.Popen(
                [*command, "--log", "file:/dev/null"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            cleanup.callback(stop, process)
            until(lambda daemon=daemon: (run / f"{daemon}.vty").exists())  # type: ignore[misc]  # mypy: lambda default
        call("vtysh", "-N", name, "-b")
        yield cleanup.enter_context(_sshd(folder, name))


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_sessions(uid: int) -> None:
    """Sessions of the test's own user outlive their sshd for a moment, and hold the user."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if entry.stat().st_uid == uid:
                    os.kill(int(entry.name), signal.SIGKILL)


@contextmanager
def _sshd(folder: Path, name: str) -> Iterator[Router]:
    with ExitStack() as cleanup:
        # every start of pytest closes its own temporary folder to other users again
        open_to_all = Path(tempfile.mkdtemp(prefix="evrtest-", dir="/run"))
        cleanup.callback(shutil.rmtree, open_to_all, ignore_errors=True)
        open_to_all.chmod(0o711)
        shell, home = open_to_all / "shell", open_to_all / "home"
        shell.write_text("#!/bin/sh\nexport VTYSH_PAGER=cat\nexec /usr/bin/vtysh\n")
        shell.chmod(0o755)
        home.mkdir()
        for user, password, login in ((USER, PASSWORD, str(shell)), (SHELL_USER, SHELL_PASSWORD, "/bin/bash")):
            call("userdel", "-f", user, check=False)  # left behind by a run that was killed
            call("useradd", "-M", "-d", str(home), "-s", login, "-G", "frr,frrvty", user)
            cleanup.callback(call, "userdel", "-f", user, check=False)
            cleanup.callback(_end_sessions, pwd.getpwnam(user).pw_uid)
            subprocess.run(["chpasswd"], input=f"{user}:{password}\n", text=True, check=True, capture_output=True)
        shutil.chown(home, SHELL_USER, SHELL_USER)
        key = folder / "host_key"
        call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
        Path("/run/sshd").mkdir(exist_ok=True)
        port = free_port()
        config = folder / "sshd_config"
        config.write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {key}\nUsePAM no\nPasswordAuthentication yes\n"
            "KbdInteractiveAuthentication no\nPidFile none\nStrictModes no\nPrintMotd no\n"
            f"AllowUsers {USER} {SHELL_USER}\n"
        )
        places = "".join(f"mount --bind {place}/{name} {place}; " for place in ("/etc/frr", "/run/frr"))
        process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", f"{places}exec /usr/sbin/sshd -D -e -f {config}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        cleanup.callback(stop, process)
        until(lambda: _listens(port))
        yield Router(port, key.with_suffix(".pub").read_text().strip())


BSC = """log stderr
 logging color 0
 logging level set-all error
line vty
{login} bind 127.0.0.1 {port}
ctrl
 bind 127.0.0.1 {ctrl}
e1_input
 e1_line 0 driver ipa
 ipa bind 127.0.0.1
cs7 instance 0
 point-code 0.23.3
network
 network country code 452
 mobile network code 99
 encryption a5 0
 neci 1
{sites}msc 0
 allow-emergency deny
 mgw remote-ip 127.0.0.1
bsc
 mid-call-timeout 0
"""

SITE = """ bts {n}
  type osmo-bts
  description SITE-{n:03d}
  band DCS1800
  cell_identity {cell}
  location_area_code 1
  base_station_id_code {n}
  ipa unit-id {cell} 0
  oml ipa stream-id 255 line 0
  gprs mode none
  trx 0
   rf_locked 0
   arfcn {arfcn}
   nominal power 23
   max_power_red 0
   rsl e1 tei 0
   timeslot 0
    phys_chan_config CCCH+SDCCH4
""" + "".join(f"   timeslot {slot}\n    phys_chan_config TCH/F\n" for slot in range(1, 8))


@contextmanager
def osmo_bsc(folder: Path, *, sites: int = 3, password: str = "", enable: str = "") -> Iterator[int]:
    """A BSC with sites in a namespace; the port of its VTY on loopback, reached through socat."""
    name = "evrbsc"
    with ExitStack() as cleanup:
        cleanup.enter_context(alone(name))
        login = f" password {password}\n login\n" if password else " no login\n"
        text = BSC.format(
            login=login,
            port=4242,
            ctrl=4249,
            sites="".join(SITE.format(n=n, cell=1000 + n, arfcn=512 + n) for n in range(sites)),
        )
        config = folder / "bsc.cfg"
        config.write_text(
            (f"password {password}\n" if password else "")
            + (f"enable password {enable}\n" if enable else "")
            + text.replace(f" password {password}\n", "")
        )
        call("ip", "netns", "del", name, check=False)  # of a run that was killed
        call("ip", "netns", "add", name)
        cleanup.callback(call, "ip", "netns", "del", name, check=False)
        call("ip", "-n", name, "link", "set", "lo", "up")
        bsc = subprocess.Popen(
            ["ip", "netns", "exec", name, "osmo-bsc", "-c", str(config)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "bsc.log").open("wb"),
            start_new_session=True,
        )
        cleanup.callback(stop, bsc)
        port = free_port()
        inner = f"EXEC:ip netns exec {name} socat STDIO TCP\\:127.0.0.1\\:4242"
        relay = subprocess.Popen(
            ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", inner],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        cleanup.callback(stop, relay)

        def greets() -> bool:
            with socket.socket() as probe:
                probe.settimeout(1)
                try:
                    probe.connect(("127.0.0.1", port))
                    return bool(probe.recv(100))
                except OSError:
                    return False

        until(greets)
        yield port
