"""Results of a service host: without end, or of types that Ansible never has, are the failure of this host."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eventready.change.errors import UnreadableConfiguration
from eventready.change.forms.known_forms import form_of
from eventready.change.intents import playbook
from eventready.change.intents.playbook_fragment import check_playbook
from eventready.workspace.workspace import Workspace, load_workspace
from tests.change import fake_fleet
from tests.change.forms.test_host_files import spec
from tests.change.plan.test_playbook_fragment import HOSTS


class Runner:
    """ansible-runner with a single result of svc-1, sent until it is cancelled."""

    def __init__(self, result: Any, *, status: str = "successful", times: int = 1) -> None:
        self.result, self.status, self.times = result, status, times
        self.interface, self.config = self, SimpleNamespace(env={})

    def init_runner(self, **options: Any) -> Any:
        self.options = options
        return self

    def run(self) -> None:
        options, handle = self.options, self.options["event_handler"]
        data = {"host": "svc-1", "task": "Log", "res": self.result}
        sent = 0
        while sent < self.times and not options["cancel_callback"]():
            handle({"event": "runner_on_ok", "event_data": data})
            sent += 1
        assert sent < 1_000
        if self.status == "successful" and not options["cancel_callback"]():
            handle({"event": "playbook_on_stats", "event_data": {"ok": {"svc-1": 1}}})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return load_workspace(fake_fleet.write_workspace(tmp_path, hosts=HOSTS, groups="{}\n"))


def changed(**result: Any) -> Mapping[str, Any]:
    return {"changed": True, **result}


@pytest.mark.attack(family="results of a service host")
@pytest.mark.parametrize(
    ("runner", "sentence"),
    [
        (Runner(["no", "mapping"]), "cannot be read"),
        (Runner(changed(diff=["text"])), "cannot be read"),
        (Runner(changed(diff={"after": "x"}, invocation="text")), "cannot be read"),
        (Runner(changed(diff={"after": "x"}, invocation={"module_args": [1]})), "cannot be read"),
        (Runner(changed(diff={"after": "\ud800"}, dest="/etc/x")), "cannot be read"),
        (Runner(changed(x="y" * 100_000), times=1_000), "more than 16 MB"),
        (Runner({}, status="timeout"), "ended after 600 s"),
    ],
)
def test_they_are_the_failure_of_the_host(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, runner: Runner, sentence: str
) -> None:
    monkeypatch.setattr(playbook, "_ansible_runner", lambda: runner)
    monkeypatch.setattr(playbook, "playbook_path", lambda _workspace, name: Path(f"{name}.yml"))
    with pytest.raises(UnreadableConfiguration, match=sentence):
        check_playbook(workspace, workspace.devices[0], form_of(spec()), "prepare")
