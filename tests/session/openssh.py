"""Real OpenSSH servers on loopback for the tests, run as the current user: devices, jump hosts, an agent, a CA.

A device is a server whose `ForceCommand` is a small command line; every login is by key, so that no account is needed.
"""

from __future__ import annotations

import base64
import getpass
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from eventready.session.hostkeys import HostKey, record
from eventready.session.target import SshOptions, Target
from tests.session.real import free_port, until

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
LISTENING = "Server listening on 127.0.0.1"
PASSPHRASE = "Pl4nted-passphrase"
#: Program that runs a server, and its own arguments.
PREFIX: tuple[str, ...] = ()

CLI = """#!/bin/sh
stty -echoctl 2>/dev/null
while printf 'R1#' && read -r line; do
    case "$line" in
        "show clock") echo "07:00:00" ;;
        "show big") i=0; while [ $i -lt 2000 ]; do echo "line $i of an answer that takes its time"; i=$((i+1)); done ;;
        "show slow") sleep 30; echo "late" ;;
        exit) exit 0 ;;
        terminal*|"") ;;
        *) echo "% Invalid input detected at '^' marker." ;;
    esac
done
"""


def missing() -> str:
    """Why OpenSSH servers cannot run here; empty when they can."""
    absent = [name for name in ("ssh-keygen", "ssh-agent", "ssh-add") if not shutil.which(name)]
    absent += [] if SSHD else ["sshd"]
    if absent:
        return f"not installed: {', '.join(absent)}"
    return "" if os.geteuid() == 0 or Path(f"/home/{getpass.getuser()}").exists() else "no home folder"


@dataclass
class Server:
    """A running sshd; `stop` ends it with its connections, `start` runs it again on the same port."""

    folder: Path
    port: int
    host_key: HostKey
    lines: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What the server has logged."""
        return (self.folder / f"sshd_{self.port}.log").read_text(errors="replace")

    def start(self) -> None:
        """Run the server and wait until it listens."""
        starts = self.log.count(LISTENING) if (self.folder / f"sshd_{self.port}.log").exists() else 0
        config = self.folder / f"sshd_{self.port}.conf"
        config.write_text("\n".join(self.lines) + "\n")
        assert SSHD is not None
        self.process = subprocess.Popen(
            [*PREFIX, SSHD, "-D", "-e", "-f", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / f"sshd_{self.port}.log").open("ab"),
            start_new_session=True,
        )
        until(lambda: self.log.count(LISTENING) > starts)

    def stop(self) -> None:
        """Kill the server and all its sessions at once."""
        if self.process is None:
            return
        for pid in (*_descendants(self.process.pid), self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == pid:
                    found += [*_descendants(int(entry.name)), int(entry.name)]
    return found


@dataclass
class OpenSsh:
    """Servers and keys in one folder."""

    folder: Path
    servers: list[Server] = field(default_factory=list)
    agent_pid: int = 0

    def __post_init__(self) -> None:
        self.user = getpass.getuser()
        self.key = self.keygen("id_test")
        self.authorized = self.folder / "authorized_keys"
        shutil.copy(f"{self.key}.pub", self.authorized)
        self.known_hosts = self.folder / "known_hosts"
        cli = self.folder / "cli"
        cli.write_text(CLI)
        cli.chmod(0o755)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)

    def keygen(self, name: str, passphrase: str = "", kind: str = "ed25519") -> Path:
        """Make a key pair."""
        path = self.folder / name
        subprocess.run(
            ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", name, "-f", str(path)],
            check=True,
            stdin=subprocess.DEVNULL,
        )
        return path

    def certify(self, key: Path, authority: Path, *options: str) -> Path:
        """Sign a key for the current user. `options`: of ssh-keygen."""
        arguments = ["-q", "-s", str(authority), "-I", key.name, "-n", self.user, *options]
        subprocess.run(["ssh-keygen", *arguments, f"{key}.pub"], check=True)
        return key.with_name(f"{key.name}-cert.pub")

    def certify_host(self, server: Server, authority: Path, *options: str) -> None:
        """Sign the host key of a server, and run the server with the certificate. `options`: of ssh-keygen."""
        key = self.folder / f"host_{server.port}"
        names = () if "-n" in options or "-z" in options else ("-n", "127.0.0.1")
        arguments = ["-q", "-s", str(authority), "-I", key.name, "-h", *names, *options]
        subprocess.run(["ssh-keygen", *arguments, f"{key}.pub"], check=True)
        server.stop()
        server.lines = (*server.lines, f"HostCertificate {key}-cert.pub")
        server.start()

    def authorize(self, *keys: Path) -> None:
        """Accept these keys only."""
        self.authorized.write_text("".join(Path(f"{key}.pub").read_text() for key in keys))

    def server(self, *lines: str, device: bool = False, host_key: str = "ed25519") -> Server:
        """Run an sshd with further configuration lines; a device answers with its command line."""
        port = free_port()
        key = self.keygen(f"host_{port}", kind=host_key)
        kind, blob = Path(f"{key}.pub").read_text().split()[:2]
        forced = (f"ForceCommand {self.folder / 'cli'}",) if device else ()
        server = Server(
            self.folder,
            port,
            HostKey(kind, base64.b64decode(blob)),
            (
                *lines,  # the first value of an option counts
                f"Port {port}",
                "ListenAddress 127.0.0.1",
                f"HostKey {key}",
                f"AuthorizedKeysFile {self.authorized}",
                "StrictModes no",
                "UsePAM no",
                "PidFile none",
                "PrintMotd no",
                "PrintLastLog no",
                "PermitRootLogin yes",
                "PasswordAuthentication no",
                "KbdInteractiveAuthentication no",
                "LogLevel VERBOSE",
                "PerSourcePenalties no",
                "MaxStartups 100:30:200",
                # Bash under sshd reads the user's .bashrc unless it is the second level or deeper.
                "SetEnv SHLVL=2",
                *forced,
            ),
        )
        server.start()
        self.servers.append(server)
        record(self.known_hosts, {f"[127.0.0.1]:{port}": server.host_key})
        return server

    def target(self, server: Server, name: str = "core-1", **options: object) -> Target:
        """A target of a server that logs in with the key."""
        given: dict[str, object] = {
            "username": self.user,
            "known_hosts": self.known_hosts,
            "connect_timeout_s": 10.0,
            "attempts": 1,
            "ssh": SshOptions(identity_files=(self.key,)),
        }
        return Target(name, "127.0.0.1", server.port, **{**given, **options})  # type: ignore[arg-type]

    def agent(self) -> str:
        """Run an ssh-agent; the path of its socket."""
        socket = self.folder / "agent"
        started = subprocess.run(["ssh-agent", "-a", str(socket)], check=True, capture_output=True, text=True)
        self.agent_pid = int(started.stdout.partition("SSH_AGENT_PID=")[2].partition(";")[0])
        return str(socket)

    def add_key(self, socket: str, key: Path) -> None:
        """Load a key, with its certificate beside it, into the agent."""
        environment = {**os.environ, "SSH_AUTH_SOCK": socket}
        subprocess.run(["ssh-add", "-q", str(key)], check=True, env=environment, stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        """End everything that was started."""
        for server in self.servers:
            server.stop()
        if self.agent_pid:
            with suppress(ProcessLookupError):
                os.kill(self.agent_pid, signal.SIGTERM)
