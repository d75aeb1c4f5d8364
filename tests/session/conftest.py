"""Fakes, targets and platforms for the session tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eventready.platforms.model import NetmikoSpec, PlatformSpec, SessionSpec
from eventready.session.dialogue.screen import Screen
from eventready.session.target import Secret, Target
from tests.loopback import PRODUCT_S
from tests.session.fake import ENABLE, PASSWORD, USER, Fleet, MmlScript, Script, mml_server


def kind(device_type: str = "cisco_xe", **session: Any) -> PlatformSpec:
    """Return an IOS-like platform; `session` overrides its session settings."""
    settings: dict[str, Any] = {
        "prompt": r"[\w.:/-]{1,64}(?:\([\w.-]{1,64}\))?[>#]\s*$",
        "setup": ("terminal length 0", "terminal width 0"),
        "pager": r"^\s*--More--",
        "refused": (r"^\s*% ?Invalid input",),
        "denied": (r"^\s*% ?Authorization failed",),
        "noise": (r"^\s*\*?[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d\.\d+: %[A-Z0-9_]+-\d-[A-Z0-9_]+: ",),
        "command_timeout_s": 10.0,
    }
    options = {"default_enter": "\n"} if device_type.endswith("_telnet") else {}
    return PlatformSpec(
        title="test",
        roles=("router",),
        netmiko=NetmikoSpec(device_type=device_type, options=options),
        session=SessionSpec(**{**settings, **session}),
        read_only=("^show .*$",),
    )


def mml_kind(**session: Any) -> PlatformSpec:
    """Return an MML platform."""
    return kind(
        "huawei_mml_telnet",
        **{
            "prompt": "(?!)",
            "ends_with": "---    END",
            "newline": "\r\n",
            "setup": (),
            "pager": "",
            "noise": (),
            "refused": (r"^RETCODE = [1-9]\d* +Unknown command",),
            **session,
        },
    )


@pytest.fixture(scope="module", autouse=True)
def time_of_the_product() -> Iterator[None]:
    """A silence is as long as the product has it: these devices have bad habits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Screen, "settle_s", PRODUCT_S)
        yield


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """Fakes for the whole test run."""
    fleet = Fleet()
    yield fleet
    fleet.stop()


def _over_ssh(fleet: Fleet, folder: Path) -> Callable[..., Target]:
    def make(script: Script, **target: Any) -> Target:
        port = fleet.ssh(script)
        known = fleet.trust(folder / f"known_hosts_{port}", port)
        return aim(port, known_hosts=known, **target)

    return make


@pytest.fixture
def ssh(fleet: Fleet, tmp_path: Path) -> Callable[..., Target]:
    """Return a factory of targets for scripted SSH devices with recorded host keys."""
    return _over_ssh(fleet, tmp_path)


@pytest.fixture(scope="module")
def ssh_of_module(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Target]:
    """Return such a factory for all tests of a module."""
    return _over_ssh(fleet, tmp_path_factory.mktemp("known_hosts"))


@pytest.fixture
def telnet(fleet: Fleet) -> Callable[..., Target]:
    """Return a factory of telnet targets."""

    def make(script: Script, *, login: bool = True, **target: Any) -> Target:
        return aim(fleet.telnet(script, login=login), **{"allow_cleartext": True, **target})

    return make


@pytest.fixture
def mml(fleet: Fleet) -> Callable[..., Target]:
    """Return a factory of MML targets."""

    def make(script: MmlScript, **target: Any) -> Target:
        return aim(fleet.raw(mml_server(script)), **{"allow_cleartext": True, **target})

    return make


def aim(port: int, **target: Any) -> Target:
    """Return a target on loopback with the fakes' credentials."""
    given: dict[str, Any] = {
        "name": "core-1",
        "host": "127.0.0.1",
        "port": port,
        "username": USER,
        "password": Secret(PASSWORD),
        "secret": Secret(ENABLE),
        "connect_timeout_s": 8.0,
        "attempts": 1,
    }
    return Target(**{**given, **target})
