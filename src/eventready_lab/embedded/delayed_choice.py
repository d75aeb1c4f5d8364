"""Choices of the simulated network with a delay: a new route or a new master is in force after its detection time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Choice(Generic[T]):
    """The current and the next choice, and the time of the change."""

    now: T
    next: T
    due: float | None = None


@dataclass
class DelayedChoices(Generic[T]):
    """Choices by key. `monotonic`: clock in seconds."""

    monotonic: Callable[[], float]
    _choices: dict[str, _Choice[T]] = field(default_factory=dict)

    def choose(self, key: str, wanted: T, delay: Callable[[], float]) -> T:
        """The choice under `key`: `wanted` at once the first time, later after a delay in seconds."""
        moment = self.monotonic()
        choice = self._choices.setdefault(key, _Choice(wanted, wanted))
        if wanted == choice.now:
            choice.due = None
        elif choice.due is None or wanted != choice.next:
            choice.next, choice.due = wanted, moment + delay()
        if choice.due is not None and moment >= choice.due:
            choice.now, choice.due = choice.next, None
        return choice.now

    def current(self, key: str) -> T:
        """The choice in force. Raises KeyError before the first choice."""
        return self._choices[key].now
