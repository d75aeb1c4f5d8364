"""`eventready changes playbook`: Ansible playbooks on the service hosts."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.change.intents.ansible_inventory import service_hosts
from eventready.change.intents.playbook import PlaybookRun, run_playbook
from eventready.change.safety.freeze import refuse_in_freeze, refuse_shifted_clock
from eventready.cli.context import App
from eventready.core.errors import Exit, most_severe
from eventready.core.messages import Lang, as_data, in_language, term
from eventready.workspace.devices.select import select


def run(app: App, *, name: str, limit: str, check: bool, change: str) -> int:
    """Run playbooks/NAME.yml on the service hosts."""
    workspace = app.allowed_workspace
    hosts = service_hosts(select(workspace.devices, limit))
    if not check and name != "audit":
        refuse_shifted_clock(workspace.event, app.clock)
        refuse_in_freeze(workspace.event, app.clock.now())

    def line(host: str, task: str, state: str) -> None:
        app.say(f"{host:<16} {term('cli:host_state', state, app.lang):<16} {task}")

    with app.at_work(f"playbook {name}", hosts):
        done = run_playbook(workspace, name, hosts, change=change, check=check, progress=line)
    app.show(as_data(done), _shown(done, app.lang))
    failed = Exit.FINDINGS if check or name == "audit" else Exit.REVERT_FAILED
    codes = {Exit.INCOMPLETE} if done.unreachable else set()
    return most_severe(codes | ({failed} if done.failed else set()))


def _shown(done: PlaybookRun, lang: Lang) -> Iterator[str]:
    for task in done.tasks:
        if task.diff:
            yield f"{task.host}: {task.task}\n{task.diff}"
        elif task.message and task.state in ("failed", "unreachable"):
            yield f"{task.host}: {task.task}: {in_language(task.message, lang)}"
    for host, state in done.hosts.items():
        word = "would_change" if done.check and state == "changed" else state
        yield f"{host}: {term('cli:host_state', word, lang)}"
