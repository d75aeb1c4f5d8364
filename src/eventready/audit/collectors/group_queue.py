"""Queue of devices for several collectors: devices of a group go to the same collector."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence


class GroupQueue:
    """Groups of devices, the largest first; shares shrink towards the end."""

    def __init__(self, groups: Iterable[Sequence[str]], collectors: int) -> None:
        self._groups = deque(sorted(groups, key=len, reverse=True))
        self._left = sum(map(len, self._groups))
        self._collectors = collectors

    def take(self) -> list[str]:
        """Take the next groups for a collector: a quarter of an equal share of the devices left; none at the end."""
        share, names = self._left / self._collectors / 4, list[str]()
        while self._groups and len(names) < max(share, 1):
            names.extend(self._groups.popleft())
        self._left -= len(names)
        return names

    def rest(self) -> list[str]:
        """Take all devices left."""
        names = [name for group in self._groups for name in group]
        self._groups.clear()
        return names
