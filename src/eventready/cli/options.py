"""Options shared by several commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import Any, TypeVar

import click

from eventready.cli.context import App
from eventready.core.files import config_folder
from eventready.core.timezone import zone_named

#: A command to which options are added.
F = TypeVar("F", bound=Callable[..., Any])

#: Types of options and arguments: a file, a folder, either.
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
PATH = click.Path(path_type=Path)


def with_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Return a decorator for a command with these options, in the order of its help."""

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _zone(context: click.Context, _parameter: click.Parameter, value: str | None) -> tzinfo | None:
    try:
        return zone_named(value) if value else None
    except ValueError:
        raise click.BadParameter(context.ensure_object(App).text("works:zone", value=repr(value))) from None


#: `--zone ZONE`: zone of times of others.
zone_option = click.option(
    "--zone", callback=_zone, metavar="ZONE", help="Zone of times without one, such as Asia/Ho_Chi_Minh."
)

#: `-l EXPR`: selection of devices, see `eventready.workspace.devices.select`.
limit_option = click.option(
    "-l",
    "--limit",
    metavar="EXPR",
    help="Only these devices: role=router,venue=ID, names, globs; ! excludes.  [default: all]",
)


#: `--workers`: devices at once.
workers_option = click.option(
    "--workers", type=click.IntRange(1, 2000), help="Devices at once.  [default: event.yaml, else 32]"
)
#: `--interval`: seconds between the readings of counters.
interval_option = click.option(
    "--interval", type=click.FloatRange(0, 3600),
    help="Seconds between the two readings of counters; 0 reads once, without rates.  [default: event.yaml, else 10]",
)  # fmt: skip


def _certificates(_context: click.Context, _option: click.Parameter, value: Path | None) -> Path:
    return value or config_folder() / "cluster"


#: `--certificates`: folder of a member's certificate in a cluster.
certificates_option = click.option(
    "--certificates", type=FOLDER, metavar="DIR", callback=_certificates,
    help="Folder of this member's certificate (`cluster keygen`).  [default: ~/.config/eventready/cluster]",
)  # fmt: skip


#: `-v`: what a short answer leaves out.
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show all of it: every step, every figure.")


#: `--systemd`: the unit of a service in place of its run.
systemd_option = click.option("--systemd", is_flag=True, help="Print a systemd unit, and do not start.")

#: `--cluster`: scheduler whose workers read the devices.
cluster_options = with_options(
    click.option("--cluster", default="", metavar="ADDRESS",
                 help="Read by the workers of this scheduler: tls://HOST:PORT."),
    certificates_option,
    click.option("--unconfined", is_flag=True,
                 help="With --cluster, where the kernel cannot confine its client: code of any member runs here with "
                      "the rights of your account."),
)  # fmt: skip


#: `--really`, `--rehearsal`: messages to people.
really_options = with_options(
    click.option("--really", is_flag=True, help="Send messages to the people of the workspace; else only print them."),
    click.option("--rehearsal", is_flag=True, help="With --really: send in a rehearsal; messages are marked."),
)  # fmt: skip


def key_option(text: str) -> Callable[[F], F]:
    """Add the option `--key`: file or reference of a signing key, as the parameter `source`."""
    return click.option("--key", "source", default="", metavar="KEY", help=text)


#: Options for reading devices.
reading_options = with_options(
    workers_option,
    interval_option,
    click.option("--time-limit", type=click.FloatRange(1, 86_400),
                 help="Seconds of the whole run; devices that remain then are not read.  "
                      "[default: event.yaml, else 7200]"),
)  # fmt: skip


def _duration(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Return a time in seconds, from 1; a soak may be 0. Raises click.BadParameter."""
    if value is None:
        return None
    least = 0 if parameter.name == "soak" else 1
    text = value.strip().lower()
    factor = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    number = text[:-1] if factor else text
    if not number.isascii() or not number.isdecimal() or not least <= int(number) * (factor or 1) <= 86_400:
        raise click.BadParameter(context.ensure_object(App).text("cli:duration", value=repr(value)))
    return int(number) * (factor or 1)


#: Options of the commands `apply` and `rollback`.
execution_options = with_options(
    click.option("--confirm-within", callback=_duration, metavar="TIME",
                 help="Time after which an unconfirmed device reverts: 10m, 300s.  [default: event.yaml]"),
    click.option("--settle", callback=_duration, metavar="TIME",
                 help="Time limit until no check is worse than before.  [default: event.yaml]"),
    click.option("--soak", callback=_duration, metavar="TIME",
                 help="Minimum observation before confirmation; never below the hold times of the protocols, "
                      "except in a lab.  [default: event.yaml]"),
    workers_option,
    click.option("--emergency", "ticket", default="", metavar="TICKET",
                 help="Execute in a closed window. Requires --named twice."),
    click.option("--named", multiple=True, metavar="NAME", help="Answerable for the emergency: two people."),
    click.option("--by", default="", metavar="NAME", help="The operator.  [default: your login]"),
    key_option("The operator's key, where the workspace has `changes: appliers:`."),
)  # fmt: skip

#: Options of a rehearsal.
rehearsal_options = with_options(
    click.option(
        "--rehearse",
        is_flag=True,
        help="Execute the plan and its rollback on a simulated twin; devices are only read.",
    ),
    click.option(
        "--fault",
        "faults",
        multiple=True,
        metavar="'DEVICE FAULT [NAME=VALUE...]'",
        help="With --rehearse: a fault of the lab on a device of the twin; repeatable.",
    ),
    click.option(
        "--from",
        "saved",
        type=FOLDER,
        metavar="DIR",
        help="With --rehearse: saved configurations, as of `audit --from`; no device is contacted.",
    ),
)
