"""The reading thread of a transport: seldom awake while a device is silent, ended by every close."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import paramiko
import pytest

from eventready.session.connect import open_session
from eventready.session.reply import SessionError
from eventready.session.ssh import transport
from eventready.session.target import Target
from tests.session.conftest import kind
from tests.session.fake import Script

Make = Callable[..., Target]


def readers() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if isinstance(one, transport.Transport)]


def test_a_silent_connection_is_seldom_checked(ssh: Make) -> None:
    with open_session(ssh(Script(answers={"show clock": "07:00\n"})), kind()) as session:
        client: Any = session.connection.remote_conn_pre
        sock, paramikos = client.get_transport().sock, cast("Any", paramiko.Transport)
        assert sock.gettimeout() == transport._CHECK_S >= 20 * paramikos._active_check_timeout
        session.send_commands(["show clock"])
        assert sock.gettimeout() == transport._CHECK_S


@pytest.mark.parametrize("end", ["closed", "host key refused", "login refused"])
def test_the_reading_thread_ends_with_the_connection(ssh: Make, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_CHECK_S", 60.0)
    monkeypatch.setattr(paramiko.Transport, "_active_check_timeout", 60.0)
    target = ssh(Script(refuse_login=end == "login refused"))
    if end == "host key refused" and target.known_hosts:
        target.known_hosts.write_text("")
    if end == "closed":
        open_session(target, kind()).close()
    else:
        with pytest.raises(SessionError):
            open_session(target, kind())
    for reader in readers():
        reader.join(10.0)
    assert not readers()
