"""Commands of the section Workspace: options and help."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.cli import options
from eventready.cli.declare.first_week import FirstWeek
from eventready.cli.declare.work import work

#: Files with a schema, by their name.
SCHEMAS = (
    "alerts", "capacity", "circuits", "defaults", "drill", "duties", "event", "facts", "forms", "groups", "hosts",
    "jump_hosts", "learn", "limits", "performance", "platform", "risk", "roster", "serve", "values", "waivers", "watch",
    "works", "writable",
)  # fmt: skip
#: Stored and exported records with a schema, by name.
RECORDS = ("change", "drill-record", "incident", "plan", "run")


@click.command(
    cls=FirstWeek,
    first=("example", "kit", "fingerprint", "name", "province", "opening", "venues", "enterprise"),
)
@click.argument("folder", metavar="DIR", type=options.PATH)
@click.option("--example", metavar="[NAME]", is_flag=False, flag_value="", help="Copy the shipped example instead.")
@click.option("--from", "kit", type=options.FILE, metavar="KIT",
              help="Take event, venues, clauses and forms from a department's kit.")  # fmt: skip
@click.option("--fingerprint", default="", metavar="F", help="Fingerprint of the kit, as the department says it.")
@click.option("--event", "name", metavar="NAME", help="Name of the event.")
@click.option("--province", metavar="NAME", help="Province of the event.")
@click.option(
    "--zone", metavar="ZONE", help="Time zone of the event.  [default: that of --country, or Asia/Ho_Chi_Minh]"
)
@click.option("--country", metavar="CODE", help="Country of the event, ISO 3166.  [default: that of the zone]")
@click.option("--opening", metavar="TIME", help='Opening: "2027-03-26 19:30" or "26/03/2027 19:30".')
@click.option("--ending", metavar="TIME", help="End of the event.  [default: four hours after the opening]")
@click.option(
    "--venue",
    "venues",
    multiple=True,
    metavar="ID=NAME[:SERVICES]",
    help="Venue, repeatable: hall=Provincial Hall:internet,wifi.  [default services: all]",
)
@click.option("--enterprise", default="", metavar="NAME", help="Enterprise that signs the reports.")
@click.option("--short", default="", metavar="TEXT", help="Its abbreviation.  [default: initials]")
@click.option("--operator", type=click.Choice(["telecom", "postal", "both"]), default="telecom", show_default=True,
              help="Selects the clauses that apply.")  # fmt: skip
@click.option("--recipient", default="", metavar="NAME", help="Recipient of the reports.")
@click.option("--recipient-email", default="", metavar="ADDRESS", help="Address of the recipient.")
@click.option("--bastion", default="", metavar="[USER@]HOST[:PORT]", help="Bastion in front of all devices.")
@work("eventready.cli.workspace.init:command")
def init() -> None:
    """Create a workspace in DIR, an absent or empty folder. A terminal prompts for missing answers, again after an
    invalid one.

    Windows, weekly reports and deadlines are computed from the opening, or come from the kit.
    """


@click.group()
def inventory() -> None:
    """Import devices, export the inventory as spreadsheets, and learn the expected state from the network."""


@inventory.command("import", short_help="Devices from CSV, XLSX, NetBox or Zabbix")
@click.argument("source", metavar="FILE|netbox|zabbix")
@click.option("--dry-run", is_flag=True, help="Show the difference, write nothing.")
@click.option("--fix", is_flag=True, help="Mend misspelt values that can mean one thing only.")
@click.option("--sheet", default="", metavar="NAME", help="Sheet of the workbook.  [default: all known sheets]")
@click.option("--url", default="", metavar="URL", help="netbox, zabbix: address of the server.")
@click.option("--token", default="", metavar="REFERENCE",
              help="netbox, zabbix: reference of the API token.  "
                   "[default: env:NETBOX_TOKEN, env:ZABBIX_TOKEN]")  # fmt: skip
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="KEY=VALUE",
    help="Query, repeatable: netbox site=hall; zabbix group=NAME.",
)
@click.option(
    "--role-map", multiple=True, metavar="SLUG=ROLE", help="Role of a slug, a host group or a template, repeatable."
)
@click.option("--platform-map", multiple=True, metavar="SLUG=PLATFORM",
              help="Platform of a slug, a host group or a template, repeatable.")  # fmt: skip
@click.option("--venue-field", default="venues", show_default=True, metavar="NAME",
              help="netbox: custom field with the venues; zabbix: tag.")  # fmt: skip
@click.option("--venue-map", multiple=True, metavar="GROUP=VENUE", help="zabbix: venue of a host group, repeatable.")
@click.option("--peaks", is_flag=True, help="zabbix: peaks of the last 30 days as notes to ports.")
@click.option("--allow-http", is_flag=True, help="netbox, zabbix: send the token without encryption.")
@work("eventready.cli.workspace.inventory:import_devices")
def inventory_import() -> None:
    """Merge devices into hosts.yaml. Devices of the same name are updated; comments and other keys stay.

    Columns and values are read in Vietnamese and English, by name or identifier; `inventory template` writes a workbook
    with all of them. Further sheets: links, pairs, bastions, windows, duties. Unknown columns of devices are kept as
    notes.
    """


@inventory.command("template", short_help="An empty workbook with drop-downs")
@click.option("--out", type=options.FILE, default="inventory.xlsx", show_default=True, help="File to write.")
@work("eventready.cli.workspace.inventory:template")
def inventory_template() -> None:
    """Write an empty workbook for devices, links, pairs, bastions, windows and duties.

    Venues, services, platforms and roles are chosen from lists. The language is that of papers; --lang en for English.
    """


@inventory.command("export", short_help="The inventory as XLSX, CSV or for Ansible")
@click.option("--format", "form", type=click.Choice(["xlsx", "csv", "ansible"]), default="xlsx",
              show_default=True,
              help="xlsx: all sheets; csv: the devices; ansible: a script for the service hosts.")  # fmt: skip
@click.option("--out", type=options.FILE, help="File to write.  [default: inventory.xlsx, or the terminal]")
@work("eventready.cli.workspace.inventory:export")
def inventory_export() -> None:
    """Write the inventory as a spreadsheet, which `inventory import` reads back unchanged.

    For Ansible it is a script without secrets: ansible-playbook -i reaches the service hosts as `plan` does.
    """


@inventory.command("learn", short_help="Expectations from the state of the network")
@options.limit_option
@click.option("--from", "saved", type=options.FOLDER, metavar="DIR",
              help="Read saved outputs (DIR/<device>/<command>.txt) instead of the devices.")  # fmt: skip
@click.option("--run", "run_name", default="", metavar="RUN", help="Learn from the facts of this run, without reading.")
@click.option("--venue", "venues", multiple=True, metavar="GLOB=VENUE",
              help="Venue of devices, stations, cells and access points by name, repeatable: 'HN-*=hall'.")  # fmt: skip
@click.option("--critical", multiple=True, metavar="GLOB", help="Access points that may never be missing, repeatable.")
@click.option("--mobile", multiple=True, metavar="GLOB", help="Mobile base stations, repeatable.")
@click.option("--users", multiple=True, metavar="GLOB=NUMBER",
              help="Users of each cell expected in the busy hour, by name, repeatable.")  # fmt: skip
@click.option("--clients", multiple=True, metavar="GLOB=NUMBER",
              help="Clients of each access point expected at once, by name, repeatable.")  # fmt: skip
@click.option("--accept", "accepted", multiple=True, metavar="KIND,...",
              help="Accept the healthy values of these kinds, or all; KIND:open also those in question.")  # fmt: skip
@click.option("--prune", is_flag=True, help="Remove expectations that the network does not show.")
@click.option("--check", is_flag=True, help="Compare only; exit code 3 for any difference.")
@click.option("--by", default="", help="Person who accepts, instead of the login name.")
@options.workers_option
@work("eventready.cli.workspace.learn:learn_command")
def inventory_learn() -> None:
    """Propose expectations from the state of the network: links, neighbours, gateways, cells, access points, services.

    Healthy values are accepted together or in part. What is down, seen on one side only or unknown is asked, never
    learnt as healthy. Comments and order of hosts.yaml stay; inventory/learn.yaml records who accepted what.

    \b
    Exit codes:
      0  shown, or written
      2  nothing accepted, off a terminal
      3  a difference, with --check
      4  something was not read
    """


@click.group("doctor", invoke_without_command=True)
@options.limit_option
@click.option("--connect", is_flag=True, envvar="EVENTREADY_DOCTOR_CONNECT", show_envvar=True,
              help="Open a session with each device and show the step that fails; no command is sent.")  # fmt: skip
@options.verbose_option
@click.option("--real", is_flag=True, envvar="EVENTREADY_DOCTOR_REAL", show_envvar=True,
              help="Check the requirements of `lab up --real` instead: root, Debian packages, kernel.")  # fmt: skip
@click.option("--install", is_flag=True, envvar="EVENTREADY_DOCTOR_INSTALL", show_envvar=True,
              help="With --real: install the missing packages (apt-get).")  # fmt: skip
@options.cluster_options
@work("eventready.cli.workspace.doctor:command")
def doctor() -> None:
    """Check Python, packages, clock, database, workspace, secrets and host keys.

    With --connect, check the access to devices instead: route, jump hosts, name, TCP, algorithms, host key, login,
    prompt, privilege.

    \b
    Exit codes:
      0  ready
      2  a requirement of the audit is missing
      4  a device is not reached
    """


@doctor.command("matrix", short_help="Show devices x checks: measured, not supported, not applicable")
@options.limit_option
@work("eventready.cli.audit.matrix:command")
def doctor_matrix() -> None:
    """Show the applicable checks of every device, and the unsupported checks with the reason.

    Connects to nothing.
    """


@doctor.command("parse", short_help="Parse a saved output into facts, or show the unmatched lines")
@click.argument("platform")
@click.argument("question", metavar="FACT|COMMAND")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@click.option(
    "--report",
    type=options.FILE,
    metavar="OUT",
    help="Write an answer that is not read whole as a case for the maintainers.",
)
@click.option("--write-sample", is_flag=True, help="Write the facts beside FILE (.yaml), as a sample of the platform.")
@work("eventready.cli.audit.parse:command")
def doctor_parse() -> None:
    """Parse FILE (`-`: standard input), a saved output of a PLATFORM device.

    QUESTION is a fact (`ospf_neighbour`) or a command (`"show ip ospf neighbor"`), which may answer several facts.
    JSON is one object for one fact, and a list for several. `complete` is "unknown" where nothing proves that the file
    holds the whole answer: no prompt behind it, no stated count, no known last line.

    `unread` names the records that could not be read where the others could. Invalid facts of the platform are named
    and left out.

    `--report` writes a case of an answer that is refused or read in part: the strange records, or the whole answer,
    without secrets. Names and addresses are left: read it through before you send it.

    \b
    Exit codes:
      0  measured
      4  not measured
    """


@doctor.command("schema", short_help="Print the JSON Schema of a workspace file or a record")
@click.argument("kind", type=click.Choice(sorted((*SCHEMAS, *RECORDS))))
@work("eventready.cli.workspace.schema:command")
def doctor_schema() -> None:
    """Print the JSON Schema of a workspace file, for editors, or of a stored or exported record, for programs.

    First line of hosts.yaml for the editor: `# yaml-language-server: $schema=../hosts.schema.json`
    """


@click.group("trust", invoke_without_command=True)
@work("eventready.cli.workspace.trust:review")
def trust() -> None:
    """Review the connections and programs of this workspace, then the host keys of its devices, and record both.

    Nothing is recorded without your word: run it on a terminal, or each part alone with --yes.

    \b
    Exit codes:
      0  the content is allowed, every key is recorded
      4  a device showed no key
      7  a changed or revoked key was not recorded
    """


@trust.command("content", short_help="Review the content of the workspace only")
@click.option("--yes", is_flag=True, help="Allow without a question (the files were reviewed elsewhere).")
@click.option("--show", is_flag=True, help="Show the review, allow nothing.")
@work("eventready.cli.workspace.trust:review_content")
def trust_content() -> None:
    """Show the connections, programs and recipients of this workspace, and allow exactly this content.

    Every command that connects or runs programs is refused before. A later change of inventory, platforms, templates,
    playbooks or host keys needs a new review, which shows the difference.
    """


@trust.command("keys", short_help="Review the host keys of the devices only")
@options.limit_option
@click.option("--yes", is_flag=True, help="Record without asking (the fingerprints were compared elsewhere).")
@click.option("--replace", is_flag=True, help="Also record keys that have changed.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds per address.")
@work("eventready.cli.workspace.trust:review_keys")
def trust_keys() -> None:
    """Fetch the SSH host keys of the devices, show the fingerprints, and record the keys after confirmation.

    Jump hosts come first: the keys of the devices behind them are fetched through a login on the jump host. There is no
    login on a device.

    Compare each fingerprint with the device's own (on its console, or from its installer). A changed key is replaced
    only with --replace.

    \b
    Exit codes:
      0  every key is recorded
      4  a device showed no key
      7  a changed or revoked key was not recorded
    """
