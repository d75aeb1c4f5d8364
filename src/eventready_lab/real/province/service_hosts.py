"""Service hosts of the real lab: sshd, nginx, keepalived, dnsmasq, chrony and rsyslog in namespaces of their own.

A host has its own network, processes, name, /etc, /run, /root and parts of /var; everything ends with its first
process. The clock of the machine is never set (`chronyd -x`).
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import lines_of
from eventready_lab.control.workspace_copy import DeviceAccess
from eventready_lab.device.credentials import Credentials
from eventready_lab.real.machinery.commands import in_namespace

_START_S = 60.0
_PROGRAMS = ("nginx", "keepalived", "dnsmasq", "chronyd", "rsyslogd", "dig", "curl", "ping")


def unmet_requirement() -> str | Message:
    """Return why there are no service hosts; empty if their programs are installed."""
    absent = [name for name in _PROGRAMS if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None]
    return message("lab:not_installed", names=absent) if absent else ""


@dataclass
class ServiceHost:
    """A host in the network namespace `name`, which exists and has the port eth0."""

    name: str
    address: str
    other: str
    login: Credentials
    key: str = ""
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the host and wait for its daemons. Raises UsageError with the first error of a daemon."""
        with as_file(files("eventready_lab.real.province").joinpath("service_host_init.sh")) as script:
            inside = ("sh", str(script), self.name, self.address, self.other)
            command = in_namespace(
                self.name, "unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child=KILL", *inside
            )
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                start_new_session=True,
            )  # fmt: skip
            self._wait_until_ready(self._process)

    def _wait_until_ready(self, process: subprocess.Popen[str]) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process of a host needs pipes for its input and its output")
        process.stdin.write(f"{self.login.password}\n")
        process.stdin.close()
        deadline, printed = time.monotonic() + _START_S, ""
        while "\nready\n" not in f"\n{printed}":
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                break
            if not (piece := os.read(process.stdout.fileno(), 4096).decode(errors="replace")):
                break
            printed += piece
        else:
            self.key = next(line[4:] for line in lines_of(printed) if line.startswith("key "))
            return
        self.stop()
        reason = printed.strip()[-300:] or message("lab:no_message")
        raise UsageError(message("lab:service_host.failed", host=self.name, reason=reason))

    def command(self, *words: str) -> Sequence[str]:
        """Return the command line for running a program on the host."""
        return ("nsenter", "--target", str(self._first_process), "--all", *words)

    def sshd(self) -> Sequence[str]:
        """Return the program for a connection."""
        return self.command("/usr/sbin/sshd", "-i", "-f", "/etc/ssh/lab_sshd")

    def access(self, port: int) -> DeviceAccess:
        """Return the port and the login as they are in the inventory."""
        return DeviceAccess(port, self.login, self.key)

    @property
    def _first_process(self) -> int:
        """Return the first process inside, a child of `unshare`."""
        if self._process is None:
            raise UsageError(message("lab:service_host.not_started", host=self.name))
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        if not children:
            raise UsageError(message("lab:service_host.ended", host=self.name))
        return int(children[0])

    def stop(self) -> None:
        """End the host with all its processes."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
