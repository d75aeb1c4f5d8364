"""Subcommands: groups of the help page, and import on first use."""

from __future__ import annotations

from importlib.metadata import entry_points

import click

from eventready.cli.deferred import declared, loading

#: Subcommands by group, in order of use, with their line in `--help`.
GROUPS: dict[str, dict[str, str]] = {
    "Workspace": {
        "init": "Create a workspace for an event, or from an example",
        "allow": "Permit this workspace to connect and to run programs",
        "inventory": "Import and export the inventory: CSV, XLSX, NetBox, Zabbix",
        "doctor": "Diagnose this machine and the workspace",
        "schema": "Print the JSON Schema of a workspace file, for editors",
        "docs": "Read the documentation in the terminal",
        "completion": "Print the completion script of a shell",
    },
    "Rehearsal": {"lab": "Simulate the devices of the workspace: up, down, status, fault"},
    "Audit": {
        "trust": "Record the host keys of devices after showing the fingerprints",
        "matrix": "Show devices x checks: measured, not supported, not applicable",
        "audit": "Read every device and give a verdict per venue and service",
        "capacity": "Show demand against supply, and the additions that close gaps",
        "capture": "Save what an audit reads, redacted, for `audit --from`",
        "parse": "Parse a saved output into facts, or show the unmatched lines",
        "runs": "List, show, compare and verify earlier runs",
        "whatif": "Show which services a failure takes, and what takes over",
        "worker": "Collect for audits from the network of the devices",
        "cluster": "Make the certificates of workers, and run their scheduler",
        "topology": "Export and draw the network: GraphML, DOT, JSON, SVG",
    },
    "Change": {
        "plan": "Compute a change with its diff and way back; sealed",
        "approve": "Show a plan and sign its hash, as a second person",
        "apply": "Apply a plan: guarded, in waves, verified, journalled",
        "rollback": "Revert a finished change",
        "changes": "List changes and the state of every device",
        "playbook": "Run an Ansible playbook on the service hosts",
        "drill": "Make a failure on purpose and measure the interruption",
    },
    "Night": {
        "watch": "Read continuously, and name every change of state",
        "alerts": "Acknowledge, silence and explain the alerts of a watch",
        "serve": "Serve the wall and the pages of the night to browsers",
    },
    "Papers": {
        "duties": "List clauses with owner, deadline, state and evidence",
        "attest": "Attest a clause that no device can prove, with files and forms",
        "note": "Record a person's words for a section of a paper",
        "deadlines": "List deadlines and warn ahead",
        "roster": "Check and export the duty roster, and show changes",
        "incident": "Record incidents and their notices",
        "report": "Write a report from a run",
        "send": "Mail a draft or documents, and record the delivery",
        "schedule": "Run audits, report drafts and reminders at their times",
        "bundle": "Write the signed report for the department",
        "kit": "Hand the event to the operators as a signed kit",
        "consolidate": "Merge the bundles of operators into a provincial report",
    },
}

#: Line in `--help` by subcommand.
COMMANDS: dict[str, str] = {name: line for commands in GROUPS.values() for name, line in commands.items()}

#: Entry points of subcommands from other packages, such as `lab`.
COMMAND_GROUP = "eventready.commands"


def load_command(name: str) -> click.Command:
    """Load the declaration of a subcommand from its entry point, or from the package of its group."""
    for point in entry_points(group=COMMAND_GROUP, name=name):
        return loading(getattr(declared(point.module), point.attr))
    group = next(group for group, commands in GROUPS.items() if name in commands)
    return loading(declared(f"eventready.cli.{group.lower()}.{name}").command)
