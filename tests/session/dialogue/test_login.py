"""Logins that ask questions: one-time codes, several rounds, console servers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from eventready.session import target as terminal_input
from eventready.session.connect import open_session
from eventready.session.reply import LoginRefused, ReplyStatus
from eventready.session.target import OneTimeCode, Secret, SshOptions, Target
from tests.session.conftest import kind
from tests.session.fake import PASSWORD, USER, Script
from tests.session.real import until

Make = Callable[..., Target]

ANSWERS = {"show clock": "07:00\n"}
CODE = SshOptions(one_time_code=OneTimeCode("exec:echo 123456"))


def works(target: Target, device_type: str = "cisco_xe") -> bool:
    """Log in and ask the time."""
    with open_session(target, kind(device_type)) as session:
        return session.send_commands(["show clock"])[0].status is ReplyStatus.ANSWERED


@pytest.mark.parametrize(
    "questions",
    [
        (("Password: ", PASSWORD),),
        (("Password: ", PASSWORD), ("Verification code: ", "123456")),
        (("Enter the OTP from your token: ", "123456"),),
        (("Mật khẩu: ", PASSWORD), ("Mã xác thực: ", "123456")),
        (("Duo> ", "123456"), ("Password: ", PASSWORD)),
    ],
)
def test_questions_with_answers(ssh: Make, questions: tuple[tuple[str, str], ...]) -> None:
    assert works(ssh(Script(answers=ANSWERS, questions=questions), ssh=CODE))


def test_a_wrong_code_is_tried_once(ssh: Make) -> None:
    script = Script(questions=(("Verification code: ", "999999"),))
    with pytest.raises(LoginRefused, match="refuses the user name or the password"):
        open_session(ssh(script, ssh=CODE), kind())
    assert script.logins == 1


def test_a_question_without_an_answer(ssh: Make) -> None:
    script = Script(questions=(("Verification code: ", "123456"),))
    with pytest.raises(LoginRefused, match=r"asks 'Verification code:' at the login") as raised:
        open_session(ssh(script), kind())
    assert "one_time_code" in raised.value.do


def test_a_code_from_the_terminal(ssh: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    queries: list[str] = []

    def typed(question: str) -> str:
        queries.append(question)
        return " 123456\n"

    target = ssh(
        Script(answers=ANSWERS, questions=(("Verification code: ", "123456"),)),
        ssh=SshOptions(one_time_code=OneTimeCode("ask")),
    )
    monkeypatch.setattr(terminal_input, "TERMINAL", tmp_path / "absent")
    with pytest.raises(LoginRefused, match="there is no terminal"):
        open_session(target, kind())
    (tmp_path / "tty").write_text("")
    monkeypatch.setattr(terminal_input, "TERMINAL", tmp_path / "tty")
    monkeypatch.setattr(terminal_input, "read_line", typed)
    assert works(target)
    assert queries == ["core-1: Verification code: "]


def test_a_console_server_over_ssh(ssh: Make) -> None:
    script = Script(answers=ANSWERS, console="device/d3vice-login")
    target = ssh(
        script,
        console=True,
        console_username=USER,
        console_password=Secret(PASSWORD),
        username="device",
        password=Secret("d3vice-login"),
    )
    assert works(target)
    until(lambda: script.heard[-1] == "exit")  # the next one at the console must log in


def test_a_console_server_that_refuses_the_device_login(ssh: Make) -> None:
    target = ssh(
        Script(console="device/d3vice-login"),
        console=True,
        console_username=USER,
        console_password=Secret(PASSWORD),
        username="device",
        password=Secret("wr0ng-login"),
    )
    with pytest.raises(LoginRefused):
        open_session(target, kind())


def test_a_device_with_a_login_of_its_own_inside_ssh(ssh: Make) -> None:
    inside = kind(device_login=True)
    with open_session(ssh(Script(answers=ANSWERS, device_login=f"{USER}/{PASSWORD}")), inside) as session:
        assert session.send_commands(["show clock"])[0].status is ReplyStatus.ANSWERED
    with pytest.raises(LoginRefused):
        open_session(ssh(Script(device_login="another/login")), inside)


def test_a_console_server_over_telnet(telnet: Make) -> None:
    target = telnet(
        Script(answers=ANSWERS, console="device/d3vice-login"),
        login=False,
        console=True,
        username="device",
        password=Secret("d3vice-login"),
    )
    assert works(target, "cisco_ios_telnet")
