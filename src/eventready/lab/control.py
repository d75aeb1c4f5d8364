"""The control socket of a running lab: one JSON line in, one JSON line back."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from eventready.errors import UsageError
from eventready.lab.book import Made
from eventready.lab.place import Running

_LONGEST = 65_536
_PATIENCE_S = 20.0
#: Real software takes its time to notice a fault, and to recover from one.
_REAL_PATIENCE_S = 180.0


class Stage(Protocol):
    """What a control socket speaks for: a lab of whatever kind."""

    @property
    def names(self) -> Sequence[str]:
        """The devices."""

    @property
    def endpoints(self) -> int:
        """How many addresses answer."""

    @property
    def sessions(self) -> int:
        """How many sessions are open."""

    @property
    def standing(self) -> Sequence[Made]:
        """The faults that stand."""

    async def change(self, device: str, fault: str, args: Mapping[str, Any], *, clear: bool) -> Sequence[Made]:
        """Make a fault, or clear those it fits; what was done. Raises UsageError."""


class Control:
    """Answers on the control socket: `status`, `fault`, `stop`."""

    def __init__(self, lab: Stage, stop: Callable[[], None]) -> None:
        self._lab = lab
        self._stop = stop
        self._began = time.monotonic()
        self._server: asyncio.Server | None = None

    async def open(self, path: Path) -> None:
        """Listen; only the owner may connect."""
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
            answer = {"error": "this is not a request"}
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
            case "stop":
                asyncio.get_running_loop().call_soon(self._stop)
                return {"stopping": True}
            case other:
                return {"error": f"a lab cannot {other!r}"}

    def _status(self) -> Mapping[str, Any]:
        lab = self._lab
        return {
            "devices": len(lab.names),
            "endpoints": lab.endpoints,
            "sessions": lab.sessions,
            "up_s": round(time.monotonic() - self._began, 1),
            "faults": [_made(made) for made in lab.standing],
        }

    async def _fault(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            done = await self._lab.change(
                str(request["device"]), str(request["fault"]), request.get("args") or {},
                clear=bool(request.get("clear")),
            )  # fmt: skip
        except UsageError as error:
            return {"error": error.what, "do": error.do}
        except KeyError as error:
            return {"error": f"the request has no {error}"}
        return {"done": [_made(made) for made in done]}


def _made(made: Made) -> Mapping[str, Any]:
    return {"device": made.device, "fault": made.fault, "args": dict(made.args)}


def ask(running: Running, **request: Any) -> dict[str, Any]:
    """Ask a running lab. Raises UsageError with its reason, or when it does not answer."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_REAL_PATIENCE_S if running.real else _PATIENCE_S)
            connection.connect(running.socket)
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline())
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the lab (process {running.pid}) does not answer ({error or type(error).__name__})",
            do="Stop it with `eventready lab down`, and start it again.",
        ) from None
    if "error" in answer:
        raise UsageError(answer["error"], do=answer.get("do", ""))
    return answer
