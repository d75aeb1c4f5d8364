"""Sessions of the tests with devices of this machine: what they have to say is there at once."""

from __future__ import annotations

import os

from eventready.session.dialogue.screen import Screen

#: Seconds; `tests/session/dialogue/test_reading.py` holds that so few give no command the answer of another.
SOON_S = 0.1
PRODUCT_S = Screen.settle_s


def settle_soon() -> None:
    """Let an empty answer be complete after `SOON_S` of silence; the real labs keep the time of the product."""
    if not os.environ.get("EVENTREADY_REAL"):
        Screen.settle_s = SOON_S
