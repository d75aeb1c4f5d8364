"""Reading in a second session what a failed one left unread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nornir.core.task import Result, Task

from eventready.audit.collectors.reading import AuditJob, DeviceRead
from eventready.audit.collectors.threads import ThreadCollector
from eventready.audit.tasks import read_replies
from eventready.evaluation.limits import resolve_limits
from eventready.evaluation.matrix import build_matrix
from eventready.facts.platform import load_platform
from eventready.platforms.loader import describe
from eventready.session import connect, plugin
from eventready.session.plugin import CONNECTION, register
from eventready.session.reply import ReplyStatus, SessionError
from eventready.session.target import Target
from eventready.workspace.devices.access import JumpHost
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import load_workspace
from tests.session.fake import PASSWORD, USER, Script
from tests.session.test_plugin import nornir

pytestmark = pytest.mark.slow

ANSWERS = {"show clock": "07:00\n", "show version": "17.9\n", "show users": "none\n"}


def read(target: Target, **extras: Any) -> Any:
    """The replies of a device by command, or the error of the task."""
    register()

    def task(task: Task) -> Result:
        return Result(host=task.host, result=read_replies(task, tuple(ANSWERS)))

    given = {"known_hosts": str(target.known_hosts), "attempts": 1, **extras}
    with nornir(target, given, PASSWORD) as nr:
        result = nr.run(task=task)["core-1"]
    return result.exception or {reply.command: (reply.status, reply.text) for reply in result[0].result}


ALL = {command: (ReplyStatus.ANSWERED, text) for command, text in ANSWERS.items()}


@pytest.mark.parametrize("at", ["show version", "terminal length 0"])
def test_a_session_that_is_lost_once_costs_nothing(ssh: Callable[..., Target], at: str) -> None:
    script = Script(answers=ANSWERS, drop_on=at, drop_times=1)
    assert read(ssh(script)) == ALL
    assert script.logins == 2


def test_a_command_that_always_loses_the_session_costs_itself(ssh: Callable[..., Target]) -> None:
    script = Script(answers=ANSWERS, drop_on="show clock")
    found = read(ssh(script))
    assert found.pop("show clock")[0] is ReplyStatus.DROPPED
    assert found == {command: reply for command, reply in ALL.items() if command != "show clock"}
    assert script.logins == 2


def test_a_refused_login_is_final(ssh: Callable[..., Target]) -> None:
    script = Script(refuse_login=True)
    assert isinstance(read(ssh(script)), SessionError)
    assert script.logins == 1


def test_the_second_session_is_within_the_time_of_the_device(ssh: Callable[..., Target]) -> None:
    script = Script(answers=ANSWERS, drop_on="show clock", late_by=0, greeting_delay=0.4)
    found = read(ssh(script), device_timeout_s=0.3, connect_timeout_s=0.3)
    assert isinstance(found, SessionError)
    assert script.logins == 1


def read_twice(target: Target, script: Script, pause_s: float = 0.0, hold: int = 1, **extras: Any) -> tuple[Any, int]:
    """Replies of a second reading by command, and the number of sessions between the readings."""
    register()
    between: list[int] = []

    def task(task: Task) -> Result:
        read_replies(task, tuple(ANSWERS), hold)
        time.sleep(pause_s)
        between.append(script.sessions)
        replies = read_replies(task, tuple(ANSWERS))
        assert CONNECTION not in task.host.connections
        return Result(host=task.host, result=replies)

    given = {"known_hosts": str(target.known_hosts), "attempts": 1, **extras}
    with nornir(target, given, PASSWORD) as nr:
        result = nr.run(task=task)["core-1"]
    assert result.exception is None
    return {reply.command: (reply.status, reply.text) for reply in result[0].result}, between[0]


def test_a_second_reading_uses_the_held_session(ssh: Callable[..., Target]) -> None:
    script = Script(answers=ANSWERS)
    assert read_twice(ssh(script), script) == (ALL, 1)
    assert (script.logins, script.most_sessions) == (1, 1)


def test_a_session_stays_free_at_the_endpoint(ssh: Callable[..., Target]) -> None:
    limit = describe("cisco_9800", ()).spec.session.limit
    script = Script(answers=ANSWERS)
    assert read_twice(ssh(script), script, 0.1, hold=limit) == (ALL, 0)
    assert script.logins == 2
    assert read_twice(ssh(script), script, hold=limit - 1) == (ALL, 1)
    assert script.logins == 3


@pytest.mark.parametrize("written", ["", "\r\n%SYS-6-LOGOUT: user will be logged out\r\n"])
def test_a_session_that_the_device_ended_or_wrote_to_is_opened_anew(ssh: Callable[..., Target], written: str) -> None:
    script = Script(answers=ANSWERS, idle_s=0.2, idle_says=written)
    found, _ = read_twice(ssh(script), script, 0.5)
    assert found == ALL
    assert script.logins == 2


def test_a_held_session_without_answers_is_opened_anew(
    ssh: Callable[..., Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = describe("cisco_9800", ())
    impatient = known.spec.model_copy(
        update={"session": known.spec.session.model_copy(update={"command_timeout_s": 0.3})}
    )
    monkeypatch.setattr(plugin, "describe", lambda *_: replace(known, spec=impatient))
    monkeypatch.setattr("eventready.session.dialogue.screen.Screen.recover_s", 0.2)
    script = Script(answers=ANSWERS, idle_s=0.2, idle_answers=False)
    found, held = read_twice(ssh(script), script, 0.4)
    assert (found, held) == (ALL, 1)
    assert script.logins == 2


def test_a_session_is_held_for_a_while(ssh: Callable[..., Target], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "_HELD_S", 0.1)
    script = Script(answers=ANSWERS)
    assert read_twice(ssh(script), script, 0.6) == (ALL, 0)
    assert script.logins == 2


def test_the_time_of_the_device_begins_anew_in_a_held_session(ssh: Callable[..., Target]) -> None:
    script = Script(answers=ANSWERS)
    assert read_twice(ssh(script), script, 2.2, device_timeout_s=2.0) == (ALL, 1)
    assert script.logins == 1


def test_a_session_through_a_jump_host_is_closed(ssh: Callable[..., Target]) -> None:
    script, bastion = Script(answers=ANSWERS), Script(forwards=True)
    target, jump = ssh(script), ssh(bastion)
    assert target.known_hosts
    assert jump.known_hosts
    target.known_hosts.write_text(target.known_hosts.read_text() + jump.known_hosts.read_text())
    entry = JumpHost(hostname=jump.host, port=jump.port, username=USER, password=PASSWORD)
    found = read_twice(target, script, 0.1, access={"jump_host": "bastion"}, jump_hosts={"bastion": entry})
    assert found == (ALL, 0)
    assert (script.logins, bastion.logins) == (2, 1)


def test_no_session_is_held_for_a_device_that_is_read_once(ssh: Callable[..., Target], tmp_path: Path) -> None:
    register()
    copy_example(tmp_path / "w")
    workspace = load_workspace(tmp_path / "w")
    (device,) = (replace(one, name="core-1") for one in workspace.devices if one.name == "wlc-1")
    platform = load_platform(device.platform)
    job = AuditJob(
        {"core-1": device}, {"core-1": platform}, build_matrix([device], {platform.name: platform}),
        resolve_limits(workspace.limits, [device]), datetime(2022, 4, 25, tzinfo=UTC), interval_s=60,
    )  # fmt: skip
    script, read = Script(), list[DeviceRead]()
    target = ssh(script)
    with nornir(target, {"known_hosts": str(target.known_hosts), "attempts": 1}, PASSWORD) as nr:
        status = ThreadCollector(job, nr, 1, read.append).read()
        assert [one.result is not None for one in read] == [True]
        assert (status.waiting, script.logins) == (0, 1)
        assert not nr.inventory.hosts["core-1"].connections
