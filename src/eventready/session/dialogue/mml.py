"""Read Huawei MML reports on a raw TCP port: reports of several packets, alarm reports in between.

    +++    HUAWEI        2033-07-25 07:00:00
    O&M    #587
    %%/*1234*/DSP CELL:;%%
    RETCODE = 0  Operation succeeded
    ...
    ---    END

A packet with "To be continued..." before its end mark is followed by the next packet of the report.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from eventready.core.strings.texts import lines_of
from eventready.session.dialogue.buffer import ReceiveBuffer

END = re.compile(rb"^---\s{1,8}END[ \t]*\r?$", re.MULTILINE)
_ECHO = re.compile(rb"%%(?:/\*[^*\n]{0,80}\*/)?(?P<command>[^%\n]{0,4096})%%")
_RETCODE = re.compile(rb"RETCODE\s{0,4}=\s{0,4}(?P<code>-?\d{1,10})(?P<text>[^\r\n]{0,200})")
_CONTINUED = (b"To be continued", "仍有后续报告输出".encode(), "仍有后续报告输出".encode("gbk"))
_UNSOLICITED = re.compile(rb"^\s{0,8}(?:ALARM|EVENT|EVT)\b", re.MULTILINE)


def read_report(buffer: ReceiveBuffer, command: str, end: re.Pattern[bytes], left: Callable[[], float]) -> bytes:
    """Return the answer packets of `command`, end marks included, other reports dropped.

    `left` returns the remaining seconds. Raises TimeoutError (received packets stay in the buffer), StreamClosed,
    AnswerTooLarge.
    """
    report = bytearray()
    scan = buffer.consumed = 0
    while True:
        while mark := end.search(buffer.text, scan):
            size, scan = mark.end(), 0
            del mark
            packet = buffer.take(size)
            if not _belongs(packet, command, begun=bool(report)):
                continue
            report += packet.lstrip(b"\r\n") + b"\n"
            buffer.consumed = len(report)
            if not any(word in packet for word in _CONTINUED):
                buffer.consumed = 0
                return bytes(report)
        scan = max(0, buffer.text.rfind(b"\n", 0, max(0, len(buffer.text) - 1)))
        remaining = left()
        if remaining <= 0:
            buffer.text[:0] = report
            buffer.consumed = 0
            raise TimeoutError
        buffer.receive(remaining)


def _belongs(packet: bytes, command: str, *, begun: bool) -> bool:
    """Return True for a packet with the command's echo, or a packet without any echo except alarm reports."""
    echo = _ECHO.search(packet)
    if echo:
        echoed, sent = _normalised(echo["command"]), _normalised(command.encode())
        return echoed == sent or (sent.startswith(b"LGI:") and echoed.startswith(b"LGI:"))  # its password is masked
    return begun or not _UNSOLICITED.search(packet)


def _normalised(command: bytes) -> bytes:
    return b"".join(command.split()).rstrip(b";").upper()


def outcome(report: bytes) -> tuple[int, str]:
    """Return (return code, its text) of a report; (-1, first content line) without a return code."""
    found = _RETCODE.search(report)
    if found:
        return int(found["code"]), found["text"].decode(errors="replace").strip()
    lines = [line.strip() for line in lines_of(report.decode(errors="replace"))]
    content = (line for line in lines if line and not line.startswith(("+++", "---", "O&M", "%%")))
    return -1, next(content, "no return code")
