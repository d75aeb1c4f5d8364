"""Server of a change and its terminals, over the socket itself."""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from eventready.change.execute.attach.client import Attachment, attachments
from eventready.change.execute.attach.records import (
    ChangeBegun,
    DeviceDone,
    Finished,
    OperatorAnswer,
    OperatorQuestion,
    ProcessOf,
    QuestionOver,
    StepBegun,
    ToTerminal,
)
from eventready.change.execute.attach.server import AttachServer
from eventready.change.execute.attach.sockets import connect, listen, socket_folder
from eventready.change.execute.context import NoChangeProgress
from eventready.change.execute.result import ApplyResult, AssignmentResult
from eventready.core.errors import Exit
from eventready.core.messages import Message, message
from eventready.store.change_steps import DeviceOutcome

PROCESS = ProcessOf("p-1", "an", "noc-1", 1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AttachServer]:
    with AttachServer(tmp_path, PROCESS, NoChangeProgress()) as made:
        yield made


def attached(server: AttachServer) -> Attachment:
    return Attachment(connect(server.path))


def question_at(link: Attachment) -> OperatorQuestion:
    question = until(link, OperatorQuestion)[-1]
    assert isinstance(question, OperatorQuestion)
    return question


def until(link: Attachment, kind: type[ToTerminal]) -> list[ToTerminal]:
    """All records up to one of a kind."""
    came = list(link.records())
    while not any(isinstance(one, kind) for one in came):
        assert link.open
        link.read()
        came += link.records()
    return came


def test_a_terminal_gets_all_from_the_begin(server: AttachServer, tmp_path: Path) -> None:
    server.begun("c-1", 2)
    why = message("change:why.hold_over")
    result = AssignmentResult("bsc-1", DeviceOutcome.OLD, why)
    server.step("bsc-1", "arm")
    server.done(result)
    (link,) = attachments(tmp_path)
    head = link.head()
    assert head is not None
    assert (head.change, head.plan, head.pid) == ("c-1", "p-1", os.getpid())
    begun, step, done = until(link, DeviceDone)
    assert (begun, step, done) == (ChangeBegun("c-1", 2), StepBegun("bsc-1", "arm"), DeviceDone(result))
    assert isinstance(done, DeviceDone)
    assert isinstance(done.result.why, Message), "in the language of each terminal"


def test_the_first_answer_wins(server: AttachServer) -> None:
    one, other = attached(server), attached(server)
    server.wave(1, 1, ["bsc-1"])
    words: list[bool | None] = []
    waiting = Thread(target=lambda: words.append(server.word("bsc-1", 60, time.sleep)))
    waiting.start()
    question = question_at(one)
    assert question == question_at(other)
    assert question.devices == ("bsc-1",)
    one.send(OperatorAnswer(question.number, "no"))
    until(other, QuestionOver)
    other.send(OperatorAnswer(question.number, "yes"))
    waiting.join()
    assert words == [False]


def test_a_question_comes_once_the_whole_wave_waits(server: AttachServer) -> None:
    server.wave(1, 1, ["bsc-1", "bsc-2"])
    assert server.word("bsc-1", 0.3, time.sleep) is None
    with attached(server) as link:
        server.publish(Finished(ApplyResult("c-1", (), Exit.OK)))
        assert not any(isinstance(one, OperatorQuestion) for one in until(link, Finished))


def test_one_time_codes_come_from_a_terminal(server: AttachServer) -> None:
    with attached(server) as link:
        codes: list[str] = []
        asking = Thread(target=lambda: codes.append(server.code("core-1: Code:")))
        asking.start()
        question = question_at(link)
        assert (question.about, question.text) == ("code", "core-1: Code:")
        link.send(OperatorAnswer(question.number + 7, "wrong"))
        link.send(OperatorAnswer(question.number, "123456"))
        asking.join()
    assert codes == ["123456"]


def test_no_terminal_delays_the_change(server: AttachServer) -> None:
    """One that does not read, one that is gone, and one that sends no records."""
    stopped, gone, strange = (connect(server.path) for _ in range(3))
    gone.close()
    strange.sendall(b'{"kind":"what"}\n[]\n\xff\n' + b"x" * 100)
    for number in range(5000):
        server.step(f"device-{number}", "arm")
    with attached(server) as link:
        server.publish(Finished(ApplyResult("c-1", (), Exit.OK)))
        assert len(until(link, Finished)) == 5001
    stopped.close()
    strange.close()


def test_the_last_record_arrives_though_the_process_ends_at_once(tmp_path: Path) -> None:
    server = AttachServer(tmp_path, PROCESS, NoChangeProgress())
    link = Attachment(connect(server.path))
    with server:
        server.publish(Finished(ApplyResult("c-1", (), Exit.OK)))
    assert until(link, Finished)
    assert not server.path.exists()


def test_sockets(tmp_path: Path) -> None:
    """For the owner only, under any path; one left by a killed process is removed."""
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    listener, path = listen(deep)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    connect(path).close()
    listener.close()
    assert path.exists()
    assert list(attachments(deep)) == []
    assert list(socket_folder(deep).iterdir()) == []
    with pytest.raises(OSError, match="No such file"):
        connect(path)


def test_another_user_is_not_heard(server: AttachServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventready.change.execute.attach.sockets.os.geteuid", lambda: 4711)
    monkeypatch.chdir(server.path.parent)
    with pytest.raises(PermissionError):
        connect(server.path)
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(server.path.name)
        assert link.recv(1) == b""
