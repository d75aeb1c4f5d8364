"""Apprise URLs by reference: chat, SMS, push."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import gaierror
from threading import get_ident

from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import message, rendered
from eventready.delivery.notify.channel import AddressChannel, UncertainDelivery, secret_url
from eventready.workspace.keys.secrets import is_reference


class AppriseChannel(AddressChannel):
    """References to Apprise URLs."""

    @staticmethod
    def takes(address: str) -> bool:
        return is_reference(address)

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> str:
        try:
            import apprise  # noqa: PLC0415  of the extra `notify`, slow to import
        except ImportError:
            raise UsageError(message("delivery:reminder.extra", reference=address)) from None
        url = secret_url(address, self._folder)
        notifier = apprise.Apprise()
        if not notifier.add(url):
            raise UsageError(message("delivery:reminder.url", reference=address))
        handed()
        words = {"title": subject, "body": body, "body_format": apprise.NotifyFormat.TEXT}
        with _handled("apprise") as errors:
            # In this thread: hanging addresses would take the threads of Apprise.
            delivered = [one.notify(**words) for one in notifier]
        if all(delivered):
            return rendered("delivery:reminder.notified", references=[address])
        unreached, targets = [one for one in errors if _is_unreached(one)], sum(map(len, notifier))
        certain = unreached == errors and (targets == 1 or len(unreached) >= targets)
        failure = message("delivery:reminder.failed", failed=[address])
        raise EventreadyError(failure) if certain else UncertainDelivery(failure)


class _HandledErrors(logging.Handler):
    """Exceptions handled and logged by a library in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[BaseException] = []
        self._thread = get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception behind a line of the log."""
        error = sys.exc_info()[1]
        if record.thread == self._thread and error is not None:
            self.found.append(error)


@contextmanager
def _handled(library: str) -> Iterator[list[BaseException]]:
    """Yield the exceptions handled by a library in this thread during the block."""
    handler = _HandledErrors()
    logging.getLogger(library).addHandler(handler)
    try:
        yield handler.found
    finally:
        logging.getLogger(library).removeHandler(handler)


def _is_unreached(error: BaseException) -> bool:
    """True for a failure before a connection: the message has not left."""
    from urllib3.exceptions import MaxRetryError  # noqa: PLC0415  of the extra `notify`

    reason = error.args[0] if error.args else None
    return isinstance(error, (ConnectionRefusedError, gaierror)) or isinstance(reason, MaxRetryError)
