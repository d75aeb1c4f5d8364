"""`eventready cluster`: certificates, scheduler and workers: collectors on other machines."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import click

from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.certificates import Authority
from eventready.audit.collectors.cluster.dask_parts import read_by, require_distributed
from eventready.audit.collectors.cluster.labels import content_labels, reach_labels
from eventready.audit.collectors.cluster.member import run_scheduler, run_worker
from eventready.audit.collectors.cluster.station import Station
from eventready.audit.runner import open_file_limit
from eventready.cli.context import App
from eventready.core.errors import Exit
from eventready.core.messages import message
from eventready.delivery.service_units import member_service
from eventready.facts.observe import reading_apart


def keygen(app: App, *, folder: Path, names: tuple[str, ...], revoked: tuple[str, ...]) -> None:
    """Make a certificate in FOLDER for each member: scheduler, workers, auditing machines."""
    authority = Authority.of(folder)
    made = [str(home) for name in names if (home := authority.add(name))]
    if revoked:
        authority.revoke(revoked)
    app.show(
        {"made": made, "revoked": list(revoked)},
        (message("cli:cluster.made", folder=place) for place in made),
        closing=[message("cli:cluster.revoked", names=list(revoked))] if revoked else (),
    )


def scheduler(app: App, *, listen: str, certificates: Path, systemd: bool) -> int:
    """Run the scheduler for workers and audits, until SIGTERM or Ctrl-C; no workspace is needed."""
    address = SchedulerAddress.of(listen, certificates)
    if systemd:
        words = ("cluster", "scheduler", "--listen", str(address), "--certificates", str(certificates.resolve()))
        click.echo(member_service("scheduler", words), nl=False)
        return Exit.OK
    open_file_limit()
    run_scheduler(address, lambda: app.notify("cli:cluster.listens", address=str(address)))
    return Exit.OK


def worker(app: App, *, scheduler: str, reach: tuple[str, ...], workers: int, certificates: Path, systemd: bool) -> int:
    """Read devices for the audits of a cluster, until SIGTERM or Ctrl-C."""
    address = SchedulerAddress.of(scheduler, certificates)
    workspace = app.allowed_workspace
    if systemd:
        reached = [word for name in reach for word in ("--reach", name)]
        more = ("--workers", str(workers), "--certificates", str(certificates.resolve()))
        words = ("-w", str(workspace.path.resolve()), "cluster", "worker", "--scheduler", str(address), *reached, *more)
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
