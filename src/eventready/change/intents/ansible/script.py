"""Script inventory of the service hosts for `ansible-playbook -i`: the variables of `plan`, resolved at run time.

The script names the workspace and holds no secret. A terminal gets no password.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from eventready.change.intents.ansible.inventory import ansible_inventory, service_hosts
from eventready.core.errors import EventreadyError, Exit
from eventready.workspace.permission import require_allowed
from eventready.workspace.workspace import Workspace, load_workspace

#: Name of the folder on a host in which a playbook keeps the files that it replaces.
_CHANGE = "ansible"
#: Variable left out on a terminal.
_HIDDEN = "ansible_password"


def script_of(workspace: Path) -> str:
    """Shell script printing the inventory of the workspace to Ansible."""
    program = f"{quote(sys.executable)} -m {__name__} {quote(str(workspace.resolve()))}"
    return f'#!/bin/sh\n# Passwords are resolved when Ansible runs this.\nexec {program} "$@"\n'


def script_inventory(workspace: Workspace) -> dict[str, Any]:
    """Inventory in the form of a script: hosts, their variables, groups by venue. Raises UsageError, SecretError."""
    hosts = service_hosts(workspace.devices)
    variables = ansible_inventory(workspace, hosts, _CHANGE)["all"]["hosts"]
    venues = {f"venue_{venue.replace('-', '_')}": venue for venue in workspace.event.venue_ids}
    groups = {group: [host.name for host in hosts if venue in host.venues] for group, venue in venues.items()}
    return {
        "_meta": {"hostvars": variables},
        "service_host": {"hosts": [host.name for host in hosts]},
        **{group: {"hosts": names} for group, names in groups.items() if names},
    }


def main(arguments: Sequence[str]) -> int:
    """Print the inventory (`--list`) or the variables of a host (`--host NAME`). Return the exit code."""
    folder, *words = arguments
    try:
        workspace = load_workspace(Path(folder))
        require_allowed(workspace.path)
        inventory = script_inventory(workspace)
    except EventreadyError as error:
        print(error, file=sys.stderr)
        return int(error.exit)
    variables = inventory["_meta"]["hostvars"]
    if sys.stdout.isatty():
        for host in variables.values():
            host.pop(_HIDDEN, None)
    print(json.dumps(variables.get(words[1], {}) if words[:1] == ["--host"] and len(words) > 1 else inventory))
    return int(Exit.OK)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
