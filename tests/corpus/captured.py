"""Captures of real equipment: EVENTREADY_CAPTURES, or `shared/captures` beside the repository.

An output that is not read stands in unread.yaml, with the reason.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pytest

from eventready.facts.interpret import interpret
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import CompiledFact, Platform
from eventready.facts.saved import decode_output, saved_reply
from eventready.session.reply import Reply
from eventready.workspace.files.yaml_document import load_yaml

REPOSITORY = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("EVENTREADY_CAPTURES") or REPOSITORY.parent / "shared" / "captures")

UNREAD: dict[str, dict[str, dict[str, str]]] = load_yaml(Path(__file__).with_name("unread.yaml")).data

needs_captures = pytest.mark.skipif(
    not HOME.is_dir(), reason="no captures: set EVENTREADY_CAPTURES to the folder that holds them"
)


def captures(pattern: str = "*/*/*.raw") -> list[Path]:
    """Return the captures whose path under the folder matches, sorted."""
    return sorted(HOME.glob(pattern)) if HOME.is_dir() else []


def name_of(path: Path) -> str:
    """Return a capture's path under the folder, for test reports and lists."""
    return str(path.relative_to(HOME))


@dataclass(frozen=True)
class Output:
    """An output as the answer to one fact of one platform, with what others read in it."""

    platform: Platform
    compiled: CompiledFact
    file: Path

    @property
    def fact(self) -> str:
        """Platform and fact: the key of the lists."""
        return f"{self.platform.name} {self.compiled.name}"

    @property
    def name(self) -> str:
        """The path under the folder of captures: the key below the fact."""
        return name_of(self.file)

    @property
    def id(self) -> str:
        """The name in test reports."""
        return f"{self.fact} {self.name}"

    @property
    def other(self) -> str:
        """The command, where it is another one than the platform's; else empty."""
        return ""

    @property
    def excuse(self) -> str:
        """Reason why the rows beside it are wrong; empty where they are right."""
        return ""

    @property
    def text(self) -> str:
        """The output."""
        return decode_output(self.file.read_bytes())

    @cached_property
    def observed(self) -> Observation:
        """The observation of the output as it was saved."""
        return self._interpret(self.reply())

    @cached_property
    def ended(self) -> Observation:
        """The observation of the output as if a prompt followed."""
        return self._interpret(replace(self.reply(), complete=True))

    def reply(self, text: str = "") -> Reply:
        """Return the output, or `text` in its place, as the reply of a session."""
        return saved_reply(self.platform, self.compiled.command, text or self.text)

    def observe(self, text: str) -> Observation:
        """Return the observation of `text` in place of the output."""
        return self._interpret(self.reply(text))

    def disagreements(self, observed: Observation) -> list[str]:
        """Return what the rows of an observation and the result beside the output say differently."""
        raise NotImplementedError

    def reason(self, kind: str) -> str:
        """Return the reason of a list in unread.yaml; empty for an output that is not listed."""
        return UNREAD[kind].get(self.fact, {}).get(self.name, "")

    def status_complaint(self) -> str:
        """Return the status if unread.yaml says otherwise; empty where it holds."""
        status = self.observed.status
        if self.reason("without_end"):
            whole = (status, self.ended.status) == (Status.UNPARSED, Status.EMPTY)
            return "" if whole else f"{status}, and {self.ended.status} with its end"
        silent = status is Status.UNSUPPORTED
        refused = not status.measured and not silent
        wanted = (bool(self.reason("silent")), bool(self.reason("refused") or self.reason("outside")))
        return "" if (silent, refused) == wanted else f"{status}: {self.observed.reason} {self.observed.unmatched[:3]}"

    def _interpret(self, reply: Reply) -> Observation:
        return interpret("capture", self.compiled.name, self.compiled, reply)
