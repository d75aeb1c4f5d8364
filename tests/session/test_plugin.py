"""Our connection in anyone's own Nornir script."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from nornir.core import Nornir
from nornir.core.configuration import Config, LoggingConfig
from nornir.core.inventory import ConnectionOptions, Defaults, Groups, Host, Hosts, Inventory
from nornir.core.plugins.connections import ConnectionPluginRegister
from nornir.core.task import Result, Task
from nornir.plugins.runners import ThreadedRunner

from eventready.core.errors import UsageError
from eventready.core.redaction.redaction import REDACTED, redact
from eventready.session.plugin import CONNECTION, EventreadyConnection, build_target, register
from eventready.session.reply import AccessInvalid, LoginRefused
from eventready.session.target import Target
from tests.session.fake import PASSWORD, USER, Script


def nornir(target: Target, extras: dict[str, Any], password: str) -> Nornir:
    host = Host(
        name="core-1",
        hostname=target.host,
        port=target.port,
        username=USER,
        password=password,
        platform="cisco_9800",
        connection_options={CONNECTION: ConnectionOptions(extras=extras)},
        defaults=Defaults(),
    )
    inventory = Inventory(hosts=Hosts({"core-1": host}), groups=Groups(), defaults=Defaults())
    return Nornir(inventory=inventory, runner=ThreadedRunner(2), config=Config(logging=LoggingConfig(enabled=False)))


def show_clock(task: Task) -> Result:
    session = task.host.get_connection(CONNECTION, task.nornir.config)
    return Result(host=task.host, result=session.send_commands(["show clock"])[0].text)


def test_a_nornir_task_asks_a_device(ssh: Callable[..., Target], monkeypatch: pytest.MonkeyPatch) -> None:
    register()
    register()
    script = Script(answers={"show clock": "07:00\n"})
    target = ssh(script)
    monkeypatch.setenv("EVR_TEST_PASSWORD", PASSWORD)
    with nornir(target, {"known_hosts": str(target.known_hosts)}, "env:EVR_TEST_PASSWORD") as nr:
        results = nr.run(task=show_clock)
        assert not results.failed, results["core-1"].exception
        assert results["core-1"].result == "07:00\n"
    assert script.sessions == 0 or script.heard  # closed with the Nornir object


def test_a_failure_is_typed(ssh: Callable[..., Target]) -> None:
    register()
    target = ssh(Script(refuse_login=True))
    with nornir(target, {"known_hosts": str(target.known_hosts)}, PASSWORD) as nr:
        results = nr.run(task=show_clock)
    assert isinstance(results["core-1"].exception, LoginRefused)


def test_the_entry_point_names_the_connection() -> None:
    found = [point for point in entry_points(group="nornir.plugins.connections") if point.name == CONNECTION]
    if not found:
        pytest.skip("the package was installed before it had this entry point; install it again")
    assert found[0].load() is EventreadyConnection


def test_extras_become_a_target(tmp_path: Path) -> None:
    extras = {
        "workspace": str(tmp_path),
        "name": "enb-hn-1",
        "endpoint": "mae-1",
        "element": "ENB-HN-1",
        "allow_cleartext": True,
        "secret": "plain",
        "attempts": 2,
    }
    target = build_target("192.0.2.1", USER, "pw", 31114, extras)
    assert (target.name, target.limit_key, target.element, target.allow_cleartext) == (
        "enb-hn-1",
        "mae-1",
        "ENB-HN-1",
        True,
    )
    assert target.known_hosts == tmp_path / "known_hosts"
    assert (target.secret.reveal(), target.attempts) == ("plain", 2)
    assert build_target("r1", None, None, None, {}).limit_key == "r1"


def test_the_shell_login_is_resolved_like_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVR_TEST_SHELL", "Pl4nted-sh3ll-login")
    extras = {"shell_username": "ops", "shell_password": "env:EVR_TEST_SHELL"}
    target = build_target("r1", USER, "pw", None, extras)
    assert target.has_shell
    assert (target.shell_username, target.shell_password.reveal()) == ("ops", "Pl4nted-sh3ll-login")
    assert "Pl4nted-sh3ll-login" not in repr(target)
    assert redact("it was Pl4nted-sh3ll-login") == f"it was {REDACTED}"
    assert not build_target("r1", USER, "pw", None, {"shell_username": "ops"}).has_shell


def test_what_no_person_knows_is_reported() -> None:
    with pytest.raises(UsageError, match="allow_cleartxt"):
        build_target("r1", None, None, None, {"allow_cleartxt": True})
    with pytest.raises(AccessInvalid, match="EVR_NOT_SET"):
        build_target("r1", "env:EVR_NOT_SET", None, None, {}).require_usable()
    with pytest.raises(UsageError, match="hostname and a platform"):
        EventreadyConnection().open(None, None, None, None, None)
    with pytest.raises(UsageError, match="not open"):
        _ = EventreadyConnection().connection


def test_registered_once() -> None:
    register()
    assert ConnectionPluginRegister.available[CONNECTION] is EventreadyConnection
