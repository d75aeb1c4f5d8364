"""The dead-man timer on a real FRR's host: it fires by itself, is confirmed, is sent back; a race has one winner."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from eventready.change.forms.configuration import Configuration
from eventready.change.guard import Guard, guards_for
from eventready.core.errors import RefusedError
from eventready.core.messages import in_english, message
from eventready.facts.platform import load_platform
from eventready.platforms.model import ChangeSpec
from eventready.session.connect import Session, open_session, open_shell
from eventready.session.hostkeys import record
from eventready.session.target import Secret, Target
from eventready.session.trust import fetch_key
from tests.session import real

pytestmark = real.frr_timer_marks()

LINES = ("ip route 198.51.100.0/24 192.0.2.1 200", "no ip route 203.0.113.0/24 Null0")


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("frr")
    with real.frr(folder) as running:
        key = fetch_key(Target("server", "127.0.0.1", running.port))
        record(folder / "known_hosts", {f"[127.0.0.1]:{running.port}": key})
        yield Target(
            name="frr-1",
            host="127.0.0.1",
            port=running.port,
            username=real.USER,
            password=Secret(real.PASSWORD),
            shell_username=real.SHELL_USER,
            shell_password=Secret(real.SHELL_PASSWORD),
            known_hosts=folder / "known_hosts",
            attempts=1,
        )


@pytest.fixture
def sessions(router: Target) -> Iterator[tuple[Session, Session]]:
    with open_session(router, load_platform("frr").spec) as session, open_shell(router) as shell:
        yield session, shell


def spec() -> ChangeSpec:
    change = load_platform("frr").spec.change
    assert change is not None
    return change


def running(session: Session) -> str:
    return session.send_commands([spec().read])[0].text


def guard(sessions: tuple[Session, Session], change: str, seconds: int = 600) -> Guard:
    session, shell = sessions
    chosen = next(
        guards_for(load_platform("frr"), Configuration({}, running(session), ""), lambda _command: "", has_shell=True)
    )
    assert chosen.kind == "dead_man"
    return Guard(chosen, spec(), session, shell, change, seconds)


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.2)


def test_it_fires_by_itself_also_when_no_person_is_logged_in(router: Target) -> None:
    with open_session(router, load_platform("frr").spec) as session, open_shell(router) as shell:
        before = running(session)
        armed = guard((session, shell), "c-fires", 5)
        assert armed.arm().ok
        assert armed.apply(LINES).ok
        assert running(session) != before
    with open_session(router, load_platform("frr").spec) as session, open_shell(router) as shell:
        until(lambda: running(session) == before)
        late = Guard(armed.spec, spec(), session, shell, "c-fires", 5, armed=True)
        assert late.pending() is None
        confirmed = late.confirm()
        assert not confirmed.ok
        assert "fired" in in_english(confirmed.reason)


def test_confirmed_it_stays_and_sent_back_it_goes(sessions: tuple[Session, Session]) -> None:
    session, _ = sessions
    before = running(session)
    one = guard(sessions, "c-confirmed", 8)
    assert one.arm().ok
    pending = one.pending()
    assert pending is not None
    assert (pending.by, pending.mine) == ("c-confirmed", True)
    assert one.apply(LINES).ok
    assert one.confirm().ok
    assert one.pending() is None
    changed = running(session)
    assert changed != before
    time.sleep(9)  # the timer would have fired
    assert running(session) == changed

    two = guard(sessions, "c-back")
    assert two.arm().ok
    assert two.apply(["ip route 203.0.113.0/24 Null0", "no ip route 198.51.100.0/24 192.0.2.1 200"]).ok
    assert running(session) == before
    assert two.revert().ok
    assert running(session) == changed
    assert two.pending() is None

    three = guard(sessions, "c-end")
    assert three.arm().ok
    assert three.apply(["ip route 203.0.113.0/24 Null0", "no ip route 198.51.100.0/24 192.0.2.1 200"]).ok
    assert three.confirm().ok
    assert running(session) == before


def test_what_another_person_else_has_armed_stays_theirs(sessions: tuple[Session, Session]) -> None:
    theirs, ours = guard(sessions, "c-theirs"), guard(sessions, "c-ours")
    assert theirs.arm().ok
    with pytest.raises(RefusedError, match="c-theirs"):
        ours.arm()
    with pytest.raises(RefusedError, match="of another operator"):
        ours.confirm()
    with pytest.raises(RefusedError, match="of another operator"):
        ours.revert()
    assert theirs.confirm().ok


def test_a_refused_line_leaves_the_guard_armed_and_it_is_sent_back(sessions: tuple[Session, Session]) -> None:
    session, _ = sessions
    before = running(session)
    one = guard(sessions, "c-refused")
    assert one.arm().ok
    applied = one.apply([LINES[0], "router ospf nonsense", LINES[1]])
    assert not applied.ok
    assert applied.rejected is not None
    assert (applied.rejected.line, applied.accepted) == ("router ospf nonsense", 1)
    assert one.revert().ok
    assert running(session) == before


def test_saving(sessions: tuple[Session, Session]) -> None:
    saved = guard(sessions, "c-save").save()
    assert saved.ok or saved.reason


def test_utf_8_there_and_back(sessions: tuple[Session, Session]) -> None:
    session, _ = sessions
    before = running(session)
    one = guard(sessions, "c-utf8")
    assert one.arm().ok
    applied = one.apply(["interface lo", "description Trạm Văn hóa – cổng số 1 “A”", "exit"])
    assert applied.ok, applied
    assert " description Trạm Văn hóa – cổng số 1 “A”" in running(session)
    assert one.apply(["interface lo", "no description", "exit"]).ok
    assert one.confirm().ok
    assert running(session) == before


def test_the_timers_tools_are_looked_for(sessions: tuple[Session, Session]) -> None:
    session, shell = sessions
    assert guard(sessions, "c-probe").lacking() == ()
    dead_man = next(one for one in spec().guards if one.kind == "dead_man")
    moved = [
        one.model_copy(update={"command": one.command.replace("frr-reload", "no-reload")}) for one in dead_man.probes
    ]
    without = dead_man.model_copy(update={"probes": tuple(moved)})
    lacking = Guard(without, spec(), session, shell, "c-probe", 600).lacking()
    assert lacking == (message("change:lacks.no_frr_tools"),)
