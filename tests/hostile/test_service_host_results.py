"""Results of a service host: without end, or of types that Ansible never has, are the failure of this host."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eventready.change.errors import UnreadableConfiguration
from eventready.change.forms.known_forms import form_of
from eventready.change.intents import playbook
from eventready.change.intents.playbook import _difference
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


@pytest.mark.parametrize(("before", "after"), [("old", "new"), ("", "new"), ("old", "")])
@pytest.mark.parametrize("around", [0, 2, 100_000])
def test_a_change_in_a_long_file_is_shown_in_its_place(before: str, after: str, around: int) -> None:
    lines = [f"line {number}" for number in range(around)]
    old, new = ([*lines, *filter(None, [text]), *lines] for text in (before, after))
    expected = [*unified_diff(old, new, "x", "x", lineterm="")] if around < 3 else None
    found = [*_difference(old, new, "x")]
    assert expected in (None, found)
    assert [line for line in found[3:] if line[0] in "+-"] == [
        *([f"-{before}"] * bool(before)),
        *([f"+{after}"] * bool(after)),
    ]
    assert int(found[2].split()[1].lstrip("-").partition(",")[0]) == max(
        around - 2, min(around, 1) or int(bool(before))
    )


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
        (
            Runner(changed(diff={"before": "a\n" * 200_000, "after": "b\n" * 200_000}, dest="/etc/x")),
            "more than 250 kB",
        ),
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
