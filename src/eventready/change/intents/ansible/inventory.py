"""The inventory of a playbook run, made from the Nornir inventory of the workspace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.workspace.devices.device import Device
from eventready.workspace.keys.secrets import resolve
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class ManagedFile:
    """File written by prepare.yml: the daemon (Debian service) of the file, and the path."""

    daemon: str
    path: str

    @property
    def name(self) -> str:
        """Return the name in a plan: `nginx:/etc/nginx/conf.d/event.conf`."""
        return f"{self.daemon}:{self.path}"


#: The file of each part of `service:`; a part's own `file` replaces the path.
FILES: Mapping[str, ManagedFile] = {
    "portal": ManagedFile("nginx", "/etc/nginx/conf.d/event.conf"),
    "floating": ManagedFile("keepalived", "/etc/keepalived/keepalived.conf"),
    "names": ManagedFile("dnsmasq", "/etc/dnsmasq.d/event.conf"),
    "time": ManagedFile("chrony", "/etc/chrony/sources.d/event.sources"),
    "log": ManagedFile("rsyslog", "/etc/rsyslog.d/90-event.conf"),
}
#: Below this folder of a host the files of a change are saved, one folder per change.
BACKUPS = "/var/lib/eventready"
_PATH = re.compile(r"(?:/[\w-][\w.-]*)+")


def service_hosts(devices: Iterable[Device]) -> tuple[Device, ...]:
    """Return the devices with the role service_host. Raises UsageError if none is selected."""
    hosts = tuple(device for device in devices if device.role == "service_host")
    if not hosts:
        raise UsageError(message("change:playbook.no_host"))
    return hosts


def managed_files(service: Mapping[str, Any]) -> tuple[ManagedFile, ...]:
    """Return the files written by prepare.yml on a host with this `service:`.

    Raises UsageError for an unknown part or an unusable path.
    """
    unknown = sorted(set(service) - set(FILES))
    if unknown:
        raise UsageError(message("change:playbook.part", part=unknown[0], known=[*FILES]))
    files = tuple(_managed(part, service[part] or {}) for part in FILES if part in service)
    if bad := next((file.path for file in files if not _PATH.fullmatch(file.path)), ""):
        raise UsageError(message("change:playbook.path", path=bad))
    return files


def _managed(part: str, values: Mapping[str, Any]) -> ManagedFile:
    known = FILES[part]
    return ManagedFile(known.daemon, str(values.get("file") or known.path))


def ansible_inventory(
    workspace: Workspace, hosts: Iterable[Device], change: str, *, guarded: bool = False
) -> dict[str, Any]:
    """Return the inventory in Ansible's form. Secrets are resolved: write the result to a private folder only.

    Each host carries `service`, `eventready_files`, `eventready_backup` and `eventready_event`. `guarded`: the files
    are saved already, and modules run by the Python that the guard of the change can stop. Raises UsageError,
    SecretError.
    """
    nornir = workspace.nornir(1)
    ssh = f"-o UserKnownHostsFile={workspace.known_hosts.resolve()} -o StrictHostKeyChecking=yes"
    entries: dict[str, Any] = {}
    for device in hosts:
        host = nornir.inventory.hosts[device.name]
        service = dict(host.get("service") or {})
        entries[device.name] = {
            "ansible_host": device.hostname,
            "ansible_port": device.port or 22,
            "ansible_user": resolve(host.username or "", workspace.path, where=device.origin),
            "ansible_ssh_common_args": ssh,
            "ansible_python_interpreter": f"{BACKUPS}/{change}/python3" if guarded else "auto_silent",
            "service": service,
            "eventready_files": [file.path for file in managed_files(service)],
            "eventready_guarded": guarded,
            "eventready_backup": f"{BACKUPS}/{change}",
            "eventready_event": workspace.event.name,
            **_password(host.password, workspace.path, device.origin),
        }
    return {"all": {"hosts": entries}}


def _password(reference: str | None, workspace: Path, origin: str) -> dict[str, str]:
    """Return the password variable; empty for a host with keys or an agent."""
    return {"ansible_password": resolve(reference, workspace, where=origin)} if reference else {}
