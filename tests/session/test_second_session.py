"""Reading in a second session what a failed one left unread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from nornir.core.task import Result, Task

from eventready.audit.tasks import read_replies
from eventready.session.plugin import register
from eventready.session.reply import ReplyStatus, SessionError
from eventready.session.target import Target
from tests.session.fake import PASSWORD, Script
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
