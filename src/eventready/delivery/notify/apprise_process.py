"""Process of a message over Apprise: a URL and a text from the parent, an outcome back.

The servers of chat and SMS are strangers: their answers fill this process, within its limits, and never the watch.
"""

from __future__ import annotations

import json
import logging
import signal
import socket
import subprocess
import sys
from typing import Literal

from eventready.core.this_process import limited_growth

#: End of a message; `failed`: it has certainly not arrived, `url`: no URL of Apprise.
Outcome = Literal["delivered", "failed", "uncertain", "url"]

#: Seconds of a message with all its servers, and bytes of memory for their answers.
LIMIT_S, _GROWTH = 60, 128_000_000
#: Lines of the log for the parent.
_LOG_LINES = 20


class AppriseEnded(Exception):
    """The process ended without an outcome, or took too long."""


def notify(url: str, subject: str, body: str) -> tuple[Outcome, list[str]]:
    """Send a message in a process of its own; return the outcome and its log. Raises AppriseEnded."""
    request = json.dumps({"url": url, "subject": subject, "body": body}).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "eventready.delivery.notify.apprise_process"],
            input=request, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=LIMIT_S, cwd="/",
        )  # fmt: skip
        outcome, log = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise AppriseEnded(type(error).__name__) from None
    return outcome, log


class _Log(logging.Handler):
    """Warnings of Apprise, and the exceptions behind them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of the log with its exception."""
        self.lines = [*self.lines, record.getMessage()[:500]][:_LOG_LINES]
        error = sys.exc_info()[1]
        if error is not None:
            self.errors.append(error)


def _send(url: str, subject: str, body: str, log: _Log) -> Outcome:
    import apprise  # noqa: PLC0415  of the extra `notify`
    import requests  # noqa: PLC0415  comes with Apprise

    notifier = apprise.Apprise()
    if not notifier.add(url):
        return "url"
    # A server that was reviewed hands no message to another one. Apprise has no setting for it.
    setattr(requests.Session, "get_redirect_target", lambda _session, _response: None)  # noqa: B010  replaces a method
    logging.getLogger("apprise").addHandler(log)
    words = {"title": subject, "body": body, "body_format": apprise.NotifyFormat.TEXT}
    with limited_growth(_GROWTH):
        delivered = [one.notify(**words) for one in notifier]
    if all(delivered):
        return "delivered"
    unreached, targets = sum(map(_is_unreached, log.errors)), sum(map(len, notifier))
    certain = unreached == len(log.errors) and (targets == 1 or unreached >= targets)
    return "failed" if certain else "uncertain"


def _is_unreached(error: BaseException) -> bool:
    """True for a failure before a connection: the message has not left."""
    from urllib3.exceptions import MaxRetryError  # noqa: PLC0415  of the extra `notify`

    reason = error.args[0] if error.args else None
    return isinstance(error, (ConnectionRefusedError, socket.gaierror)) or isinstance(reason, MaxRetryError)


def main() -> None:
    """Send the message of the standard input; print its outcome and log as JSON."""
    if sys.platform != "win32":
        signal.alarm(LIMIT_S)  # a parent that was killed ends nobody
    log = _Log()
    outcome = _send(**json.load(sys.stdin.buffer), log=log)
    json.dump([outcome, log.lines], sys.stdout)


if __name__ == "__main__":
    main()
