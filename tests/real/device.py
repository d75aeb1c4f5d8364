"""A device of the real province as its own tools see it, without anything of ours in between."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import paramiko
import yaml

from eventready_lab.real.machinery.vty import send_commands
from tests.behaviours.twin import Twin

_FILES = 'for f in /etc/hostapd/*.conf; do echo "==> $f"; cat "$f"; done'


@dataclass(frozen=True)
class Device:
    """Its name, and its entry in the lab's inventory: where it answers, and to whom."""

    name: str
    entry: dict[str, Any]

    def ssh(self, command: str, *, shell: bool = False) -> str:
        user = str(self.entry["username"])
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        try:
            client.connect(
                "127.0.0.1", self.entry["port"], f"{user}-shell" if shell else user, self.entry["password"],
                look_for_keys=False, allow_agent=False,
            )  # fmt: skip
            _, out, _ = client.exec_command(command, timeout=60)
            return out.read().decode()
        finally:
            client.close()

    def terminal(self, *lines: str) -> str:
        way = ("socat", "-", f"TCP:127.0.0.1:{self.entry['port']}")
        return send_commands(way, ["enable", "terminal length 0", *lines])[-1]

    def running(self) -> str:
        if self.entry["platform"] == "osmocom_bsc":
            return self.terminal("show running-config")
        return self.ssh(_FILES if self.entry["platform"] == "linux_hostapd" else "show running-config")

    def saved(self) -> str:
        """What a restart brings back."""
        if self.entry["platform"] == "osmocom_bsc":
            return self.terminal("show startup-config")
        return self.ssh("cat /etc/frr/frr.conf", shell=True)

    def configure(self, *lines: str) -> None:
        """Set it by hand, and save it."""
        if self.entry["platform"] == "osmocom_bsc":
            self.terminal("configure terminal", *lines, "end", "write memory")
            return
        words = " ".join(f"-c {shlex.quote(line)}" for line in ("configure terminal", *lines))
        self.ssh(f"vtysh {words}; vtysh -c 'write memory'", shell=True)


def device_of(twin: Twin, name: str) -> Device:
    """The device of that name in a running province."""
    hosts = yaml.safe_load((twin.copy / "inventory" / "hosts.yaml").read_text(encoding="utf-8"))
    return Device(name, hosts[name])
