"""`eventready worker`: a collector of a cluster, in the network of the devices."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import certificates_option, systemd_option, workers_option
from eventready.core.errors import Exit
from eventready.core.messages import message

with deferred():
    from eventready.audit.collectors.cluster.address import SchedulerAddress
    from eventready.audit.collectors.cluster.dask_parts import read_by, require_distributed
    from eventready.audit.collectors.cluster.labels import content_labels, reach_labels
    from eventready.audit.collectors.cluster.member import run_worker
    from eventready.audit.collectors.cluster.station import Station
    from eventready.audit.runner import open_file_limit
    from eventready.delivery.service_units import member_service
    from eventready.facts.observe import reading_apart


@click.command()
@click.option("--scheduler", required=True, metavar="ADDRESS", help="The scheduler: tls://HOST:PORT.")
@click.option(
    "--reach",
    multiple=True,
    metavar="NAME",
    help="A network that this machine reaches (`reach:` of devices); repeatable.",
)
@workers_option
@certificates_option
@systemd_option
@click.pass_obj
def command(
    app: App, *, scheduler: str, reach: tuple[str, ...], workers: int, certificates: Path, systemd: bool
) -> int:
    """Read devices for the audits of a cluster, until SIGTERM or Ctrl-C.

    The worker dials out to the scheduler and needs a copy of the workspace, allowed here (`eventready allow`), with its
    secrets. Devices without `reach:` are read by any worker. Secrets stay at the worker; answers leave it redacted.
    """
    address = SchedulerAddress.of(scheduler, certificates)
    workspace = app.allowed_workspace
    if systemd:
        reached = [word for name in reach for word in ("--reach", name)]
        more = ("--workers", str(workers), "--certificates", str(certificates.resolve()))
        words = ("-w", str(workspace.path.resolve()), "worker", "--scheduler", str(address), *reached, *more)
        click.echo(member_service("worker", words), nl=False)
        return Exit.OK
    require_distributed()
    open_file_limit()
    name = address.member or f"{socket.gethostname()}-{os.getpid()}"
    own = Station(workspace, name, reach)
    read_by(own.answer)
    labels = {*content_labels(workspace).values(), *reach_labels(reach)}
    with reading_apart(own.platforms):
        run_worker(
            address, name, threads=workers, labels=labels,
            connected=lambda where: app.notify("cli:worker.connected", name=name, address=where, n=len(own.devices)),
            lost=lambda reason: app.notify(
                "cli:worker.lost", address=str(address), reason=reason or message("cli:worker.closed")
            ),
        )  # fmt: skip
    return Exit.OK
