"""Calls of a watch: changes of state become messages to people, once, over restarts and with failing channels."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.request import urlopen

import pytest

from eventready.checks.finding import Finding, Outcome
from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.core.files import write_atomic
from eventready.core.messages import in_english, text
from eventready.core.strings.matchers import matcher
from eventready.delivery.notify import sender, server_call
from eventready.delivery.notify.channel import ReceiverAddress, UncertainDelivery, written
from eventready.delivery.notify.heartbeat import report_death
from eventready.delivery.notify.server_call import call
from eventready.store.store import Store
from eventready.store.streams.notification_outbox import OutboxNotice, Wording
from eventready.store.watch_log import DEVICE, Beat, RecordedChange
from eventready.watch.alerts import calls, posts
from eventready.watch.alerts.acts import Acts
from eventready.watch.alerts.calls import AlertCalls
from eventready.watch.alerts.explain import impossible
from eventready.watch.open_finding import OpenFinding, open_of
from eventready.watch.record import WatchRecord
from eventready.watch.snapshot_record import OPEN, SNAPSHOTS, DeviceAge, OpenEntry, OpenFindings, Snapshot
from eventready.watch.states import Key, StateChange, States
from eventready.workspace.settings.alerts import load_alerts
from eventready.workspace.settings.works import load_works
from eventready.workspace.workspace import Workspace, load_workspace
from tests.delivery.mailroom import Mailroom
from tests.session.real import free_port
from tests.submission.test_reminders import configure
from tests.submission.test_schedule import FakeClock

pytestmark = pytest.mark.slow

FILE = """
route:
  receiver: duty
  group_by: [device]
  group_wait: 30s
  escalate: {receiver: chief, after: 10m}
receivers:
  - {name: duty, mail: [duty@example.vn]}
  - {name: chief, people: [An]}
people:
  An: {mail: [an@example.vn]}
"""


@dataclass
class FakeChannel:
    """Channel in memory. `down`: addresses with failing attempts; `mute`: addresses without an answer."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    down: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> str:
        if address in self.down:
            raise EventreadyError("no route")
        handed()
        if address in self.mute:
            raise UncertainDelivery("no answer")
        self.sent.append((address, subject))
        self.bodies.append(body)
        return "sent"


class Desk:
    """Watch of the workspace by hand: changes in, messages out."""

    def __init__(self, workspace: Workspace, store: Store, clock: FakeClock, channel: FakeChannel) -> None:
        settings = None
        with suppress(EventreadyError):
            settings = load_alerts(workspace.path)
        self.notices: list[str] = []
        self.calls = AlertCalls(
            workspace,
            settings,
            store,
            clock,
            lambda notice: self.notices.append(in_english(notice)),
            really=True,
            channel=channel,
        )
        self.record = WatchRecord(store, workspace.event.id, clock)
        self.calls.begin([device.name for device in workspace.devices], self.record)
        self.clock, self.channel = clock, channel

    def change(
        self, device: str, check: str, new: str, old: str = "pass", cause: str = "", *, damped: bool = False
    ) -> None:
        change = StateChange(0, Key(device, check, ""), old, new, None, damped, cause)
        self.record.changes([change])
        self.calls.alerts.take([change], self.clock.now())

    def after(self, seconds: float, *resting: str) -> list[str]:
        """Addresses called after some seconds."""
        self.clock.push(seconds)
        before = len(self.channel.sent)
        self.calls.dispatch(resting)
        with self.calls.outbox.sender():
            list(self.calls.sender().send_due())
        return [address for address, _ in self.channel.sent[before:]]


@pytest.fixture
def workspace(example: Path) -> Workspace:
    (example / "inventory" / "alerts.yaml").write_text(FILE, encoding="utf-8")
    return load_workspace(example)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    from eventready.workspace.examples.example import copy_example

    copy_example(tmp_path / "event")
    return tmp_path / "event"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "calls.db") as opened:
        yield opened


def test_a_change_calls_once_over_restarts_and_its_end_is_named(workspace: Workspace, store: Store) -> None:
    clock, channel = FakeClock("2022-04-29 19:00"), FakeChannel()
    desk = Desk(workspace, store, clock, channel)
    desk.change("core-1", "uplink", "fail")
    assert desk.after(29) == []
    desk = Desk(workspace, store, clock, channel)
    assert desk.after(1) == ["duty@example.vn"]
    assert "core-1 uplink" in channel.sent[0][1]
    desk = Desk(workspace, store, clock, channel)
    assert desk.after(100) == []
    Acts(store, workspace.event.id, clock).add("acknowledgement", [matcher("device=core-1")], by="An")
    assert desk.after(3000) == []
    desk.change("core-1", "uplink", "pass", "fail")
    assert desk.after(10) == ["duty@example.vn"]
    assert desk.after(20_000) == []


WORK = """
provider: carrier.example
id: WO-1
from: 2022-04-29 20:00
to: 2022-04-29 21:00
members: [core-1]
"""
ACCEPTED = "accepted: {{by: An, at: 2022-04-28 08:00, scope: {scope}}}\n"


def test_the_call_waits_for_the_end_of_a_work_that_a_person_accepted(workspace: Workspace, store: Store) -> None:
    folder = workspace.path / "inventory" / "works"
    for path in folder.glob("*"):
        path.unlink()
    folder.mkdir(exist_ok=True)
    (folder / "wo-1.yaml").write_text(WORK, encoding="utf-8")
    desk = Desk(workspace, store, FakeClock("2022-04-29 20:01"), FakeChannel())
    desk.change("core-1", "cpu", "fail")
    assert desk.after(60) == ["duty@example.vn"]  # a notice silences nothing
    desk.change("core-1", "cpu", "pass", "fail")
    assert desk.after(400) == ["duty@example.vn"]
    (work,) = load_works(folder, devices=["core-1"])
    accepted = WORK + ACCEPTED.format(scope=work.scope(workspace.circuits))
    write_atomic(folder / "wo-1.yaml", accepted.encode(), what="the work")
    desk.change("core-1", "uplink", "fail")
    desk.change("core-2", "uplink", "fail")
    assert desk.after(60) == ["duty@example.vn"]
    assert "core-2 uplink" in desk.channel.sent[-1][1]
    write_atomic(folder / "wo-1.yaml", b"provider: [", what="the work")
    assert desk.after(300) == []
    assert any("wo-1.yaml" in notice for notice in desk.notices)
    desk.change("core-2", "uplink", "pass", "fail")
    desk.after(300)
    assert not any("core-1 uplink" in subject for _address, subject in desk.channel.sent)
    desk.after(3600)
    assert any("core-1 uplink" in subject for _address, subject in desk.channel.sent)


def test_a_cause_a_rest_and_a_known_state_call_no_person(workspace: Workspace, store: Store) -> None:
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    desk.change("core-1", DEVICE, "not_measured")
    desk.change("core-1", "uplink", "not_measured", cause="core-1")
    desk.change("edge-hn-1", DEVICE, "not_measured", cause="core-1")
    desk.change("agg-1", "uplink", "warn", "fail")
    desk.change("core-2", "uplink", "fail")
    assert desk.after(60, "core-2") == ["duty@example.vn"]
    assert desk.channel.bodies[0].count("\n") == 1
    desk.change("core-1", DEVICE, "pass", "not_measured")
    assert desk.after(400, "core-2") == ["duty@example.vn"]  # the end
    desk.change("core-1", "uplink", "pass", "not_measured", cause="core-1")
    assert desk.after(60, "core-2") == []
    assert desk.after(700, "core-2") == ["duty@example.vn"]  # the edge stays lost without its cause
    assert "edge-hn-1" in desk.channel.bodies[-1]


def test_a_state_of_before_the_watch_calls_no_person_after_a_loss(workspace: Workspace, store: Store) -> None:
    """One port was down before the device was lost, the other one is down after it."""
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    desk.change("core-1", DEVICE, "not_measured")
    desk.change("core-1", "uplink", "not_measured", "fail", cause="core-1")
    desk.change("core-1", "isis", "not_measured", cause="core-1")
    assert desk.after(60) == ["duty@example.vn"]
    for check, new in ((DEVICE, "pass"), ("uplink", "fail"), ("isis", "fail")):
        desk.change("core-1", check, new, "not_measured", cause="core-1" * (check != DEVICE))
    assert desk.after(301) == ["duty@example.vn"]
    assert "isis" in desk.channel.bodies[-1]
    assert "uplink" not in desk.channel.bodies[-1]
    assert desk.after(9000) == ["duty@example.vn", "an@example.vn"][1:]
    desk.change("core-1", "uplink", "pass", "fail")
    desk.change("core-1", "uplink", "fail")
    assert desk.after(400) == ["duty@example.vn"]
    assert "uplink" in desk.channel.bodies[-1]


def test_frequent_changes_are_a_single_alert(workspace: Workspace, store: Store) -> None:
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    desk.change("core-1", "uplink", "fail")
    assert desk.after(31) == ["duty@example.vn"]
    desk.change("core-1", "uplink", "pass", "fail", damped=True)
    assert desk.after(400) == []
    desk.change("core-1", "uplink", "fail", "")  # calm again
    assert desk.after(100) == []
    desk.change("core-1", "uplink", "pass", "fail")
    assert desk.after(400) == ["duty@example.vn"]


def test_a_finding_that_changes_often_is_called_as_it_is_now_and_never_escalated_while_passed(
    workspace: Workspace, store: Store
) -> None:
    desk, states = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel()), States()

    def read(*statuses: str) -> list[str]:
        """Addresses called during readings of the port."""
        called = list[str]()
        for status in statuses:
            found = Finding(Outcome(status), "Te0/1", "watch:clock.unknown", check="uplink", device="core-1")
            changes = states.update(desk.clock.now().timestamp(), [found])
            desk.calls.alerts.take(changes, desk.clock.now())
            desk.calls.alerts.show([*open_of([found], states)])
            called += desk.after(15)
        return called

    assert read("fail", "fail", "pass", "pass", "fail", "fail", "pass") == []
    assert read("pass") == ["duty@example.vn"]
    assert "4 lần trong 2 phút, hiện đạt" in desk.channel.bodies[0]
    assert read(*["pass"] * 38) == []
    assert read("fail", "fail") == ["an@example.vn"]
    assert "hiện không đạt" in desk.channel.bodies[1]


def test_an_alert_that_passes_for_the_first_time_is_called_after_its_second_reading(
    workspace: Workspace, store: Store
) -> None:
    """The wall does not show it: it is no failure now, and not yet over."""
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    desk.change("core-1", "uplink", "fail")
    desk.calls.alerts.show([])
    assert desk.after(60) == []
    failed = Finding(Outcome.FAIL, "", "watch:clock.unknown", check="uplink", device="core-1")
    desk.calls.alerts.show([OpenFinding(failed, "fail", 0.0)])
    assert desk.after(5) == ["duty@example.vn"]


def test_a_device_taken_out_of_the_inventory_has_no_calls(workspace: Workspace, store: Store) -> None:
    clock, channel = FakeClock("2022-04-29 19:00"), FakeChannel()
    Desk(workspace, store, clock, channel).change("core-1", DEVICE, "not_measured")
    left = replace(workspace, devices=tuple(one for one in workspace.devices if one.name != "core-1"))
    assert Desk(left, store, clock, channel).after(60) == []


@pytest.mark.parametrize("how", ["down", "mute"])
def test_a_failing_way_escalates_at_once(workspace: Workspace, store: Store, how: str) -> None:
    channel = FakeChannel()
    setattr(channel, how, ("duty@example.vn",))
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), channel)
    desk.change("core-1", "uplink", "fail")
    assert desk.after(30) == []
    assert desk.after(5) == ["an@example.vn"]
    assert desk.calls.notes() == ["watch:call.note_unreached"]
    desk.calls.dispatch()
    assert desk.calls.notes() == []
    channel.down = channel.mute = ()
    assert desk.after(100) == (["duty@example.vn"] if how == "down" else [])


def test_a_late_message_has_the_time_of_its_state(workspace: Workspace, store: Store) -> None:
    channel = FakeChannel(down=("duty@example.vn",))
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), channel)
    desk.change("core-1", "uplink", "fail")
    assert desk.after(30) == []
    channel.down = ()
    assert desk.after(300) == ["duty@example.vn", "an@example.vn"]
    late = text("delivery:late", "vi", at="19:00:30")
    assert [late in body for body in channel.bodies] == [True, False]


@pytest.mark.parametrize("restart", [False, True])
def test_a_clock_set_back_by_an_hour_delays_no_call(workspace: Workspace, store: Store, restart: bool) -> None:
    clock, channel = FakeClock("2022-04-29 19:00"), FakeChannel(down=("duty@example.vn",))
    desk = Desk(workspace, store, clock, channel)
    desk.change("core-1", "uplink", "fail")
    desk.change("core-2", DEVICE, "not_measured")
    desk.change("core-2", DEVICE, "pass", "not_measured")
    desk.change("agg-1", DEVICE, "not_measured", cause="core-2")
    desk.change("agg-2", "uplink", "fail")
    assert desk.after(30) == []
    channel.down = ()
    clock.push(-3600)
    desk = Desk(workspace, store, clock, channel) if restart else desk
    Acts(store, workspace.event.id, clock).add("acknowledgement", [matcher("device=agg-2")], by="Bình")
    # The failed messages, the escalation of what nobody took, and what the end of its cause leaves.
    assert sorted(desk.after(30)) == ["an@example.vn"] + ["duty@example.vn"] * 3
    assert "core-1" in dict(channel.sent)["an@example.vn"]


@pytest.mark.parametrize("jump", [0.0, 300.0, -3600.0])
def test_a_dead_watch_is_reported_once_and_an_ended_one_never(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """The clock of the machine is set before each look, and a watch of another event ends beside the watch."""
    clock, channel, seconds = FakeClock("2022-04-29 19:00"), FakeChannel(), [1_000.0]
    monkeypatch.setattr("eventready.delivery.notify.heartbeat.time.monotonic", lambda: seconds[0])
    desk, beat = Desk(workspace, store, clock, channel), Beat(1, 1, 1, 0)
    other = WatchRecord(store, "another", clock)

    def look(after: float) -> list[str]:
        seconds[0] += after
        clock.push(jump)
        assert desk.calls.settings
        report_death(workspace, desk.calls.settings, store, clock)
        return desk.after(1)

    for _ in range(2):
        desk.record.beat(beat)
        assert [look(one) for one in (1, 60, 60, 55)] == [[]] * 4
    other.beat(beat)
    other.end()
    assert look(5) == ["duty@example.vn"]
    lives = text("delivery:watch.lives", "vi", at="")
    for found in (["duty@example.vn"], []):
        Desk(workspace, store, clock, channel).calls.died()
        assert look(60) == found
    desk.record.beat(beat)
    Desk(workspace, store, clock, channel).calls.died()
    assert look(1) == ["duty@example.vn"]
    assert [body.count(lives) for body in channel.bodies] == [0, 1, 1]
    desk.record.beat(beat)
    other.beat(beat)
    desk.record.end()
    other.end()
    assert [look(one) for one in (60, 600)] == [[]] * 2


def test_a_broken_roster_stops_neither_the_message_about_a_death_nor_the_next_watch(
    workspace: Workspace, store: Store
) -> None:
    file = FILE.replace("name: duty, mail: [duty@example.vn]", "name: duty, role: CA")
    (workspace.path / "inventory" / "alerts.yaml").write_text(file, encoding="utf-8")
    (workspace.path / "inventory" / "roster.xlsx").write_bytes(b"no spreadsheet")
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    desk.record.beat(Beat(1, 1, 1, 0))
    desk.calls.died()
    assert desk.after(1) == ["an@example.vn"]


class _Server(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.paths: list[str] = []
        self.redirect = ""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.send_response(307 if self.server.redirect else 200)
        self.send_header("Location", self.server.redirect)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def test_the_heartbeat_beats_while_rounds_go_on(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _Server() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        monkeypatch.setenv("EVENTREADY_BEAT", f"http://127.0.0.1:{server.server_port}/ping/secret")
        desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
        assert desk.calls.settings
        desk.calls.settings = desk.calls.settings.model_copy(update={"heartbeat": "env:EVENTREADY_BEAT"})
        with desk.calls.sending():
            time.sleep(1.5)
            assert server.paths == []  # no round yet
            desk.calls.round([], ())
            _until(lambda: server.paths == ["/ping/secret"])
        server.shutdown()
    monkeypatch.setenv("EVENTREADY_BEAT", "http://127.0.0.1:9/ping/secret")
    monkeypatch.setattr(calls, "_LOOK_S", 0.0)
    tries = list[str]()

    def tried(*words: Any) -> None:
        tries.append(words[0])
        server_call.call_server(*words)

    monkeypatch.setattr(calls, "call_server", tried)
    with desk.calls.sending():
        desk.calls.round([], ())
        _until(lambda: bool(desk.notices))
        _until(lambda: len(tries) > 2)
    assert len(desk.notices) == 1
    assert "secret" not in "".join(desk.notices)


@pytest.mark.parametrize("answer", [b"SSH-2.0-x\r\n", b"x" * 70_000, b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200])
def test_a_server_of_another_kind_is_a_failed_call(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as client:
                client.recv(4096)
                client.sendall(answer)

        Thread(target=serve, daemon=True).start()
        with pytest.raises(EventreadyError) as raised:
            call(f"http://127.0.0.1:{server.getsockname()[1]}/secret", "env:X")
    for url in ("http://127.0.0.1:9/secret x", "http://u:secret@h:1x/", "http://[::1/secret"):
        with pytest.raises(EventreadyError) as raised:
            call(url, "env:X")
        assert "secret" not in str(raised.value)


@pytest.mark.attack(family="servers that are called")
@pytest.mark.parametrize(
    ("answer", "more", "pause_s"),
    [(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 0.0), (b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.2), (b"", b"", 9.0)],
)
def test_an_answer_without_end_ends_with_the_time_of_its_call(
    answer: bytes, more: bytes, pause_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventready.delivery.notify.url_process.LIMIT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as client, suppress(OSError):
                client.sendall(answer)
                while True:
                    client.sendall(more)
                    time.sleep(pause_s)

        Thread(target=serve, daemon=True).start()
        with pytest.raises(EventreadyError, match=r"env:X was called without an answer"):
            call(f"http://127.0.0.1:{server.getsockname()[1]}/secret", "env:X")


@pytest.mark.attack(family="servers that are called")
@pytest.mark.parametrize("body", [None, b"[]"])
def test_a_redirect_of_a_call_is_a_failure(body: bytes | None) -> None:
    with _Server() as server, _Server() as other:
        for one in (server, other):
            Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        server.redirect = f"http://127.0.0.1:{other.server_port}/elsewhere"
        with pytest.raises(EventreadyError, match="Temporary Redirect"):
            call(f"http://127.0.0.1:{server.server_port}/secret", "env:X", body)
        assert (server.paths, other.paths) == (["/secret"], [])
        server.shutdown()
        other.shutdown()


def test_a_hanging_heartbeat_does_not_delay_an_alertmanager_and_a_hanging_alertmanager_is_a_failure(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_alertmanager(workspace, "heartbeat: env:EVENTREADY_BEAT\n")
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    called, end = set[str](), Event()

    def hang(reference: str, *_: object) -> None:
        called.add(reference)
        end.wait(30)

    for module in (calls, server_call):
        monkeypatch.setattr(module, "call_server", hang)
    monkeypatch.setattr(posts, "_UNREACHED_S", 0.0)
    desk.calls.round([], ())
    with desk.calls.sending():
        _until(lambda: called == {"env:EVENTREADY_BEAT", "env:EVENTREADY_AM"})
        assert desk.calls.notes() == ["watch:call.note_unposted"]
        end.set()


def to_alertmanager(workspace: Workspace, *more: str) -> None:
    file = "".join(["to: alertmanager\nalertmanager: env:EVENTREADY_AM\n", *more])
    (workspace.path / "inventory" / "alerts.yaml").write_text(file, encoding="utf-8")


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(not shutil.which("prometheus-alertmanager"), reason="needs Debian's prometheus-alertmanager")
def test_an_alertmanager_gets_the_alerts_and_their_ends(
    workspace: Workspace, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    (tmp_path / "am.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    program = subprocess.Popen(
        ["prometheus-alertmanager", f"--config.file={tmp_path}/am.yml", f"--storage.path={tmp_path}/am",
         f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    monkeypatch.setenv("EVENTREADY_AM", f"http://127.0.0.1:{port}")

    def known() -> list[dict[str, Any]]:
        try:
            with urlopen(f"http://127.0.0.1:{port}/api/v2/alerts", timeout=5) as answer:
                found: list[dict[str, Any]] = json.load(answer)
        except OSError:
            return []
        return found

    try:
        clock = FakeClock("2022-04-29 19:00")
        to_alertmanager(workspace)
        desk = Desk(workspace, store, clock, FakeChannel())
        desk.change("core-1", "uplink", "fail")
        desk.change("edge-hn-1", "isis", "warn")
        desk.calls.round([], ())
        with desk.calls.sending():
            _until(lambda: len(known()) == 2)
            (found,) = [one for one in known() if one["labels"]["device"] == "core-1"]
            assert found["labels"]["alertname"] == "uplink"
            assert re.search(r"\[DIỄN TẬP\] .*core-1 uplink", found["annotations"]["summary"])
            assert found["labels"]["rehearsal"] == "true"
            desk.change("core-1", "uplink", "pass", "fail")
            clock.push(-3600)
            desk.calls.dispatch()
            _until(lambda: [one["labels"]["device"] for one in known()] == ["edge-hn-1"])
        assert (desk.channel.sent, desk.notices) == ([], [])
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait()


def test_an_unreached_alertmanager_is_on_the_wall(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_alertmanager(workspace)
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    monkeypatch.setenv("EVENTREADY_AM", "http://127.0.0.1:9")
    with pytest.raises(EventreadyError):
        desk.calls._post()
    assert desk.calls.notes() == []
    monkeypatch.setattr(posts, "_UNREACHED_S", 0.0)
    assert desk.calls.notes() == ["watch:call.note_unposted"]
    desk.change("core-1", "uplink", "fail")
    assert desk.after(60) == []
    monkeypatch.setattr(server_call, "call_server", lambda *_: None)
    desk.calls._post()
    assert desk.calls.notes() == []


def test_a_dead_watch_is_an_alert_of_the_alertmanager(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_alertmanager(workspace)
    posted = list[dict[str, Any]]()
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    desk.record.beat(Beat(1, 1, 1, 0))
    with monkeypatch.context() as patch:
        patch.setattr(server_call, "call_server", lambda *words: posted.extend(json.loads(words[-1])))
        desk.calls.died()
    assert [one["labels"] for one in posted] == [{"alertname": "watch_died", "rehearsal": "true"}]
    assert desk.after(1) == []
    desk.calls.died()
    assert "EVENTREADY_AM" in desk.notices[-1]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as left:
        main([*words])
    return int(left.value.code or 0), capsys.readouterr().out


def test_only_receivers_of_ends_get_them_and_an_end_is_no_call_for_help(workspace: Workspace, store: Store) -> None:
    file = FILE.replace("name: duty,", "name: duty, send_resolved: false,").replace("[device]", "[]")
    (workspace.path / "inventory" / "alerts.yaml").write_text(file, encoding="utf-8")
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    desk.change("core-1", "uplink", "fail")
    assert desk.after(31) == ["duty@example.vn"]
    assert desk.after(600) == ["an@example.vn"]
    desk.change("core-1", "uplink", "pass", "fail")
    desk.change("core-2", "uplink", "fail")
    assert desk.after(400) == ["duty@example.vn", "an@example.vn"]
    assert ["core-1" in body for body in desk.channel.bodies[2:]] == [False, True]
    assert desk.channel.sent[3][1] == "[DIỄN TẬP] 1 cảnh báo đã hết: core-1 uplink"


def test_addresses_that_hang_delay_no_other(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "_HANGS_S", 0.0)
    desk, end, reached = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel()), Event(), list[str]()

    def send(address: str, _subject: str, _body: str, handed: Callable[[], None]) -> str:
        handed()
        if address.startswith("hang"):
            end.wait(30)
        reached.append(address)
        return "sent"

    monkeypatch.setattr(desk.channel, "send", send)
    addresses = [*(f"hang{number}@example.vn" for number in range(20)), "an@example.vn"]
    desk.calls.outbox.add("storm", OutboxNotice("alert", Wording("", "", "en")), addresses, desk.clock.now())
    with desk.calls.sending():
        _until(lambda: reached == ["an@example.vn"])
        end.set()


def test_texts_of_devices_are_short_lines_in_a_message(workspace: Workspace, store: Store) -> None:
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    hostile = "x\r\nBcc: all@example.vn\r\n.\r\n\x1b[31m\u202e" + "Z" * 100_000
    change = RecordedChange(
        "core-1", "uplink", "", "pass", "fail", damped=False, cause="", message=hostile, message_id="x"
    )
    hostile_ones = (replace(change, subject=f"{hostile}{number}") for number in range(30))
    desk.calls.alerts.replay((desk.clock.now(), one) for one in hostile_ones)
    assert desk.after(31) == ["duty@example.vn"]
    (body,) = desk.channel.bodies
    assert len(body.splitlines()) == 21
    assert max(map(len, body.splitlines())) < 400
    assert not {*body} & {"\r", "\x1b", "\u202e"}


def test_a_changed_file_is_in_force_and_a_broken_one_leaves_the_last_good_one(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_LOOK_S", 0.0)
    desk, path = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel()), workspace.path / "inventory"
    desk.change("core-1", "uplink", "fail")

    def called(content: str, seconds: float) -> list[str]:
        (path / "alerts.yaml").write_text(content, encoding="utf-8")
        desk.calls.round([], ())
        return desk.after(seconds)

    assert called(FILE, 31) == ["duty@example.vn"]
    assert called(FILE.replace("route:", "rout:"), 600) == ["an@example.vn"]
    assert called(FILE.replace("route:", "rout:"), 1) == []
    assert desk.calls.notes() == ["watch:call.note_kept"]
    assert len([notice for notice in desk.notices if "rout" in notice]) == 1
    assert called(FILE.replace("duty@", "night@"), 60) == []
    assert desk.calls.notes() == []
    desk.channel.down = ("night@example.vn",)
    desk.change("core-1", "isis", "fail")
    assert desk.after(301) == []
    desk.channel.down = ()
    assert called(FILE.replace("duty@", "late@"), 400) == ["an@example.vn"]  # and nothing to a removed address
    assert "failed" in {one.state for made in desk.calls.outbox.messages() for one in made.deliveries.values()}
    (path / "alerts.yaml").unlink()
    desk.calls.round([], ())
    assert desk.calls.notes() == ["watch:call.note_kept"]
    assert "there is no alerts.yaml" in desk.notices[-1]


@pytest.mark.parametrize("content", [None, FILE.replace("route:", "rout:")])
def test_a_watch_without_a_good_file_takes_one_up_when_it_is_there(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.setattr(calls, "_LOOK_S", 0.0)
    path = workspace.path / "inventory" / "alerts.yaml"
    path.unlink()
    if content:
        path.write_text(content, encoding="utf-8")
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    desk.record.beat(Beat(1, 1, 1, 0))
    desk.calls.died()
    desk.change("core-1", "uplink", "fail")
    for _ in range(2):
        desk.calls.round([], ())
    assert (desk.after(600), desk.calls.notes()) == ([], ["watch:call.note_nobody"])
    assert ["rout" in notice for notice in desk.notices] == [True] * bool(content)
    path.write_text(FILE, encoding="utf-8")
    desk.calls.round([], ())
    assert (desk.after(0), desk.calls.notes()) == (["duty@example.vn"], [])


def test_each_address_gets_its_language(workspace: Workspace, store: Store) -> None:
    people = "  An: {mail: [an@example.vn], lang: en}\n  Vy: {mail: [vy@example.vn]}\n"
    file = FILE.replace("mail: [duty@example.vn]", "people: [An, Vy]").replace(
        "  An: {mail: [an@example.vn]}\n", people
    )
    (workspace.path / "inventory" / "alerts.yaml").write_text(file, encoding="utf-8")
    desk = Desk(workspace, store, FakeClock("2022-04-29 19:00"), FakeChannel())
    desk.change("core-1", "uplink", "fail")
    assert desk.after(31) == ["an@example.vn", "vy@example.vn"]
    assert [subject for _, subject in desk.channel.sent] == [
        f"[{mark}: core-1 uplink" for mark in ("REHEARSAL] 1 alert", "DIỄN TẬP] 1 cảnh báo")
    ]
    desk.record.beat(Beat(1, 1, 1, 0))
    desk.calls.died()
    desk.after(1)
    assert ["The watch died" in subject for _, subject in desk.channel.sent[2:]] == [True, False]


def test_a_call_without_an_address_is_in_the_language_of_the_country() -> None:
    """Its words are shown, and those of a person without an address decide nothing."""
    words, others = written((ReceiverAddress("Vy", "", "vi"),), lambda lang: (lang, lang), "en")
    assert (words.lang, words.subject, others) == ("en", "en", {})


def test_the_command_tests_receivers_and_explains_alerts(
    workspace: Workspace, mailroom: Mailroom, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(workspace.path, room=mailroom)
    off = "people:\n  Vy: {}\n"
    file = FILE.replace("people:\n", off).replace("receivers:\n", "receivers:\n  - {name: off, people: [Vy]}\n")
    (workspace.path / "inventory" / "alerts.yaml").write_text(file, encoding="utf-8")
    place = ("-w", str(workspace.path), "--now", "2022-04-29 19:00")
    mailroom.answers["an@example.vn"] = "550 no such user"
    sent = (0, "duty@example.vn: mailed to duty@example.vn\n")
    assert run(capsys, *place, "watch", "alerts", "test", "--really", "--rehearsal") == sent
    assert run(capsys, *place, "watch", "alerts", "test", "chief", "--really", "--rehearsal")[0] == 4
    assert run(capsys, *place, "watch", "alerts", "test", "nobody")[0] == 2
    with pytest.raises(SystemExit, match="4"):
        main([*place, "watch", "alerts", "test", "off", "--really", "--rehearsal"])
    assert "off at this minute: Vy" in capsys.readouterr().err
    assert run(capsys, *place, "watch", "alerts", "test", "--really")[0] == 7
    assert len(mailroom.mails) == 1
    clock = Clock.starting("2022-04-29 18:59")
    with Store.of_workspace(workspace.path) as store:
        WatchRecord(store, workspace.event.id, clock).changes(
            [StateChange(0, Key("core-1", "uplink", "Te0/1"), "pass", "fail", None)]
        )
        Acts(store, workspace.event.id, clock).add("acknowledgement", [matcher("device=core-1")], by="Bình")
    code, shown = run(capsys, *place, "-o", "json", "watch", "alerts", "explain", "core-1/uplink")
    (found,) = json.loads(shown)
    assert (code, found["muted"], found["acknowledgement"]["by"]) == (0, "", "Bình")
    assert found["routes"][0]["people"] == [{"person": "", "address": "duty@example.vn", "lang": "vi"}]
    assert found["routes"][0]["escalation"]["people"] == [{"person": "An", "address": "an@example.vn", "lang": "vi"}]
    with pytest.raises(SystemExit):
        main([*place, "watch", "alerts", "explain", "core-1"])
    shown, noted = capsys.readouterr()
    assert "Acknowledged by Bình" in shown
    assert text("watch:call.note_gone", "en") in noted
    assert run(capsys, *place, "watch", "pause", "core-1")[0] == 0
    assert '"muted": "cause"' in run(capsys, *place, "-o", "json", "watch", "alerts", "explain", "core-1/uplink")[1]
    supposed = run(capsys, *place, "--lang", "vi", "watch", "alerts", "explain", "agg-1/isis")[1]
    assert "<duty@example.vn>" in supposed
    assert text("watch:explain.absent", "vi") in supposed
    with Store.of_workspace(workspace.path) as store:
        key = f"{workspace.event.id} rehearsal"
        failed = OpenEntry(
            "",
            "",
            {},
            "fail",
            device="agg-1",
            check="isis",
            subject="",
            since=clock.now(),
            venues=(),
            services=(),
            cause="",
        )
        store.current(OPEN).put(key, OpenFindings("1", (failed,)))
        devices = (DeviceAge("core-2", None, None),)
        state = Snapshot(clock.now(), clock.now(), 5.0, (), "1", None, None, (), devices, ())
        store.current(SNAPSHOTS).put(key, state)
    for taken, open_now in (("agg-1/isis", True), ("core-2", True), ("agg-1/uplink", False), ("core-1", False)):
        with pytest.raises(SystemExit):
            main([*place, "watch", "alerts", "acknowledge", taken])
        assert (text("cli:alerts.none_open", "en") in capsys.readouterr().err) is not open_now
    for wrong in (["core-9"], ["core-1/uplnik"], ["core-1", "core-2"], ["host=core-1"]):
        assert run(capsys, *place, "watch", "alerts", "acknowledge", *wrong)[0] == 2


def test_doctor_names_references_without_a_value_and_people_without_an_address(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    file = FILE.replace("mail: [duty@example.vn]", 'role: CA, apprise: ["env:EVENTREADY_NO_URL"]')
    (workspace.path / "inventory" / "alerts.yaml").write_text(file, encoding="utf-8")
    shown = run(capsys, "-w", str(workspace.path), "doctor")[1]
    assert "EVENTREADY_NO_URL" in shown
    assert "receiver duty: no address of" in shown
    shown = run(capsys, "-w", str(workspace.path), "-o", "json", "trust", "content", "--show")[1]
    assert {"an@example.vn", "env:EVENTREADY_NO_URL"} <= set(json.loads(shown)["recipients"])


@pytest.mark.parametrize(
    ("condition", "near"),
    [
        ("device=cor-1", "core-1"),
        ("check!=uplnik", "uplink"),
        ("check=~uplink|isiss", "isis"),
        ("role=~routr", "router"),
        ("venues=hoi-nghii", "hoi-nghi"),
        ("venue: hoi-nghii", "hoi-nghi"),
        ('device=~"core-.*|edge-(hn|vh)-1"', ""),
        ("check=watch_clock", ""),
        ("check=device", ""),
        ('subject=~"\\d+"', ""),
    ],
)
def test_a_condition_of_no_alert_is_named_with_what_is_near(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], condition: str, near: str
) -> None:
    new = f"  routes: [{{receiver: chief, matchers: ['{condition}']}}]\nreceivers:\n"
    file = FILE.replace("receivers:\n", new)
    if ":" in condition:
        file = FILE.replace("name: duty,", f"name: duty, {condition},")
    (workspace.path / "inventory" / "alerts.yaml").write_text(file, encoding="utf-8")
    found = [error.whole.render("en") for error in impossible(load_alerts(workspace.path), workspace)]
    assert [f"'{near}'?" in sentence for sentence in found] == [True] * bool(near)
    with pytest.raises(SystemExit):
        main(["-w", str(workspace.path), "watch", "alerts", "explain", "core-1/uplink"])
    assert (near in capsys.readouterr().err) is True


@pytest.fixture
def mailroom() -> Iterator[Mailroom]:
    with Mailroom() as room:
        yield room
