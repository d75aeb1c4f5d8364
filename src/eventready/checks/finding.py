"""A finding: what a check says about one subject. Its identity (check, device, subject) is stable across runs.

`text` is the English sentence as a template and `params` its values, so that a report can say the same thing in
Vietnamese (`report/messages.py` maps each template to its translation).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self


class Outcome(StrEnum):
    """What a check says of a subject. NOT_MEASURED is never good news."""

    PASS = "pass"  # noqa: S105  a status word, not a password
    WARN = "warn"
    FAIL = "fail"
    NOT_MEASURED = "not_measured"
    WAIVED = "waived"


@dataclass(frozen=True)
class Finding:
    """Checks fill subject, status, text, value, limit, unit, venues; the runner stamps the rest.

    `venues` narrows the finding to the venues its subject serves (a cell, an access point), `services` to what runs
    over it (a cable to a WiFi controller); empty means: wherever and whatever the device serves. `blind` marks what
    the platform can never tell, which is a risk rather than a failed reading. `was` is the status that a waived
    finding would have without its waiver, `witnesses` the devices whose answers a finding across devices rests on.
    """

    status: Outcome
    subject: str
    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    value: float | str | None = None
    limit: float | str | None = None
    unit: str = ""
    venues: tuple[str, ...] = ()
    check: str = ""
    device: str = ""
    duties: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    blind: bool = False
    waiver: str = ""
    was: Outcome | None = None
    witnesses: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    def but(self, **changes: Any) -> Self:
        """A copy with some fields changed. There are a hundred findings per device: `dataclasses.replace` takes ten
        times as long."""
        copy = object.__new__(type(self))
        vars(copy).update(vars(self), **changes)
        return copy

    @property
    def message(self) -> str:
        """The sentence in English."""
        return self.text.format(**self.params)

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same finding in another run."""
        return (self.check, self.device, self.subject)
