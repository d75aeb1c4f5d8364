"""What can be wrong with a configuration that is read, and with one that is wanted."""

from __future__ import annotations

from eventready.errors import EventreadyError, Exit, UsageError


class UnreadableConfiguration(EventreadyError):
    """The running configuration did not come whole, so nothing can be said about what a change would do."""

    exit = Exit.INCOMPLETE


class FragmentError(UsageError):
    """What a template gave is not what the device can be told."""
