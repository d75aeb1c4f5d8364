"""Sentences cross from the lab's process to the client with their message: by the socket, the record and the log."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from eventready.core.errors import UsageError
from eventready.core.messages import Message, in_english, message
from eventready_lab.control.active_fault import ActiveFault
from eventready_lab.control.control_socket import ControlSocket, send_request
from eventready_lab.control.lab_folder import LabFolder, LabRecord, last_log_line, log_failure, process_start_time
from eventready_lab.faults.errors import no_part


class Lab:
    """A lab that refuses everything."""

    names, endpoints, sessions = ("r1",), 1, 0
    active_faults: Sequence[ActiveFault] = ()

    def __init__(self, refusal: UsageError) -> None:
        self.refusal = refusal

    async def change(self, device: str, fault: str, args: Mapping[str, Any], *, clear: bool) -> Sequence[ActiveFault]:
        raise self.refusal

    async def flow(self, source: str, kind: str, target: str) -> Mapping[str, Any]:
        raise self.refusal


def record_of(path: Path, **more: Any) -> LabRecord:
    return LabRecord(os.getpid(), process_start_time(os.getpid()), str(path), 1, 1, "", "", **more)


def refusal_of(path: Path, refusal: UsageError, **request: Any) -> UsageError:
    """The client's error for a request to a lab with a refusal."""

    async def ask() -> UsageError:
        control = ControlSocket(Lab(refusal), lambda: None)
        await control.open(path)
        try:
            await asyncio.to_thread(send_request, record_of(path), **request)
        except UsageError as error:
            return error
        finally:
            control.close()
        pytest.fail("no refusal")

    return asyncio.run(ask())


FAULT = {"do": "fault", "device": "r1", "fault": "link-down"}


def test_a_refusal_of_the_lab_is_in_the_clients_language(tmp_path: Path) -> None:
    there = no_part(
        "r1", "port", "Gi7", ["Gi1", message("lab:fault.cable", port="Gi2", router="r2", address="10.0.0.2")]
    )
    here = refusal_of(tmp_path / "s", there, **FAULT)
    assert str(here) == "r1 has no port Gi7. It has: Gi1, Gi2 to r2 10.0.0.2."
    assert here.render("vi") == "r1 không có cổng Gi7. Thiết bị có: Gi1, Gi2 đến r2 10.0.0.2."


def test_a_refusal_without_a_message_stays_as_it_is(tmp_path: Path) -> None:
    here = refusal_of(tmp_path / "s", UsageError("older words", do="Do."), do="flow", source="a", kind="b", target="c")
    assert here.render("vi") == "older words. Do."


def test_the_answer_has_the_english_text_for_other_clients(tmp_path: Path) -> None:
    async def ask() -> dict[str, Any]:
        control = ControlSocket(Lab(UsageError(message("lab:fault.unknown", name="x"))), lambda: None)
        await control.open(tmp_path / "s")
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(json.dumps(FAULT).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await reader.readline())
        writer.close()
        control.close()
        return answer

    answer = asyncio.run(ask())
    assert (answer["error"], answer["do"]) == ("unknown fault 'x'", "See `eventready lab fault --list`.")
    assert answer["error_text"] == {"id": "lab:fault.unknown", "params": {"name": "x"}}


@pytest.mark.parametrize(
    ("request_", "words"),
    [({"do": "dance"}, "không có yêu cầu 'dance'."), ({"do": "fault"}, "yêu cầu không có 'device'.")],
)
def test_a_wrong_request_is_refused_in_the_language(tmp_path: Path, request_: dict[str, Any], words: str) -> None:
    assert refusal_of(tmp_path / "s", UsageError("none"), **request_).render("vi") == words


def test_the_parts_left_out_are_recorded_with_their_messages(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path)
    reason = message("lab:not_installed", names=["qemu", "iw"])
    left_out = (message("lab:left_out.wifi_host", reason=reason), "something else")
    folder.write_record(record_of(folder.socket_path(), left_out=left_out))
    record = folder.read_record()
    assert record
    assert tuple(map(in_english, record.left_out)) == ("the WiFi host (not installed: qemu, iw)", "something else")
    first = record.left_out[0]
    assert isinstance(first, Message)
    assert first.render("vi") == "máy phát Wi-Fi (chưa cài: qemu, iw)"


def test_the_error_of_a_labs_process_is_read_from_its_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log_failure(UsageError(message("lab:not_running"), where="here"))
    written = capsys.readouterr().err
    assert written.startswith("error: here: no lab is running. Start one with `eventready lab up`.\n")
    (tmp_path / "lab.log").write_text(f"a warning\n{written}", encoding="utf-8")
    error = UsageError(message("lab:not_started", reason=last_log_line(tmp_path / "lab.log")))
    assert str(error).endswith("did not start: here: no lab is running. Start one with `eventready lab up`.")
    assert error.render("vi").endswith(
        "here: không có phòng lab nào đang chạy. Hãy khởi động bằng `eventready lab up`."
    )


@pytest.mark.parametrize(("log", "line"), [("", ""), ("a\nError: x\n", "Error: x"), ("[1]", "[1]"), ("7", "7")])
def test_any_other_last_line_of_a_log_stays_as_it_is(tmp_path: Path, log: str, line: str) -> None:
    (tmp_path / "lab.log").write_text(log, encoding="utf-8")
    assert last_log_line(tmp_path / "lab.log") == line
    assert last_log_line(tmp_path / "absent.log") == ""
