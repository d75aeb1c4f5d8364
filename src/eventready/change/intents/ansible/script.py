"""Script inventory of the service hosts for `ansible-playbook -i`, which is also the ssh of Ansible.

The script names the workspace and holds no secret: its hosts are reached as `plan` reaches them, with a login for each
command.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from eventready.change.intents.ansible.inventory import ansible_inventory, as_script, service_hosts
from eventready.core.errors import EventreadyError, Exit
from eventready.session.plugin import host_target
from eventready.session.ssh.relay import CommandHost, run_ssh
from eventready.workspace.permission import require_allowed
from eventready.workspace.workspace import Workspace, load_workspace

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
