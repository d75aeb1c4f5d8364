"""A real service host made by a test, its workspace, and a playbook run without Ansible for tests of the guard."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from eventready.change.intents.ansible_inventory import FILES
from eventready.change.intents.playbook import PlaybookRun, TaskFile, TaskResult
from eventready.workspace.workspace import Workspace, load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.real.machinery.commands import run
from eventready_lab.real.machinery.listeners import DeviceListeners
from eventready_lab.real.province.layout import service_data
from eventready_lab.real.province.service_hosts import ServiceHost
from tests.session import real

ADDRESS, OTHER = "10.10.0.11", "10.10.0.12"
PASSWORD = "Pl4nted-root"
ABSENT = real.missing(
    "ip", "unshare", "nsenter", "sshd", "nginx", "keepalived", "dnsmasq", "chronyd", "rsyslogd", "dig", "chpasswd"
)
EVENT = """
id: test
name: Test event
organiser: Us
enterprise: Us
operator: telecom
recipient: {name: Office, email: office@example.vn}
venues: [{id: hall, name: Hall, services: [internet]}]
windows: [{name: Night, kind: event, from: 2027-04-29 19:00, to: 2027-04-29 23:00}]
lab: true
"""
EXPECT = {
    "services": ["ssh", "nginx", "keepalived", "dnsmasq", "chrony", "rsyslog"],
    "listeners": ["tcp/22", "tcp/80", "udp/53"],
    "backends": ["portal"],
    "dns": ["portal.lab.example"],
    "dhcp": True,
}
#: What the playbook run without Ansible writes: every part but one was there before.
CONTENTS = {
    "portal": "upstream portal {\n    least_conn;\n    server 10.10.0.11:8080;\n}\n"
    "server { listen 80; location / { proxy_pass http://portal; } }\n",
    "names": "host-record=portal.lab.example,10.10.0.10\nhost-record=ntp.lab.example,10.10.0.11\n"
    "dhcp-range=10.10.0.150,10.10.0.180,1h\n",
    "time": "server 10.10.0.12 iburst\n",
}
#: Where the process number of the host's `unshare` and its port are, for a process of the test's own.
STATE = "host.yaml"


@dataclass
class RealHost:
    """The host, and the folder of a workspace with `svc-1`."""

    host: ServiceHost
    folder: Path

    @property
    def workspace(self) -> Workspace:
        return load_workspace(self.folder)

    def shell(self, command: str) -> str:
        """Return what a shell on the host prints."""
        return shell(self.host, command)

    def picture(self) -> str:
        """Return every managed file with content, mode and owner, the running daemons, and what dnsmasq answers."""
        files = " ".join(file.path for file in FILES.values())
        return self.shell(
            f"for f in {files}; do stat -c '%n %a %U %G' $f; cat $f; done; "
            "for p in nginx keepalived dnsmasq chronyd rsyslogd; do pidof $p >/dev/null && echo $p runs; done; "
            "dig +short +time=1 +tries=2 @127.0.0.1 ntp.lab.example; ls /var/lib/eventready/stale; true"
        )


def shell(host: ServiceHost, command: str) -> str:
    """Return what a shell on a host prints."""
    done = subprocess.run(host.command("sh", "-c", command), check=False, capture_output=True, text=True, timeout=60)
    return done.stdout


@contextmanager
def real_host(folder: Path) -> Iterator[RealHost]:
    """Start a host in a network namespace of this process, behind a port on loopback."""
    name = f"evrsvc{os.getpid()}"
    run("ip", "netns", "add", name)
    host, listeners = ServiceHost(name, ADDRESS, OTHER, Credentials("root", PASSWORD)), DeviceListeners()
    try:
        run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
        run("ip", "-n", name, "address", "add", f"{ADDRESS}/24", "dev", "eth0")
        for end in ("eth0", "eth1"):
            run("ip", "-n", name, "link", "set", end, "up")
        host.start()
        port = listeners.open("svc-1", host.sshd).port
        listeners.start()
        _write_workspace(folder, port, host.key)
        yield RealHost(host, folder)
    finally:
        host.stop()
        if listeners.is_alive():
            listeners.close()
        run("ip", "netns", "del", name, check=False)


def _write_workspace(folder: Path, port: int, key: str) -> None:
    (folder / "inventory").mkdir(parents=True)
    shutil.copytree(Path(__file__).parents[3] / "playbooks", folder / "playbooks")
    (folder / "templates").mkdir()
    (folder / "inventory" / "event.yaml").write_text(EVENT, encoding="utf-8")
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {key}\n", encoding="utf-8")
    data = {
        "role": "service_host", "venues": ["hall"], "intents": {"backup": {}}, "expect": EXPECT,
        "service": service_data("svc-1"),
    }  # fmt: skip
    entry = {"hostname": "127.0.0.1", "port": port, "platform": "linux", "username": "root",
             "password": "env:EVENTREADY_TEST_PASSWORD", "data": data}  # fmt: skip
    (folder / "inventory" / "hosts.yaml").write_text(yaml.safe_dump({"svc-1": entry}), encoding="utf-8")
    os.environ["EVENTREADY_TEST_PASSWORD"] = PASSWORD


def fake_playbook(host: ServiceHost, broken: str = "") -> Any:
    """Return a replacement of `run_playbook` that writes CONTENTS on the host in the same order, through the Python of
    the change. `broken`: the part whose task fails.
    """

    def playbook(
        _workspace: Workspace, name: str, _devices: Sequence[Any], *, change: str, check: bool, **_options: Any
    ) -> PlaybookRun:
        tasks = []
        for part, content in CONTENTS.items():
            path = FILES[part].path
            if shell(host, f"cat {path}") == content:
                continue
            if part == broken and not check:
                tasks.append(TaskResult("svc-1", part, "failed", "broken on purpose"))
                return PlaybookRun(name, check, {"svc-1": "failed"}, tuple(tasks))
            if not check:
                _write(host, change, path, content)
            digest = hashlib.sha256(content.encode()).hexdigest()
            tasks.append(TaskResult("svc-1", part, "changed", file=TaskFile(path, digest, "644", "root", "root")))
        if tasks and not check:
            shell(host, "nginx -s reload; chronyc reload sources; kill $(pidof dnsmasq); sleep 0.3; dnsmasq")
        states: Mapping[str, Any] = {"svc-1": "changed" if tasks else "ok"}
        return PlaybookRun(name, check, states, tuple(tasks))

    return playbook


def _write(host: ServiceHost, change: str, path: str, content: str) -> None:
    script = f"open({path!r}, 'w').write({content!r})"
    command = host.command(f"/var/lib/eventready/{change}/python3", "-c", script)
    subprocess.run(command, check=False, capture_output=True, timeout=60)
