"""`eventready cluster`: certificates and scheduler of collectors on other machines."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import FOLDER, certificates_option, systemd_option
from eventready.core.errors import Exit

with deferred():
    from eventready.audit.collectors.cluster.address import SchedulerAddress
    from eventready.audit.collectors.cluster.certificates import Authority
    from eventready.audit.collectors.cluster.member import run_scheduler
    from eventready.delivery.service_units import member_service


@click.group("cluster")
def command() -> None:
    """Read devices by collectors in several networks: certificates and scheduler. Workers: `eventready worker`."""


@command.command("keygen")
@click.argument("folder", type=FOLDER)
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--revoke", "revoked", multiple=True, metavar="NAME", help="Revoke the certificate of NAME; repeatable.")
@click.pass_obj
def keygen(app: App, *, folder: Path, names: tuple[str, ...], revoked: tuple[str, ...]) -> None:
    """Make a certificate in FOLDER for each member: scheduler, workers, auditing machines.

    Copy FOLDER/NAME to the member's machine, and keep FOLDER/authority here: its key makes certificates. Whoever holds
    a certificate can run programs on every member. After --revoke copy revoked.pem to the members: they end the
    connections of the revoked members within seconds.
    """
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


@command.command("scheduler")
@click.option("--listen", default="tls://0.0.0.0:8786", show_default=True, metavar="ADDRESS",
              help="Address and port: tls://HOST:PORT; tcp:// on the loopback only.")  # fmt: skip
@certificates_option
@systemd_option
@click.pass_obj
def scheduler(app: App, *, listen: str, certificates: Path, systemd: bool) -> int:
    """Run the scheduler for workers and audits, until SIGTERM or Ctrl-C; no workspace is needed."""
    address = SchedulerAddress.of(listen, certificates)
    if systemd:
        words = ("cluster", "scheduler", "--listen", str(address), "--certificates", str(certificates.resolve()))
        click.echo(member_service("scheduler", words), nl=False)
        return Exit.OK
    run_scheduler(address, lambda: app.notify("cli:cluster.listens", address=str(address)))
    return Exit.OK
