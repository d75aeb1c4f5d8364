"""Commands of the section Audit: options and help."""

from __future__ import annotations

import click

from eventready.cli import options
from eventready.cli.declare.first_week import FirstWeek
from eventready.cli.declare.work import work


@click.command(cls=FirstWeek, first=("limit", "saved", "save", "baseline", "fail_on", "service", "out"))
@options.limit_option
@click.option("--window", metavar="WINDOW",
              help="Verdicts of the venues of this window alone; not a full audit.")  # fmt: skip
@click.option(
    "--from",
    "saved",
    type=options.FOLDER,
    metavar="DIR",
    help="Read saved outputs (DIR/<device>/<command>.txt) instead of the devices.",
)
@click.option("--save", type=options.FOLDER, metavar="DIR",
              help="Only save what --wide reads, redacted, for `--from`: DIR/<device>/<command>.txt.")  # fmt: skip
@click.option("--replace", is_flag=True, help="With --save: overwrite the saved outputs of these devices.")
@options.reading_options
@click.option("--baseline", default="", metavar="RUN", help='Compare with this run ("latest", an id, its beginning).')
@click.option(
    "--fail-on",
    type=click.Choice(["warn", "fail"]),
    default="fail",
    show_default=True,
    help="The lightest finding that gives exit code 3.",
)
@click.option("--wide", is_flag=True, help="Ask for all a platform reads; what no check needs is inventory.")
@options.cluster_options
@click.option("--explain", "service", default="", metavar="VENUE/SERVICE",
              help="Show the walk of this service in the last full audit, hop by hop; nothing is read.")  # fmt: skip
@click.option("--out", type=options.FILE, metavar="FILE", help="Write the run document here too.")
@click.option("--junit", "junit_file", type=options.FILE, metavar="FILE", help="Write the findings as JUnit XML.")
@click.option("--sarif", "sarif_file", type=options.FILE, metavar="FILE", help="Write the findings as SARIF 2.1.0.")
@work("eventready.cli.audit.audit:command")
def audit() -> None:
    """Read every device, evaluate the checks, and give a verdict per venue and service.

    An audit only reads. Unmeasured subjects are listed and never ready.

    With --save there is no verdict. Only the owner can read the saved files, and `eventready doctor parse` shows the
    lines of an answer that its platform refuses. Review the files before they leave the house: addresses, names and
    descriptions are not redacted.

    \b
    Exit codes:
      0  ready
      3  findings at or above --fail-on
      4  a needed measurement is missing; with --save: an answer
    """


@click.group("runs")
def runs() -> None:
    """List, show, compare and verify earlier runs."""


@runs.command("list")
@work("eventready.cli.audit.runs:list_runs")
def runs_list() -> None:
    """List all runs with the numbers of their findings, the latest last."""


@runs.command("show")
@click.argument("run", default="latest")
@click.option("--evidence", metavar="HASH", help="Print one raw text of the run: the beginning of its hash is enough.")
@click.option("--explain", "service", default="", metavar="VENUE/SERVICE", help="Show the walk of this service whole.")
@work("eventready.cli.audit.runs:show")
def runs_show() -> None:
    """Show a run: verdicts and all findings except passes; with --output json the whole document."""


@runs.command("diff")
@click.argument("earlier", default="previous")
@click.argument("later", default="latest")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="In the table, list unchanged findings and those that follow from others too.",
)
@work("eventready.cli.audit.runs:diff")
def runs_diff() -> None:
    """Compare LATER with EARLIER: findings new, worse, fixed, better, unseen and still there.

    By default the latest run with the run before it of the same devices and the same window.

    Exit code 3 with a new or worse finding.
    """


@runs.command("verify")
@click.option(
    "--keys", type=options.FOLDER, metavar="FOLDER", help="Trusted public keys (*.key.json), beside the own key."
)
@click.option("--checkpoint", "files", type=options.FILE, metavar="FILE", multiple=True,
              help="Checkpoint kept elsewhere: a file of `runs sign`, a bundle or a mail; repeatable.")  # fmt: skip
@work("eventready.cli.audit.runs:verify")
def runs_verify() -> None:
    """Verify the integrity of runs, evidence and journal, and the reach of the signed heads.

    Exit code 3 for an altered or missing entry.
    """


@runs.command("sign")
@click.option("--key", "source", metavar="FILE|REFERENCE", help="Private key.  [default: the key of bundles]")
@click.option("--out", type=options.FILE, metavar="FILE",
              help="Write the checkpoint here too, to be kept outside of the store.")  # fmt: skip
@work("eventready.cli.audit.runs:sign")
def runs_sign() -> None:
    """Sign the head of the chain: all runs up to now are bound to the key."""


@runs.command("prune")
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Keep the documents of the latest N runs.")
@click.option("--older-than", "age", metavar="SPAN", help="Prune runs older than this: 90d, 12h.")
@click.option("--dry-run", is_flag=True, help="Count, remove nothing.")
@work("eventready.cli.audit.runs:prune")
def runs_prune() -> None:
    """Remove documents of old runs, and evidence without a reference from a stored run, change or journal.

    Hashes and summaries stay, so that the chain can still be verified; the pruning is recorded, and signed where the
    workspace has a key.
    """


@click.group("network")
def network() -> None:
    """Show failures and capacity in the network of a run; draw the network, and export the data."""


@network.command("whatif")
@click.argument("what", type=click.Choice(["down", "link", "group", "n-1", "n-2"]))
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--given", multiple=True, metavar="NAME", help="Failed already, repeatable: a device or device:port.")
@click.option("--run", "run_name", default="", metavar="RUN", help="Facts of this run.  [default: the last full audit]")
@options.limit_option
@work("eventready.cli.audit.whatif:command")
def network_whatif() -> None:
    """Show the services lost by a failure, per venue, and the takeovers.

    `down` names devices, or parts of a device as device:port, device:site; `link` a port at either end; `group` a
    group of risk.yaml; `n-1` is every single failure, `n-2` every pair of the devices of -l. Connects to nothing.

    \b
    Exit codes:
      0  nothing is lost
      3  a service is lost, in whole or in part
      4  something needed was not measured
    """


@network.command("capacity")
@click.option("--venue", metavar="VENUE", help="Only this venue.")
@click.option("--window", metavar="WINDOW", help="Only this window of capacity.yaml.")
@click.option(
    "--run", "run_name", default="", metavar="RUN", help="Supply of this run.  [default: the last full audit]"
)
@click.option("--out", type=options.FILE, metavar="FILE",
              help="Write the calculation as a workbook (XLSX) with live formulas.")  # fmt: skip
@options.verbose_option
@click.option("--solve", is_flag=True, help="Name the fewest additions to close each gap, proven by the calculation.")
@work("eventready.cli.audit.capacity:command")
def network_capacity() -> None:
    """Show demand against supply: cells, access points, links, addresses and services.

    The demand is that of capacity.yaml, the supply that of a run or of capacity.yaml. Figures that the workspace does
    not give are defaults. With -v every balance line by line, and the defaults. Connects to nothing.

    With --solve: transceivers, half rate, mobile base stations, cells, radios, links, Mbit/s, addresses and channels:
    each alone closes the gap for the busy hour and for the crowd.

    \b
    Exit codes:
      0  enough for the busy hour; with --solve: every gap can be closed
      3  demand beyond the supply; with --solve: a gap without a way to close it
      4  a supply is not known
    """


@network.command("export")
@click.option("--format", "form", type=click.Choice(["graphml", "dot", "json"]), default="json", show_default=True)
@click.option("--run", "run_name", default="", metavar="RUN", help="Facts of this run.  [default: the last full audit]")
@work("eventready.cli.audit.topology:export")
def network_export() -> None:
    """Print the devices, and the cables as expected and as seen, with their state.

    A cable is up, down, one_way, unrouted (no adjacency and no route of its own), or unmeasured.
    """


@network.group("performance")
def network_performance() -> None:
    """Read performance files of radio networks: cells, periods, counters, figures."""


_LAYOUT = click.option("--layout", default="", metavar="LAYOUT",
                       help="Layout of FILE: 3gpp, nokia_omes, huawei_csv, or of inventory/layouts.")  # fmt: skip


@network_performance.command("check", short_help="Show which files, cells and counters are read, and which are not")
@click.argument("files", nargs=-1, type=options.FILE, metavar="[FILE]...")
@_LAYOUT
@options.zone_option
@work("eventready.cli.audit.performance:check")
def network_performance_check() -> None:
    """Show which files, cells and counters are read, and which are not.

    Without FILE the sources of performance.yaml are read. A file that is cut off, damaged or of another format is not
    used at all. Connects to nothing.

    \b
    Exit codes:
      0  every expected cell has figures in time
      4  a file, a cell or a figure is missing, late, doubtful or refused
    """


@network_performance.command("show", short_help="Show the figures of a cell per period")
@click.argument("cell")
@click.argument("files", nargs=-1, type=options.FILE, metavar="[FILE]...")
@_LAYOUT
@options.zone_option
@work("eventready.cli.audit.performance:show")
def network_performance_show() -> None:
    """Show the figures of CELL per period: availability, access, drops, load, users, rate.

    A figure without a value is `?`: a counter is missing, the period is suspect, or nothing was attempted.
    """


@network.command("map")
@click.option("--out", type=options.FILE, metavar="FILE", help="SVG file.  [default: stdout]")
@click.option("--down", multiple=True, metavar="NAME", help="Device that has failed, repeatable.")
@click.option("--plan", type=options.FILE, metavar="PLAN", help="Mark the devices of a change with their waves.")
@click.option("--run", "run_name", default="", metavar="RUN", help="Facts of this run.  [default: the last full audit]")
@work("eventready.cli.audit.topology:draw")
def network_map() -> None:
    """Draw the devices in tiers from the origins of the services, with states, cables and single points of failure.

    Above 400 devices those of a venue and tier share a box.
    """


@click.group("cluster")
def cluster() -> None:
    """Read devices by collectors in several networks: certificates, scheduler and workers."""


@cluster.command("keygen")
@click.argument("folder", type=options.FOLDER)
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--revoke", "revoked", multiple=True, metavar="NAME", help="Revoke the certificate of NAME; repeatable.")
@work("eventready.cli.audit.cluster:keygen")
def cluster_keygen() -> None:
    """Make a certificate in FOLDER for each member: scheduler, workers, auditing machines.

    Copy FOLDER/NAME to the member's machine, and keep FOLDER/authority here: its key makes certificates. Whoever holds
    a certificate can run programs on every member. After --revoke copy revoked.pem to the members: they end the
    connections of the revoked members within seconds.
    """


@cluster.command("scheduler")
@click.option("--listen", default="tls://0.0.0.0:8786", show_default=True, metavar="ADDRESS",
              help="Address and port: tls://HOST:PORT; tcp:// on the loopback only.")  # fmt: skip
@options.certificates_option
@options.systemd_option
@work("eventready.cli.audit.cluster:scheduler")
def cluster_scheduler() -> None:
    """Run the scheduler for workers and audits, until SIGTERM or Ctrl-C; no workspace is needed."""


@cluster.command("worker")
@click.option("--scheduler", required=True, metavar="ADDRESS", help="The scheduler: tls://HOST:PORT.")
@click.option(
    "--reach",
    multiple=True,
    metavar="NAME",
    help="A network that this machine reaches (`reach:` of devices); repeatable.",
)
@click.option("--workers", type=click.IntRange(1, 2000), default=32, show_default=True, help="Devices at once.")
@options.certificates_option
@options.systemd_option
@work("eventready.cli.audit.cluster:worker")
def cluster_worker() -> None:
    """Read devices for the audits of a cluster, until SIGTERM or Ctrl-C.

    The worker dials out to the scheduler and needs a copy of the workspace, allowed here (`eventready trust content`),
    with its secrets. Devices without `reach:` are read by any worker. Secrets stay at the worker; answers leave it
    redacted.
    """
