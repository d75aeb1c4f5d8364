"""Huawei MML on a raw TCP port: reports instead of prompts, many packets to one report, alarms in between.

    +++    HUAWEI        2022-04-25 07:00:00
    O&M    #587
    %%/*1234*/DSP CELL:;%%
    RETCODE = 0  Operation succeeded
    ...
    ---    END

A packet that says "To be continued..." before its end mark is followed by more of the same report.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from eventready.session.screen import Screen

END = re.compile(rb"^---\s{1,8}END[ \t]*\r?$", re.MULTILINE)
_ECHO = re.compile(rb"%%(?:/\*[^*\n]{0,80}\*/)?(?P<command>[^%\n]{0,4096})%%")
_RETCODE = re.compile(rb"RETCODE\s{0,4}=\s{0,4}(?P<code>-?\d{1,10})[ \t]*(?P<text>[^\r\n]{0,200})")
_MORE = (b"To be continued", "仍有后续报告输出".encode(), "仍有后续报告输出".encode("gbk"))
_UNSOLICITED = re.compile(rb"^\s{0,8}(?:ALARM|EVENT|EVT)\b", re.MULTILINE)


def read_report(screen: Screen, command: str, end: re.Pattern[bytes], left: Callable[[], float]) -> bytes:
    """The packets that answer `command`, end marks included, other reports dropped.

    `left` tells how many seconds remain. Raises TimeoutError (what came stays on the screen), Closed, TooMuch.
    """
    packets: list[bytes] = []
    scan = 0
    while True:
        while mark := end.search(screen.text, scan):
            size, scan = mark.end(), 0
            del mark
            packet = screen.take(size)
            if not _belongs(packet, command, begun=bool(packets)):
                continue
            packets.append(packet.lstrip(b"\r\n"))
            if not any(word in packet for word in _MORE):
                return b"\n".join(packets) + b"\n"
        scan = max(0, screen.text.rfind(b"\n", 0, max(0, len(screen.text) - 1)))
        remaining = left()
        if remaining <= 0:
            screen.text[:0] = b"\n".join(packets)
            raise TimeoutError
        screen.more(remaining)


def _belongs(packet: bytes, command: str, *, begun: bool) -> bool:
    """True for a packet that echoes the command, or that has no echo and is no alarm report."""
    echo = _ECHO.search(packet)
    if echo:
        shown, asked = _squeezed(echo["command"]), _squeezed(command.encode())
        return shown == asked or (asked.startswith(b"LGI:") and shown.startswith(b"LGI:"))  # its password is masked
    return begun or not _UNSOLICITED.search(packet)


def _squeezed(command: bytes) -> bytes:
    return b"".join(command.split()).rstrip(b";").upper()


def outcome(report: bytes) -> tuple[int, str]:
    """(return code, its words) of a report; code -1 when it has none, with its first telling line."""
    found = _RETCODE.search(report)
    if found:
        return int(found["code"]), found["text"].decode(errors="replace").strip()
    lines = [line.strip() for line in report.decode(errors="replace").splitlines()]
    telling = (line for line in lines if line and not line.startswith(("+++", "---", "O&M", "%%")))
    return -1, next(telling, "no return code")
