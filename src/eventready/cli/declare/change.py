"""Commands of the section Change: options and help."""

from __future__ import annotations

import click

from eventready.cli import options
from eventready.cli.declare.first_week import FirstWeek
from eventready.cli.declare.work import work


@click.command("plan", cls=FirstWeek, first=("limit", "wanted", "end", "removes", "out", "by"))
@click.argument("intents", nargs=-1, metavar="INTENT...")
@options.limit_option
@click.option("--for", "wanted", default="", metavar="VENUE|FINDING",
              help="Propose the intents for open findings: of a venue, a check, a device.")  # fmt: skip
@click.option("--until", "end", metavar="WINDOW|TIME",
              help="The lines are for the event: off the devices when this window ends, or at this time.")  # fmt: skip
@click.option("--remove", "removes", metavar="PLAN",
              help="Take the lines of an applied plan away: its id, its file, its change, or latest.")  # fmt: skip
@click.option("--out", type=options.FILE, metavar="PLAN", help="The file for the sealed plan.")
@click.option(
    "--by", default="", metavar="NAME", help="The planner.  [default: your login, unless approvals are required]"
)
@options.key_option("The planner's key, where the workspace has `changes: planners:`: file, or env:, keyring:, vault:.")
@options.workers_option
@click.option("--detailed-exitcode", "detailed", is_flag=True, help="Exit code 3 if a device would change.")
@work("eventready.cli.change.plan:command")
def plan() -> None:
    """Render INTENT... (load_balancing, backup, priority, a folder of templates/, or a playbook of playbooks/) for its
    devices, read their configurations, and show the changes, their order, each guard and its gaps.

    A device takes part in the intents of its `intents:`, a service host also in a playbook named here.

    The plan names the audit on which it rests with its age, the open findings of the checks that its intents mend, and
    all others. With --for no device is read, and no plan is made.

    With --until the plan, its approval and its change name the end, and `duties deadlines` has it until the lines are
    off: late after 14 days.

    With --remove the difference is computed against today's configuration: a line that others changed since stays, and
    the plan names it. Such a plan is approved and applied as any other.

    Read-only. The file of --out is sealed, to be approved and applied later.

    \b
    Exit codes:
      0  done
      3  a device would change (with --detailed-exitcode)
      4  a device could not be read, no plan was made
      7  a line is forbidden
    """


@click.command("approve")
@click.argument("path", type=options.FILE, metavar="PLAN")
@click.option("--by", default="", metavar="NAME", help="The approver.  [default: the owner of the key]")
@options.key_option("File, or env:, keyring:, vault: reference.")
@click.option("--seal", default="", metavar="HASH", help="Prefix of the hash to approve.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@work("eventready.cli.change.approve:command")
def approve() -> None:
    """Show PLAN, and sign its hash with your key. The approval is added to the plan's file.

    Make your key with `eventready department keygen --out KEY --operator "YOUR NAME"`; its fingerprint belongs to
    `changes: approvers:` of event.yaml. The planner cannot approve.
    """


@click.command()
@click.argument("plan", type=options.PATH, required=False)
@click.option("--resume", "cut_off", default="", metavar="CHANGE", help="Finish or revert a change after a crash.")
@click.option("--attach", "attached", is_flag=False, flag_value="latest", default="", metavar="[CHANGE]",
              help="Show a running change here, and answer its questions.")  # fmt: skip
@click.option("--at", "begin_at", default="", metavar="TIME",
              help="Begin at this time without you, within an approval: '2033-07-25 01:00'.")  # fmt: skip
@click.option("--in-window", "window", default="", metavar="NAME",
              help="Begin in the maintenance window of this name, otherwise as with --at.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only have devices check the lines, without a commit, where they can.")
@click.option("--atomic", is_flag=True, help="All devices or none: a failed wave takes the earlier waves back.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal; scripts are not asked.")
@click.option("--hold", is_flag=True, help="Wait for your word before each confirmation, as long as the guard lasts.")
@options.rehearsal_options
@options.execution_options
@work("eventready.cli.change.apply:command")
def apply() -> None:
    """Execute PLAN: a single device first, then waves. A device with a worse state is reverted, and the change stops.

    On a terminal the difference is shown, and nothing is sent without a yes.

    Every step is recorded before it is taken. The change is a process of its own: it goes on without this terminal, and
    --attach shows it again on any terminal. Ctrl-C asks whether to revert, to detach, or to go on. Without a terminal
    `apply` waits for the end; Ctrl-C then reverts: no further device starts, and unconfirmed devices revert.

    With --at the plan is checked for that time, waits as a process of its own, and is checked again with the files as
    they are then. A refusal at the begin is a call, and no begin is made up for later. `changes cancel` cancels.

    With --dry-run no line takes effect; the devices that cannot check are named. With --rehearse no line is sent to a
    device: the exit codes are those of the twin, and 4 for a device without a simulation.

    \b
    Exit codes:
      0  every device has the change
      4  a device was not checked or not rehearsed; detached, the change goes on
      5  a change did not finish; each device is with it or as before
      6  a device needs a person now
      7  refused, no device was touched; a line is rejected (--dry-run)
    """


@click.command()
@click.argument("change")
@options.limit_option
@click.option("--fast", is_flag=True, help="Without checks and soak: arm, restore, read back, confirm.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal; scripts are not asked.")
@click.option("--out", type=options.FILE, metavar="PLAN", help="Only write the plan of the rollback.")
@options.rehearsal_options
@options.execution_options
@work("eventready.cli.change.rollback:command")
def rollback() -> None:
    """Return every device changed by CHANGE to its state before: guarded, in waves, verified, recorded.

    CHANGE is an id, its prefix, or `latest`. A device that was changed since stays as it is. A device that does not
    answer does not hold the others back: run the command again for the rest.

    The change that is taken back is named, and on a terminal its difference is shown before the question.

    With --fast the devices return at once, but redundant partners and the two ends of a link one after the other.

    With --rehearse no line is sent to a device: the rollback, and its own way back, run on a simulated twin.

    \b
    Exit codes as of `apply`.
    """


@click.group("changes")
def changes() -> None:
    """List changes and the state of every device."""


@changes.command("list")
@work("eventready.cli.change.changes:list_changes")
def changes_list() -> None:
    """List all changes, the latest last: time, operator, device states."""


@changes.command("show")
@click.argument("change", default="latest")
@click.option("--device", "globs", multiple=True, metavar="NAME", help="Only these devices; a glob, or several.")
@work("eventready.cli.change.changes:show")
def changes_show() -> None:
    """Show a change: the state of each device, and the journal. CHANGE is an id or a prefix of an id."""


@changes.command("cancel")
@click.argument("change", default="latest")
@click.option("--by", default="", metavar="NAME", help="Person who cancels.  [default: your login]")
@work("eventready.cli.change.changes:cancel")
def changes_cancel() -> None:
    """Cancel a waiting change; no device is touched. CHANGE is its id, its plan, or a prefix.

    A change whose process was lost before its begin never begins; to cancel it takes it from the list.

    \b
    Exit codes:
      0  cancelled
      7  refused: it has begun, or is over
    """


@changes.command("release")
@click.argument("change")
@click.argument("device")
@click.option(
    "--as",
    "claim",
    required=True,
    type=click.Choice(["with-change", "as-before", "by-hand"]),
    help="The state of the device; with and without the change must be proven by its configuration.",
)
@click.option("--by", required=True, metavar="NAME", help="Person responsible for the decision.")
@click.option("--why", required=True, metavar="TEXT", help="The reason, for the record.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@work("eventready.cli.change.changes:release_device")
def changes_release() -> None:
    """Show the state of DEVICE, end its part of CHANGE by your decision, and release its lock.

    Needed where `apply --resume` can neither finish nor revert a device. The decision is recorded.

    \b
    Exit codes:
      0  released
      7  refused: another configuration than claimed, or an armed guard
    """


@click.group("drill")
def drill() -> None:
    """Make failures on purpose, and measure the interruption of the services."""


@drill.command("list")
@work("eventready.cli.change.drill:list_drills")
def drill_list() -> None:
    """List the drills of inventory/drills/, with the last result of each."""


@drill.command("plan")
@click.argument("name")
@click.option("--out", type=options.FILE, metavar="PLAN", help="Plan for production.")
@click.option("--by", default="", metavar="NAME", help="The planner, with --out.")
@options.key_option("With --out: the planner's key, where the workspace has `changes: planners:`.")
@work("eventready.cli.change.drill:plan")
def drill_plan() -> None:
    """Show the faults, probes and requirements of a drill; no fault is injected.

    With --out, read the device that fails, and write a sealed plan for `eventready approve` and `drill run
    --production`.
    """


@drill.command("run")
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--by", default="", metavar="NAME", help="Person who runs the drill.  [default: your login]")
@options.key_option("With --production: the key of this person, where the workspace has `changes: appliers:`.")
@click.option("--resume", default="", metavar="RUN", help="Repair and close a drill whose process ended.")
@click.option("--production", "plan_path", type=options.PATH, metavar="PLAN",
              help="Run NAME in production with its approved plan.")  # fmt: skip
@work("eventready.cli.change.drill:run")
def drill_run() -> None:
    """Run drills in sequence on the lab of this workspace.

    A drill audits its devices, starts its probes, makes the failure, repairs it, and audits again. Without its
    requirements it does not begin; after an error or Ctrl-C it repairs its failure.

    In production the failure is a guarded change: with an approved plan of `drill plan --out`, in a window of kind
    `drill`, on a device that reverts by itself if eventready is lost.

    \b
    Exit codes:
      0  every limit was kept
      3  a limit was missed
      4  nothing was measured: the probes were not sent as planned
      6  a device is not proven to be repaired
      7  refused, no failure was made
    """


@drill.command("show")
@click.argument("name", default="")
@work("eventready.cli.change.drill:show")
def drill_show() -> None:
    """Show a recorded drill (a name, a prefix, or `latest`), or list all."""
