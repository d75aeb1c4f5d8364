"""Process of a message over Apprise: a URL and a text from the parent, an outcome back."""

from __future__ import annotations

import logging
import socket
import sys
from typing import Literal

from eventready.delivery.notify.limited_process import run_in_process, serve_request

#: End of a message; `failed`: it has certainly not arrived, `url`: no URL of Apprise.
Outcome = Literal["delivered", "failed", "uncertain", "url"]

#: Seconds of a message with all its servers.
LIMIT_S = 60
#: Lines of the log for the parent.
_LOG_LINES = 20


def notify(url: str, subject: str, body: str) -> tuple[Outcome, list[str]]:
    """Send a message in a process of its own; return the outcome and its log. Raises ProcessEnded."""
    request = {"url": url, "subject": subject, "body": body}
    outcome, log = run_in_process("eventready.delivery.notify.apprise_process", request, LIMIT_S)
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


def _notify(url: str, subject: str, body: str) -> tuple[Outcome, list[str]]:
    log = _Log()
    return _send(url, subject, body, log), log.lines


if __name__ == "__main__":
    serve_request(_notify, LIMIT_S)
