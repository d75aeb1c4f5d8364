"""A hostile device costs at most its own time limit and a bounded amount of memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import paramiko
import pytest

from eventready.platforms.model import PlatformSpec
from eventready.session.connect import open_session
from eventready.session.dialogue.buffer import AnswerLimits, MemoryPool
from eventready.session.hostkeys import HostKey, record
from eventready.session.reply import ReplyStatus, SessionError
from eventready.session.target import Target
from tests.hostile import servers
from tests.hostile.servers import Serve, Servers, hostile
from tests.session.conftest import aim, kind, mml_kind

_MB = 1024 * 1024
#: The limits of these tests, by options: seconds of a device, bytes of an answer.
DEVICE_S, ANSWER = 3.0, _MB
#: What a device may cost beside: copies of its answer, and the session itself.
PEAK = 24 * _MB

TELNET = kind("cisco_ios_telnet", setup=(), command_timeout_s=2.0)
MML = mml_kind(command_timeout_s=2.0)


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AnswerLimits.__init__, "__defaults__", (ANSWER, 2 * ANSWER, 2.0))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Servers]:
    with hostile(tmp_path) as found:
        yield found


@pytest.fixture
def host_key(tmp_path: Path) -> paramiko.PKey:
    return paramiko.ECDSAKey.generate()


def target(port: int, folder: Path, **options: Any) -> Target:
    given = {"allow_cleartext": True, "connect_timeout_s": 1.0, "device_timeout_s": DEVICE_S, **options}
    return aim(port, known_hosts=folder / "known_hosts", **given)


def cost(act: Callable[[], None]) -> int:
    """Run it; the peak of Python's memory."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def ask(where: Target, platform: PlatformSpec, command: str = "show clock") -> ReplyStatus | None:
    """How the command ended; None when no session was had. A defect raises something else."""
    try:
        with open_session(where, platform) as session:
            return session.send_commands([command, command])[-1].status
    except SessionError:
        return None


NO_SESSION: dict[str, tuple[Serve, PlatformSpec]] = {
    "banner without end": (servers.banner_without_end, kind()),
    "banner lines": (servers.banner_lines, kind()),
    "slow banner": (servers.slow_banner, kind()),
    "huge packet": (servers.huge_packet, kind()),
    "ignore messages": (servers.ignore_messages, kind()),
    "subnegotiation": (servers.subnegotiation, TELNET),
    "negotiation": (servers.negotiation, TELNET),
    "no prompt": (servers.no_prompt, TELNET),
    "login again": (servers.login_again, TELNET),
    "mml: no report": (servers.no_prompt, MML),
    "mml: alarms": (servers.alarms, MML),
}


@pytest.mark.attack(family="devices without end")
@pytest.mark.parametrize("case", NO_SESSION)
def test_no_session(running: Servers, tmp_path: Path, case: str) -> None:
    serve, platform = NO_SESSION[case]
    where = target(running.listen(serve), tmp_path)

    def act() -> None:
        assert ask(where, platform) is None

    assert cost(act) < PEAK


@pytest.mark.attack(family="devices without end")
@pytest.mark.parametrize("at", ["login", "channel", "pty", "shell", "prompt"])
def test_ssh_that_stops_answering(running: Servers, tmp_path: Path, host_key: paramiko.PKey, at: str) -> None:
    port = running.listen(servers.ssh(host_key, at, running.stopped))
    record(tmp_path / "known_hosts", {f"[127.0.0.1]:{port}": HostKey.of(host_key)})
    with pytest.raises(SessionError) as raised:
        open_session(target(port, tmp_path, attempts=2), kind())
    if at in ("pty", "shell"):
        assert "accepts the login and opens no shell within 1 s" in str(raised.value)


@pytest.mark.attack(family="devices without end")
@pytest.mark.parametrize("data", [b"x", b"line\r\n", b"R1#", b"\x1b[80D"])
def test_ssh_shell_without_end(running: Servers, tmp_path: Path, host_key: paramiko.PKey, data: bytes) -> None:
    port = running.listen(servers.ssh_flood(host_key, data, running.stopped))
    record(tmp_path / "known_hosts", {f"[127.0.0.1]:{port}": HostKey.of(host_key)})
    assert cost(lambda: _no_answer(target(port, tmp_path), kind(command_timeout_s=2.0))) < PEAK


ANSWERS: dict[str, tuple[Serve, PlatformSpec]] = {
    **{
        name: (servers.after_login(answer), TELNET)
        for name, answer in {
            "near prompts": servers.near_prompts,
            "prompts in a line": servers.prompts_in_a_line,
            "echoes": servers.echoes,
            "backspaces": servers.backspaces,
            "cursor moves": servers.cursor_moves,
            "blanks": servers.blanks,
            "secret words": servers.secret_words,
            "pages": servers.pages,
            "trickle": servers.trickle,
            "lines": servers.no_prompt,
            "subnegotiation": servers.subnegotiation,
        }.items()
    },
    **{
        f"mml: {name}": (servers.mml(answer), MML)
        for name, answer in {
            "promises": servers.promises,
            "small promises": servers.small_promises,
            "alarms": servers.alarms,
            "unfinished": servers.unfinished,
        }.items()
    },
}


def _no_answer(where: Target, platform: PlatformSpec, command: str = "show clock") -> None:
    assert ask(where, platform, command) is not ReplyStatus.ANSWERED


@pytest.mark.attack(family="devices without end")
@pytest.mark.parametrize("case", ANSWERS)
def test_answer_without_end(running: Servers, tmp_path: Path, case: str) -> None:
    serve, platform = ANSWERS[case]
    where = target(running.listen(serve), tmp_path)
    command = "DSP CELL:;" if case.startswith("mml") else "show clock"
    assert cost(lambda: _no_answer(where, platform, command)) < PEAK


def test_good_devices_beside_hostile_ones(running: Servers, tmp_path: Path) -> None:
    """All end within one device's time limit; the good ones are read."""
    behaviours = list(ANSWERS.values())[:5]
    bad = [(target(running.listen(serve), tmp_path, endpoint=f"b{n}"), p) for n, (serve, p) in enumerate(behaviours)]
    port = running.listen(servers.after_login(lambda connection: connection.sendall(b"07:00\r\n")))
    patient: dict[str, Any] = {"connect_timeout_s": 30.0, "device_timeout_s": 60.0}
    good = [(target(port, tmp_path, endpoint=f"g{n}", **patient), TELNET) for n in range(19)]
    started = monotonic()
    with ThreadPoolExecutor(24) as pool:
        results = list(pool.map(lambda item: ask(*item), [*bad, *good]))
    assert results[5:] == [ReplyStatus.ANSWERED] * 19
    assert ReplyStatus.ANSWERED not in results[:5]
    assert monotonic() - started < 60.0  # far from the sum of all limits


def test_pool_is_shared_and_given_back(running: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices with large answers take turns; those with small ones do not wait for them."""
    pool = MemoryPool(2 * _MB)
    monkeypatch.setattr("eventready.session.dialogue.buffer.memory_pool", pool)
    monkeypatch.setattr(AnswerLimits.__init__, "__defaults__", (4 * _MB, 4 * _MB, 20.0))
    large = b"y" * 79 + b"\r\n"
    port = running.listen(servers.after_login(lambda connection: connection.sendall(large * 20_000)))
    small = running.listen(servers.after_login(lambda connection: connection.sendall(b"07:00\r\n")))
    targets = [target(port, tmp_path, endpoint=f"l{n}", device_timeout_s=60.0) for n in range(6)]
    targets += [target(small, tmp_path, endpoint=f"s{n}", device_timeout_s=60.0) for n in range(6)]
    slow = kind("cisco_ios_telnet", setup=(), command_timeout_s=50.0)

    def first(where: Target) -> ReplyStatus:
        with open_session(where, slow) as session:
            return session.send_commands(["show clock"])[0].status

    with ThreadPoolExecutor(12) as threads:
        assert set(threads.map(first, targets)) == {ReplyStatus.ANSWERED}
    assert pool.acquire(2 * _MB, monotonic())
