"""Steps of opening a session, in order, and the record of completed steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from eventready.core.messages import Message


class ConnectStep(StrEnum):
    """A step between the name of a device and its privileged prompt."""

    ROUTE = "route"
    JUMP = "jump"
    NAME = "name"
    TCP = "tcp"
    ALGORITHMS = "algorithms"
    HOST_KEY = "host key"
    LOGIN = "login"
    SHELL = "shell"
    PROMPT = "prompt"
    PRIVILEGE = "privilege"


class Trace:
    """The details of completed steps, and the step in progress. Each attempt to connect starts over."""

    def __init__(self) -> None:
        self.done: dict[ConnectStep, str | Message] = {}
        self.current: ConnectStep | None = None

    @contextmanager
    def step(self, step: ConnectStep) -> Iterator[None]:
        """Mark a step as in progress; the step stays current after an exception."""
        self.current = step
        yield
        self.done.setdefault(step, "")
        self.current = None

    def detail(self, step: ConnectStep, text: str | Message) -> None:
        """Record a completed step with its detail."""
        self.done[step] = text
