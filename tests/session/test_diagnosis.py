"""`doctor --connect`: the step that fails is named with a remedy; steps before it are done, steps after it are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eventready.core.errors import WorkspaceError
from eventready.core.messages import Message
from eventready.platforms.model import PlatformSpec
from eventready.session.diagnosis import Diagnosis, StepState, diagnose, diagnose_all
from eventready.session.plugin import build_target
from eventready.session.steps import ConnectStep
from eventready.session.target import Secret, Target
from eventready.session.trust import fetch_key
from tests.session.conftest import aim, kind, mml_kind
from tests.session.fake import Fleet, MmlScript, Script
from tests.session.real import free_port

Make = Callable[..., Target]


def english(content: str | Message) -> str:
    return content.render("en") if isinstance(content, Message) else content


def found(target: Target, platform: PlatformSpec | None = None) -> Diagnosis:
    return diagnose(target.name, lambda: (target, platform or kind()))


def states(diagnosis: Diagnosis) -> dict[ConnectStep, StepState]:
    return {result.step: result.state for result in diagnosis.steps}


def test_a_device_that_is_reached(ssh: Make) -> None:
    script = Script()
    diagnosis = found(ssh(script))
    assert diagnosis.failed is None
    details = {result.step: english(result.detail) for result in diagnosis.steps}
    assert details[ConnectStep.ROUTE] == "direct"
    assert details[ConnectStep.NAME] == "127.0.0.1"
    assert details[ConnectStep.ALGORITHMS].startswith(
        "curve25519-sha256@libssh.org, ssh-ed25519, aes128-gcm@openssh.com"
    )
    assert details[ConnectStep.HOST_KEY].startswith("ssh-ed25519 SHA256:")
    assert details[ConnectStep.LOGIN] == "password"
    assert details[ConnectStep.PROMPT] == "R1#"
    assert ConnectStep.JUMP not in details
    assert script.heard == ["terminal length 0", "terminal width 0"]


FAILURES: dict[str, tuple[ConnectStep, str]] = {
    "name": (ConnectStep.NAME, "resolved"),
    "tcp": (ConnectStep.TCP, "refuses the connection"),
    "host key": (ConnectStep.HOST_KEY, "is not recorded"),
    "login": (ConnectStep.LOGIN, "refuses the user name or the password"),
    "prompt": (ConnectStep.PROMPT, "shows no prompt"),
    "privilege": (ConnectStep.PRIVILEGE, "refuses the enable password"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_the_step_that_fails(ssh: Make, tmp_path: Path, case: str) -> None:
    target = {
        "name": lambda: replace(aim(22, known_hosts=tmp_path / "k"), host="no-such-host.invalid"),
        "tcp": lambda: aim(free_port(), known_hosts=tmp_path / "k"),
        "host key": lambda: replace(ssh(Script()), known_hosts=tmp_path / "none"),
        "login": lambda: replace(ssh(Script()), password=Secret("wr0ng-login")),
        "prompt": lambda: replace(ssh(Script(silent=True)), connect_timeout_s=0.5),
        "privilege": lambda: ssh(Script(enable=True, refuse_enable=True)),
    }[case]()
    step, words = FAILURES[case]
    diagnosis = found(target, kind(setup=("enable",)) if case == "privilege" else None)
    assert diagnosis.failed is not None
    assert diagnosis.failed.step is step
    assert words in english(diagnosis.failed.detail)
    assert diagnosis.failed.remedy
    before = [s for s in ConnectStep if list(ConnectStep).index(s) < list(ConnectStep).index(step)]
    assert all(states(diagnosis).get(s, StepState.OK) is StepState.OK for s in before)
    after = [s for s in ConnectStep if list(ConnectStep).index(s) > list(ConnectStep).index(step)]
    assert all(states(diagnosis)[s] is StepState.NOT_REACHED for s in after)


def test_clear_text_and_mml(telnet: Make, mml: Make) -> None:
    assert states(found(telnet(Script()), kind("cisco_ios_telnet"))) == dict.fromkeys(
        (
            ConnectStep.ROUTE,
            ConnectStep.NAME,
            ConnectStep.TCP,
            ConnectStep.LOGIN,
            ConnectStep.PROMPT,
            ConnectStep.PRIVILEGE,
        ),
        StepState.OK,
    )
    assert found(mml(MmlScript()), mml_kind()).failed is None
    refused = found(replace(telnet(Script()), allow_cleartext=False), kind("cisco_ios_telnet")).failed
    assert refused is not None
    assert "allow_cleartext" in english(refused.remedy)


def test_one_device_does_not_stop_the_others(ssh: Make, fleet: Fleet) -> None:
    def broken() -> tuple[Target, PlatformSpec]:
        raise WorkspaceError("the environment variable X is not set", where="r2", do="Set it.")

    good = ssh(Script())
    describe = {"r1": lambda: (good, kind()), "r2": broken, "r3": lambda: (good, kind())}
    results = list(diagnose_all(describe, lambda name: diagnose(name, describe[name])))
    assert [(result.device, result.failed is None) for result in results] == [("r1", True), ("r2", False), ("r3", True)]
    assert results[1].failed is not None
    assert english(results[1].failed.detail) == "r2: the environment variable X is not set"


@pytest.mark.parametrize(
    ("access", "step", "words"),
    [
        ({"identity_files": ["keys/absent"]}, ConnectStep.LOGIN, "absent does not exist"),
        ({"passphrase": "env:EVENTREADY_ABSENT"}, ConnectStep.LOGIN, "EVENTREADY_ABSENT is not set"),
        ({"jump_host": "bastion one"}, ConnectStep.JUMP, "invalid jump host"),
        ({"proxy_command": "sh -c 'echo no way >&2; exit 1'"}, ConnectStep.ALGORITHMS, "no way"),
    ],
)
def test_settings_are_named_at_the_step_that_needs_them(
    tmp_path: Path, access: dict[str, object], step: ConnectStep, words: str
) -> None:
    target = build_target("192.0.2.1", "ops", None, 22, {"workspace": str(tmp_path), "access": access})
    diagnosis = found(target)
    assert diagnosis.failed is not None
    assert diagnosis.failed.step is step
    assert words in english(diagnosis.failed.detail)
    assert diagnosis.failed.remedy


def test_revoked_key_and_wrong_login_of_a_console_server(ssh: Make, tmp_path: Path) -> None:
    target = ssh(Script())
    shown = fetch_key(target)
    (tmp_path / "revoked").write_text(f"@revoked * {shown.text}\n")
    revoked = found(replace(target, known_hosts=tmp_path / "revoked")).failed
    console = found(replace(target, console=True, console_username="ops", console_password=Secret("wr0ng"))).failed
    assert revoked is not None
    assert console is not None
    assert (revoked.step, console.step) == (ConnectStep.HOST_KEY, ConnectStep.LOGIN)
    assert "shows a revoked host key" in english(revoked.detail)
    assert "trust" not in english(revoked.remedy)
    assert "console_username" in english(console.detail)
