"""Inventory of a playbook run, made from the Nornir inventory of the workspace, and its inventory script."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from eventready.core.errors import EventreadyError, Exit, UsageError
from eventready.core.messages import message
from eventready.session.plugin import host_target
from eventready.session.ssh.relay import CommandHost, run_ssh
from eventready.workspace.devices.device import Device
from eventready.workspace.permission import require_allowed
from eventready.workspace.workspace import Workspace, load_workspace


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
    own = {part: str((service[part] or {}).get("file") or FILES[part].path) for part in FILES if part in service}
    files = tuple(ManagedFile(FILES[part].daemon, path) for part, path in own.items())
    if bad := next((file.path for file in files if not _PATH.fullmatch(file.path)), ""):
        raise UsageError(message("change:playbook.path", path=bad))
    return files


def ansible_inventory(
    workspace: Workspace, hosts: Iterable[Device], change: str, *, ssh: str, guarded: bool = False
) -> dict[str, dict[str, Any]]:
    """Return the variables of each host. `ssh`: the program in place of ssh, which has the ways in and the logins.

    `guarded`: the files are saved already, and modules run by the Python that the guard of the change can stop. Raises
    UsageError.
    """
    nornir = workspace.nornir(1)
    entries: dict[str, dict[str, Any]] = {}
    for device in hosts:
        service = dict(nornir.inventory.hosts[device.name].get("service") or {})
        entries[device.name] = {
            "ansible_host": device.hostname,
            "ansible_ssh_executable": ssh,
            "ansible_ssh_args": "",
            "ansible_ssh_common_args": f"--host={quote(device.name)}",
            "ansible_ssh_transfer_method": "piped",
            "ansible_python_interpreter": f"{BACKUPS}/{change}/python3" if guarded else "auto_silent",
            "service": service,
            "eventready_files": [file.path for file in managed_files(service)],
            "eventready_guarded": guarded,
            "eventready_backup": f"{BACKUPS}/{change}",
            "eventready_event": workspace.event.name,
        }
    return entries


def as_script(variables: Mapping[str, object], **groups: Any) -> str:
    """Return the output of a script inventory. No text is a template: `{{ }}` in a value would run programs."""
    document = {"_meta": {"hostvars": variables}, "all": {"hosts": [*variables]}, **groups}
    return json.dumps({**document, "_meta": _literal(document["_meta"])})


def _literal(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _literal(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_literal(inner) for inner in value]
    return {"__ansible_unsafe": value} if isinstance(value, str) else value


#: Name of the folder on a host in which a playbook keeps the files that it replaces.
_CHANGE = "ansible"


def script_of(workspace: Path) -> str:
    """Shell script printing the inventory of the workspace to Ansible, and running the commands of Ansible."""
    program = f"{quote(sys.executable)} -m {__name__} {quote(str(workspace.resolve()))}"
    return f'#!/bin/sh\n# Logins are resolved when Ansible runs this.\nexec {program} "$0" "$@"\n'


def script_inventory(workspace: Workspace, script: str) -> str:
    """Output of the script: hosts, their variables, groups by venue. Raises UsageError."""
    hosts = service_hosts(workspace.devices)
    venues = {f"venue_{venue.replace('-', '_')}": venue for venue in workspace.event.venue_ids}
    groups = {group: [host.name for host in hosts if venue in host.venues] for group, venue in venues.items()}
    return as_script(
        ansible_inventory(workspace, hosts, _CHANGE, ssh=script),
        service_host={"hosts": [host.name for host in hosts]},
        **{group: {"hosts": names} for group, names in groups.items() if names},
    )


def main(arguments: Sequence[str]) -> int:
    """Print the inventory (`--list`), or run a command in place of ssh. Return the exit code."""
    folder, script, *words = arguments
    try:
        workspace = load_workspace(Path(folder))
        require_allowed(workspace.path)
        if words[:1] == ["--list"]:
            print(script_inventory(workspace, str(Path(script).resolve())))
            return int(Exit.OK)
        nornir = workspace.nornir(1)
        hosts = {host.name: host_target(nornir, host.name).for_ssh() for host in service_hosts(workspace.devices)}
        return run_ssh({name: CommandHost(target) for name, target in hosts.items()}, words)
    except EventreadyError as error:
        print(error, file=sys.stderr)
        return int(error.exit)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
