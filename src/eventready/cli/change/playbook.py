"""`eventready playbook`: Ansible playbooks on the service hosts."""

from __future__ import annotations

from dataclasses import asdict

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.core.errors import Exit, most_severe
from eventready.core.messages import Lang, term

with deferred():
    from eventready.change.intents.ansible_inventory import service_hosts
    from eventready.change.intents.playbook import PlaybookRun, run_playbook
    from eventready.change.safety.freeze import refuse_in_freeze, refuse_shifted_clock
    from eventready.workspace.devices.select import select


@click.group("playbook", help="Run Ansible playbooks on the service hosts of the workspace.")
def command() -> None:
    """The group."""


@command.command("run")
@click.argument("name")
@click.option("-l", "--limit", default="*", metavar="EXPR", help="Only these hosts: role, venue, names, globs.")
@click.option("--check", is_flag=True, help="Show the changes without making them.")
@click.option("--change", default="by-hand", show_default=True, metavar="NAME",
              help="Folder of the saved files on each host, also for the playbook rollback.")  # fmt: skip
@click.pass_obj
def run(app: App, *, name: str, limit: str, check: bool, change: str) -> int:
    """Run playbooks/NAME.yml on the service hosts.

    \b
    Exit codes:
      0  done
      4  a host did not answer
      6  a task failed, a person must look at the host
      7  a closed window
    """
    workspace = app.allowed_workspace
    hosts = service_hosts(select(workspace.devices, limit))
    if not check and name != "audit":
        refuse_shifted_clock(workspace.event, app.clock)
        refuse_in_freeze(workspace.event, app.clock.now())

    def line(host: str, task: str, state: str) -> None:
        app.say(f"{host:<16} {term('cli:host_state', state, app.lang):<16} {task}")

    with app.at_work(f"playbook {name}", hosts):
        done = run_playbook(workspace, name, hosts, change=change, check=check, progress=line)
    if app.output == "table":
        _show(done, app.lang)
    else:
        app.emit({**asdict(done), "hosts": dict(done.hosts)})
    failed = Exit.FINDINGS if check or name == "audit" else Exit.REVERT_FAILED
    codes = {Exit.INCOMPLETE} if done.unreachable else set()
    return most_severe(codes | ({failed} if done.failed else set()))


def _show(done: PlaybookRun, lang: Lang) -> None:
    for task in done.tasks:
        if task.diff:
            click.echo(f"{task.host}: {task.task}\n{task.diff}")
        elif task.message and task.state in ("failed", "unreachable"):
            click.echo(f"{task.host}: {task.task}: {task.message}")
    for host, state in done.hosts.items():
        word = "would_change" if done.check and state == "changed" else state
        click.echo(f"{host}: {term('cli:host_state', word, lang)}")
