"""The control socket of a running lab: a JSON line as request, a JSON line as answer."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import Message, Text, as_record, from_record, in_language, message
from eventready_lab.control.active_fault import ActiveFault
from eventready_lab.control.lab_folder import LabRecord

_LONGEST = 65_536
_TIMEOUT_S = 20.0
#: Real software needs its time to detect a fault, and to recover.
_REAL_TIMEOUT_S = 180.0


class ControlledLab(Protocol):
    """Embedded or real lab, in the control socket's view."""

    @property
    def names(self) -> Sequence[str]:
        """The devices."""

    @property
    def endpoints(self) -> int:
        """Number of listening addresses."""

    @property
    def sessions(self) -> int:
        """Number of open sessions."""

    @property
    def active_faults(self) -> Sequence[ActiveFault]:
        """The active faults."""

    async def change(self, device: str, fault: str, args: Mapping[str, Any], *, clear: bool) -> Sequence[ActiveFault]:
        """Inject a fault, or clear the matching ones; the changed faults. Raises UsageError."""

    async def flow(self, source: str, kind: str, target: str) -> Mapping[str, Any]:
        """The address of a probe stream: kind, host, port and namespace. Raises UsageError."""


class ControlSocket:
    """Serves the requests `status`, `fault`, `flow` and `stop`."""

    def __init__(self, lab: ControlledLab, stop: Callable[[], None]) -> None:
        self._lab = lab
        self._stop = stop
        self._started = time.monotonic()
        self._server: asyncio.Server | None = None

    async def open(self, path: Path) -> None:
        """Listen, for the owner only."""
        self._server = await asyncio.start_unix_server(self._serve, str(path), limit=_LONGEST)
        path.chmod(0o600)

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._answer(json.loads(await reader.readline()))
        except (ValueError, TypeError, AttributeError):
            answer = _refusal(UsageError(message("lab:request.no_object")))
        writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
        try:
            await writer.drain()
            writer.close()
        except ConnectionError:
            return

    async def _answer(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        match request.get("do"):
            case "status":
                return self._status()
            case "fault":
                return await self._fault(request)
            case "flow":
                return await self._flow(request)
            case "stop":
                asyncio.get_running_loop().call_soon(self._stop)
                return {"stopping": True}
            case other:
                return _refusal(UsageError(message("lab:request.unknown", name=str(other))))

    def _status(self) -> Mapping[str, Any]:
        lab = self._lab
        return {
            "devices": len(lab.names),
            "endpoints": lab.endpoints,
            "sessions": lab.sessions,
            "up_s": round(time.monotonic() - self._started, 1),
            "faults": [fault.to_dict() for fault in lab.active_faults],
        }

    async def _fault(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            changed = await self._lab.change(
                str(request["device"]), str(request["fault"]), request.get("args") or {},
                clear=bool(request.get("clear")),
            )  # fmt: skip
        except UsageError as error:
            return _refusal(error)
        except KeyError as error:
            return _refusal(UsageError(message("lab:request.missing", name=str(error.args[0]))))
        return {"done": [fault.to_dict() for fault in changed]}

    async def _flow(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return await self._lab.flow(str(request["source"]), str(request["kind"]), str(request["target"]))
        except UsageError as error:
            return _refusal(error)
        except KeyError as error:
            return _refusal(UsageError(message("lab:request.missing", name=str(error.args[0]))))


def send_request(record: LabRecord, **request: Any) -> dict[str, Any]:
    """Send a request to a running lab; its answer. Raises UsageError with the lab's reason, or without an answer."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_REAL_TIMEOUT_S if record.real else _TIMEOUT_S)
            connection.connect(record.socket)
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline())
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else message("lab:no_message")
        raise UsageError(message("lab:no_answer", pid=str(record.pid), reason=reason)) from None
    if "error" in answer:
        raise UsageError(from_record(answer, "error"), do=from_record(answer, "do"))
    return answer


def _refusal(error: UsageError) -> dict[str, Any]:
    """Answer for a refused request: cause and remedy in English, each with its message for the client's language."""
    return {**as_record("error", _stored(error.cause)), **as_record("do", _stored(error.remedy))}


def _stored(content: str | Text) -> str | Message:
    return content if isinstance(content, Message) else in_language(content, "en")
