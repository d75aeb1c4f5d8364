"""`eventready lab`: a network to rehearse on, simulated or of real software."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.cli.declare.work import work

_OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="EVENTREADY_LAB_OUT",
    show_envvar=True,
    help="Folder of the lab.  [default: .eventready/lab in the workspace]",
)


@click.group()
def command() -> None:
    """A network to rehearse on: every device of the workspace, simulated on loopback."""


@command.command()
@_OUT
@click.option("--foreground", is_flag=True, envvar="EVENTREADY_LAB_FOREGROUND", show_envvar=True,
              help="Stay in this terminal; Ctrl-C stops the lab.")  # fmt: skip
@click.option("--scale", type=click.IntRange(1, 10_000), envvar="EVENTREADY_LAB_SCALE", show_envvar=True,
              help="Number of generated routers in place of the devices of the workspace.")  # fmt: skip
@click.option("--scenario", default="auto", show_default=True, envvar="EVENTREADY_LAB_SCENARIO", show_envvar=True,
              help="The initial faults: a name in inventory/scenarios, a YAML file, `none`, or `auto`.")  # fmt: skip
@click.option("--latency", default="", metavar="DELAYS", envvar="EVENTREADY_LAB_LATENCY", show_envvar=True,
              help="Delays of every device, such as `rtt=50ms,echo=1.3s,command=0.3-1.5s`.")  # fmt: skip
@click.option("--real", is_flag=True, envvar="EVENTREADY_LAB_REAL", show_envvar=True,
              help="Real router, base-station and Wi-Fi software at the venues (root, Debian).")  # fmt: skip
@click.option("--no-wifi", is_flag=True, envvar="EVENTREADY_LAB_NO_WIFI", show_envvar=True,
              help="With --real: leave out the emulated machine with the radios.")  # fmt: skip
@work("eventready_lab.commands:up")
def up() -> None:
    """Start the lab, and write the workspace copy to audit."""


@command.command()
@_OUT
@work("eventready_lab.commands:status")
def status() -> None:
    """Show the running lab: devices, sessions, faults."""


@command.command()
@_OUT
@work("eventready_lab.commands:down")
def down() -> None:
    """Stop the lab."""


@command.command("score")
@click.argument("run", default="latest")
@_OUT
@work("eventready_lab.commands:score_run")
def score() -> None:
    """Compare a run with the scenario: findings found, missed and unexpected.

    Exit code 3 with any missed or unexpected finding.
    """


@command.command()
@click.argument("device", required=False)
@click.argument("name", metavar="FAULT", required=False)
@click.argument("args", nargs=-1)
@click.option("--clear", is_flag=True, help="Clear the fault; without FAULT all faults.")
@click.option("--list", "listing", is_flag=True, help="List the faults of the lab.")
@_OUT
@work("eventready_lab.commands:fault")
def fault() -> None:
    """Inject or clear a fault while the lab runs.

    ARGS are written NAME=VALUE; the first may be the value alone: `lab fault core-1 link-down Te0/1/0`.

    With --clear, DEVICE alone clears all of its faults; without DEVICE every fault of the lab is cleared.
    """
