"""Finding: the result of a check for a subject. Its identity (check, device, subject) is stable across runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from pydantic import JsonValue

from eventready.core.messages import Message, Param, render, to_json


class Outcome(StrEnum):
    """Result of a check for a subject. NOT_MEASURED never counts as good."""

    PASS = "pass"  # noqa: S105  a status word, not a password
    WARN = "warn"
    FAIL = "fail"
    NOT_MEASURED = "not_measured"
    WAIVED = "waived"


@dataclass(frozen=True)
class OtherRecords:
    """Records of the facts of a check on which a finding rests beside its own: all, or those of some subjects.

    `absent`: the finding says that the subjects have no record.
    """

    names: tuple[str, ...] = ()
    absent: bool = False


@dataclass(frozen=True)
class Finding:
    """Checks fill subject, status, message_id, params, value, limit, unit, venues, rests; the runner fills the rest.

    `rests`: other records that could make it another finding; none for a finding that rests on its own record.

    `message_id` and `params` are the sentence: an id of the message catalogue, and the values of its parameters.

    `venues` narrows the finding to the venues its subject serves (a cell, an access point), `services` to what runs
    over it (a cable to a WiFi controller); empty means: wherever and whatever the device serves. A finding across
    devices with a subject and without `device` is about a file of the workspace, for its venues and services alone.
    `blind` marks what the platform can never tell, which is a risk rather than a failed reading. `was` is the status
    that a waived finding would have without its waiver, `witnesses` the devices whose answers a finding across devices
    rests on.
    """

    status: Outcome
    subject: str
    message_id: str
    params: Mapping[str, Param] = field(default_factory=dict)
    value: float | str | None = None
    limit: float | str | None = None
    unit: str = ""
    venues: tuple[str, ...] = ()
    rests: OtherRecords | None = None
    check: str = ""
    device: str = ""
    duties: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    blind: bool = False
    waiver: str | Message = ""
    was: Outcome | None = None
    witnesses: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed. There are a hundred findings per device: `dataclasses.replace` takes ten
        times as long."""
        copy = object.__new__(type(self))
        fields = vars(copy)
        fields.update(vars(self))
        fields.update(changes)  # in two steps, which take less time than one with keywords
        return copy

    @property
    def message(self) -> str:
        """The sentence in English."""
        return render(self.message_id, self.params, "en")

    @property
    def plain_params(self) -> dict[str, JsonValue]:
        """Parameters of the sentence as plain JSON types."""
        return {name: to_json(value) for name, value in self.params.items()}

    @property
    def identity(self) -> tuple[str, str, str]:
        """Identity of the finding across runs: check, device, subject."""
        return (self.check, self.device, self.subject)
