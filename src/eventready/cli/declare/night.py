"""Commands of the section Night: options and help."""

from __future__ import annotations

import re
from math import inf

import click

from eventready.cli import options
from eventready.cli.declare.work import work
from eventready.core.errors import UsageError
from eventready.core.messages import message

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_TIME = re.compile(r"(\d{1,6})([smh])")


def _seconds(_context: click.Context, _option: click.Parameter, value: str) -> float:
    """Seconds of `90s`, `30m` or `8h`; infinite for none. Raises UsageError."""
    if not value:
        return inf
    match = _TIME.fullmatch(value)
    if not match:
        raise UsageError(message("watch:time", text=value))
    return float(match[1]) * _SECONDS[match[2]]


@click.group("watch", invoke_without_command=True)
@options.limit_option
@click.option("--for", "seconds", default="", metavar="TIME", callback=_seconds,
              help="End after this time: 90s, 30m, 8h.  [default: Ctrl-C]")  # fmt: skip
@options.really_options
@options.workers_option
@options.cluster_options
@work("eventready.cli.night.watch:command")
def watch() -> None:
    """Read changeable facts again and again, each at its interval, and name every change of state.

    Intervals are in inventory/watch.yaml (5 to 300 s; halved in protected time). Each value has its age: two intervals
    without an answer are not measured. A new state counts from its second reading; from the fourth change within ten
    minutes a state is named once and then left until calm. A terminal shows the wall; elsewhere there is a line per
    change, with -o ndjson as JSON. A second watcher of the store stands by and takes over. Watching only reads.

    With --really it calls the receivers of inventory/alerts.yaml; without it, messages are only printed. A missing or
    broken alerts.yaml is used as soon as it is mended; nobody is called until then, and the wall says so.
    """


@watch.command("pause", short_help="Leave a device alone for a while")
@click.argument("device")
@click.option("--for", "seconds", default="30m", show_default=True, metavar="TIME", callback=_seconds,
              help="How long: 90s, 30m, 8h; 0s ends a pause.")  # fmt: skip
@click.option("--by", default="", metavar="NAME", help="Your name.  [default: the login]")
@work("eventready.cli.night.watch:rest")
def watch_pause() -> None:
    """Let the watchers of this store leave DEVICE alone, for example for work by hand: its line is free, its values are
    not measured, and nobody is called."""


_act_options = options.with_options(
    click.argument("alerts", nargs=-1, required=True, metavar="ALERT..."),
    click.option("--reason", default="", metavar="TEXT", help="Reason, or what is done about it."),
    click.option("--by", default="", metavar="NAME", help="Your name.  [default: the login]"),
)


@watch.group("alerts")
def watch_alerts() -> None:
    """Acknowledge, silence and explain the alerts of the night, and test their receivers.

    ALERT is DEVICE, DEVICE/CHECK or DEVICE/CHECK/SUBJECT, or conditions on labels as Alertmanager has them:
    device, check, subject, status, role and venues with =, !=, =~ and !~. All conditions must hold.
    """


@watch_alerts.command("silence", short_help="Stop the calls about alerts for a time")
@_act_options
@click.option("--for", "seconds", default="1h", show_default=True, metavar="TIME", callback=_seconds,
              help="How long: 90s, 30m, 8h.")  # fmt: skip
@work("eventready.cli.night.alerts:silence")
def watch_alerts_silence() -> None:
    """Send nothing about alerts with these labels for a time, whether they are there or come. The wall shows them."""


@watch_alerts.command("acknowledge", short_help="Take alerts in hand: no repeats, no escalation")
@_act_options
@work("eventready.cli.night.alerts:acknowledge")
def watch_alerts_acknowledge() -> None:
    """Take the present alerts with these labels in hand: no repeats and no escalation.

    An alert of later needs another acknowledgement.
    """


@watch_alerts.command("expire", short_help="End a silence or an acknowledgement")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--by", default="", metavar="NAME", help="Your name.  [default: the login]")
@work("eventready.cli.night.alerts:expire")
def watch_alerts_expire() -> None:
    """End the silence or acknowledgement NUMBER of `eventready watch alerts list`."""


@watch_alerts.command("list", short_help="List silences, acknowledgements and notes")
@click.option("--all", "ended", is_flag=True, help="Also those that ended.")
@work("eventready.cli.night.alerts:list_acts")
def watch_alerts_list() -> None:
    """List silences, acknowledgements and notes in force, with name, time and reason."""


@watch_alerts.command("test", short_help="Send a test message to a receiver")
@click.argument("receiver", default="")
@options.really_options
@work("eventready.cli.night.alerts:test")
def watch_alerts_test() -> None:
    """Send a test message to RECEIVER of alerts.yaml, or to the receiver of its first route.

    \b
    Exit codes:
      0  sent, or printed without --really
      4  not delivered to an address
    """


@watch_alerts.command("explain", short_help="Show receivers, times and reasons of an alert")
@click.argument("alerts", nargs=-1, required=True, metavar="ALERT...")
@work("eventready.cli.night.alerts:explain")
def watch_alerts_explain() -> None:
    """Show for ALERT its receivers at this minute, the times of their messages, and why there is none.

    Without such an alert in force, of a failed finding with these labels.
    """


@watch.command("schedule")
@click.option("--once", is_flag=True, help="Execute the due jobs and end: for cron and timers.")
@options.really_options
@click.option("--print", "unit", type=click.Choice(["systemd", "cron"]), help="Print the unit or the cron line.")
@options.interval_option
@options.workers_option
@work("eventready.cli.papers.schedule:command")
def watch_schedule() -> None:
    """Run a single process for the daily audit, the drafts of the weekly report and its mail, and reminders of near,
    due and late deadlines. Times and recipients are in event.yaml under `schedule`. Papers are never sent.

    The process may be killed and started again at any time: no job is done twice, and missed jobs are made up for.

    \b
    Exit codes of --once:
      0  every due job is done
      4  a job failed
    """


@click.group("serve", invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8750, show_default=True, help="Port to listen on.")
@click.option("--name", "names", multiple=True, metavar="NAME",
              help="Name of the server in addresses of browsers, repeatable, beside serve.yaml.")  # fmt: skip
@options.systemd_option
@work("eventready.cli.night.serve:command")
def serve() -> None:
    """Serve the pages of the night: the wall with the verdicts per venue and service, open findings with their begin,
    and the age of everything. The pages read what `eventready watch` keeps in the store.

    Without persons set up, the printed link opens the pages to look only, on this machine. Each person has a link of
    its own (`serve invite`), each program a token (`serve token`); operators may act. Other machines are served with
    persons only, best behind a server with TLS.
    """


_ROLE = click.option(
    "--role", type=click.Choice(["viewer", "operator"]), default="viewer", show_default=True,
    help="Operators may act: acknowledge, silence, open incidents.",
)  # fmt: skip


@serve.command("invite", short_help="Print the personal link of a person")
@click.argument("name")
@_ROLE
@click.option("--url", default="", metavar="URL",
              help="Address of the pages in the link; default: serve.yaml, or this machine.")  # fmt: skip
@work("eventready.cli.night.serve:invite")
def serve_invite() -> None:
    """Print the personal link of NAME, valid for a single browser within a day.

    The session of that browser lasts until after the event; an operator's ends after 24 hours without use.
    """


@serve.command("token", short_help="Print a token for a program")
@click.argument("name")
@_ROLE
@work("eventready.cli.night.serve:token")
def serve_token() -> None:
    """Print a token for the program NAME, sent as `Authorization: Bearer TOKEN`, valid until its revocation."""


@serve.command("people", short_help="List persons, sessions and tokens")
@work("eventready.cli.night.serve:people")
def serve_people() -> None:
    """List persons and programs with their links, sessions and tokens, their source and last use."""


@serve.command("revoke", short_help="End all keys of a person or program")
@click.argument("name")
@work("eventready.cli.night.serve:revoke")
def serve_revoke() -> None:
    """End all links, sessions and tokens of NAME; open pages end within seconds, acts at once."""
