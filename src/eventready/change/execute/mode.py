"""Mode of a change: its direction, and how its devices depend on each other."""

from __future__ import annotations

from enum import StrEnum


class ChangeMode(StrEnum):
    """Mode of a change, recorded in its header.

    `apply`: forward; a device without the new state stops the others. `atomic`: as `apply`; new devices stay locked,
    and a partial change is taken back. `rollback`: an operator's way back, which goes on past devices that do not
    answer. `fast_rollback`: the same without checks and soak. `take_back`: the way back of a partial atomic change,
    which no device stops. `drill`: forward, kept for a time, and back.
    """

    APPLY = "apply"
    ATOMIC = "atomic"
    ROLLBACK = "rollback"
    FAST_ROLLBACK = "fast_rollback"
    TAKE_BACK = "take_back"
    DRILL = "drill"

    @property
    def goes_back(self) -> bool:
        """Return True for a way back: its lines were judged with the change, and are never refused."""
        return self in (ChangeMode.ROLLBACK, ChangeMode.FAST_ROLLBACK, ChangeMode.TAKE_BACK)

    @property
    def verifies(self) -> bool:
        """Return True if checks and a soak precede the confirmation; the configuration is always compared."""
        return self is not ChangeMode.FAST_ROLLBACK
