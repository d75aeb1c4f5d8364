"""Clock of the watching machine: synchronised by NTP, and its greatest error, as the kernel keeps them."""

from __future__ import annotations

import ctypes

from eventready.checks.answer import failed, passed, unknown, warned
from eventready.checks.finding import Finding

CHECK, _SUBJECT = "watch_clock", "clock"
#: State of a clock without synchronisation, of ntp_gettime(3).
_UNSYNCHRONISED = 5
#: Greatest error in milliseconds from which times of events may be out of order between machines. The bound of a
#: synchronised clock grows by half a millisecond a second until the next answer of its server.
_WARN_MS = 1_500


class _NtpTime(ctypes.Structure):
    """struct ntptimeval of the C library."""

    _fields_ = (
        ("time", ctypes.c_long * 2),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("tai", ctypes.c_long),
        ("reserved", ctypes.c_long * 4),
    )


def clock_finding() -> Finding:
    """Return the finding about the clock of this machine; not measured where the system does not keep its state."""
    known = _kernel_state()
    finding = graded_clock(*known) if known else unknown(_SUBJECT, "watch:clock.unknown")
    return finding.replace(check=CHECK)


def graded_clock(state: int, error_ms: float) -> Finding:
    """Return the finding about a state of ntp_gettime(3) and a greatest error."""
    if state == _UNSYNCHRONISED:
        return failed(_SUBJECT, "watch:clock.unsynchronised")
    grade = passed if error_ms < _WARN_MS else warned
    return grade(_SUBJECT, "watch:clock.error", value=round(error_ms), limit=_WARN_MS)


def _kernel_state() -> tuple[int, float] | None:
    """State and greatest error in milliseconds; None on a system without this call."""
    try:
        ask = ctypes.CDLL(None).ntp_gettimex
    except (AttributeError, OSError, TypeError):
        return None
    found = _NtpTime()
    state = int(ask(ctypes.byref(found)))
    return (state, found.maxerror / 1000) if state >= 0 else None
