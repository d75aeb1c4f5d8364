"""`eventready cluster`: certificates and scheduler of collectors on other machines."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.audit.collectors.cluster.address import SchedulerAddress
from eventready.audit.collectors.cluster.certificates import Authority
from eventready.audit.collectors.cluster.member import run_scheduler
from eventready.cli.context import App
from eventready.core.errors import Exit
from eventready.delivery.service_units import member_service


def keygen(app: App, *, folder: Path, names: tuple[str, ...], revoked: tuple[str, ...]) -> None:
    """Make a certificate in FOLDER for each member: scheduler, workers, auditing machines."""
    authority = Authority.of(folder)
    made = [str(home) for name in names if (home := authority.add(name))]
    if revoked:
        authority.revoke(revoked)
    if app.output != "table":
        app.emit({"made": made, "revoked": list(revoked)})
        return
    for place in made:
        click.echo(app.text("cli:cluster.made", folder=place))
    if revoked:
        app.notify("cli:cluster.revoked", names=list(revoked))


def scheduler(app: App, *, listen: str, certificates: Path, systemd: bool) -> int:
    """Run the scheduler for workers and audits, until SIGTERM or Ctrl-C; no workspace is needed."""
    address = SchedulerAddress.of(listen, certificates)
    if systemd:
        words = ("cluster", "scheduler", "--listen", str(address), "--certificates", str(certificates.resolve()))
        click.echo(member_service("scheduler", words), nl=False)
        return Exit.OK
    run_scheduler(address, lambda: app.notify("cli:cluster.listens", address=str(address)))
    return Exit.OK
