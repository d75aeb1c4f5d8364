"""`eventready trust`: keys are shown, compared and only then recorded."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
from click.testing import CliRunner, Result

from eventready.cli.context import App
from eventready.cli.declare.workspace import trust_keys
from eventready.core.errors import Exit, UsageError

from .conftest import GROUPS, Make


@contextmanager
def ssh_server(port: int = 0) -> Iterator[tuple[int, str]]:
    """An SSH server on loopback with a fresh key: its port, and the key's fingerprint."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncssh.listen("127.0.0.1", port, server_host_keys=[key], reuse_address=True))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.get_port(), key.get_fingerprint()
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(server.wait_closed(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def run(workspace: Path, *arguments: str, output: str = "table", answer: str | None = None) -> Result:
    app = App(workspace_path=workspace, output=output)  # type: ignore[arg-type]  # a Literal, from a test's text
    if answer is not None:
        app.__class__ = type("Watched", (App,), {"interactive": True})
    return CliRunner().invoke(trust_keys, ["--timeout", "5", *arguments], obj=app, input=answer, standalone_mode=False)


def hosts(*ports: int) -> str:
    return "".join(
        f"r{n}: {{hostname: 127.0.0.1, port: {port}, groups: [router]}}\n" for n, port in enumerate(ports, 1)
    )


def test_a_new_key_is_shown_and_recorded(make: Make) -> None:
    with ssh_server() as (port, fingerprint):
        workspace = make(hosts=hosts(port))
        result = run(workspace, "--yes")
        assert result.return_value == Exit.OK
        assert f"[127.0.0.1]:{port}" in result.stdout
        assert f"ssh-ed25519 {fingerprint}" in result.stdout
        assert result.stderr == f"1 recorded in {workspace / 'known_hosts'}.\n"
        again = run(workspace)
        assert again.return_value == Exit.OK
        assert "recorded already" in again.stdout
        assert again.stderr == "Nothing to record.\n"


def test_a_revoked_key_is_never_recorded(make: Make) -> None:
    with ssh_server() as (port, _):
        workspace = make(hosts=hosts(port))
        run(workspace, "--yes")
        file = workspace / "known_hosts"
        revoked = f"@revoked {file.read_text(encoding='utf-8')}"
        file.write_text(revoked, encoding="utf-8")
        result = run(workspace, "--yes", "--replace")
        assert result.return_value == Exit.REFUSED
        assert "REVOKED" in result.stdout
        assert "1 revoked in" in result.stderr
        assert file.read_text(encoding="utf-8") == revoked


def test_nothing_is_recorded_without_a_yes(make: Make) -> None:
    with ssh_server() as (port, _):
        workspace = make(hosts=hosts(port))
        silent = run(workspace)
        assert isinstance(silent.exception, UsageError)
        assert str(silent.exception) == (
            "the fingerprints need a confirmation on a terminal. Compare them, then run `eventready trust keys --yes`."
        )
        assert run(workspace, answer="n\n").exception is not None
        assert not (workspace / "known_hosts").exists()
        assert run(workspace, answer="y\n").return_value == Exit.OK
        assert (workspace / "known_hosts").exists()


def test_a_changed_key_is_left_as_it_was_unless_reported(make: Make) -> None:
    with ssh_server() as (port, first):
        workspace = make(hosts=hosts(port))
        run(workspace, "--yes")
    before = (workspace / "known_hosts").read_text()
    with ssh_server(port) as (_, second):
        changed = run(workspace, "--yes")
        assert changed.return_value == Exit.REFUSED
        assert "CHANGED" in changed.stdout
        assert first in changed.stdout
        assert second in changed.stdout
        assert "say --replace" in changed.stderr
        assert (workspace / "known_hosts").read_text() == before
        assert run(workspace, "--yes", "--replace").return_value == Exit.OK
        assert run(workspace).return_value == Exit.OK


def test_a_silent_device_is_named_and_the_others_recorded(make: Make) -> None:
    with socket.socket() as closed, ssh_server() as (port, fingerprint):
        closed.bind(("127.0.0.1", 0))
        workspace = make(hosts=hosts(port, closed.getsockname()[1]))
        result = run(workspace, "--yes", output="json")
    assert result.return_value == Exit.INCOMPLETE
    one, two = json.loads(result.stdout)
    assert (one["state"], one["fingerprint"], one["devices"]) == ("new", fingerprint, ["r1"])
    assert (two["state"], two["fingerprint"]) == ("silent", None)
    assert "refuses the connection" in two["reason"]
    assert (workspace / "known_hosts").read_text().startswith(f"[127.0.0.1]:{port} ssh-ed25519 ")


def test_devices_behind_one_address_are_requested_once_and_clear_text_never(make: Make) -> None:
    groups = GROUPS + "bsc: {platform: osmocom_bsc, data: {role: bts_controller, venues: [hall]}}\n"
    with ssh_server() as (port, _):
        listed = hosts(port, port) + "b1: {hostname: 127.0.0.1, port: 1, groups: [bsc]}\n"
        result = run(make(hosts=listed, groups=groups), "--yes", output="json")
    (only,) = json.loads(result.stdout)
    assert only["devices"] == ["r1", "r2"]
