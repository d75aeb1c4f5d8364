"""Age of saved outputs: an old capture is no measurement of today."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from eventready.checks.answer import warned
from eventready.checks.finding import Finding
from eventready.core.clock import TZ

#: The name under which outputs older than a day are reported; no check is called so.
CAPTURE = "capture"
_DAY = timedelta(days=1)


def outdated(captured: datetime | None, devices: Iterable[str], now: datetime) -> list[Finding]:
    """A warning per device for outputs older than a day: the device may have changed since."""
    if captured is None or now - captured <= _DAY:
        return []
    at = f"{captured.astimezone(TZ):%d/%m/%Y %H:%M}"
    finding = warned("", "checks:capture.old", at=at, n=(now - captured).days)
    return [finding.replace(check=CAPTURE, device=name) for name in sorted(devices)]
