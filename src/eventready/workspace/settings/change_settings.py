"""`changes` of event.yaml: approvals, waves, settling time and guard time of changes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Self

from pydantic import Field, field_validator, model_validator

from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.core.strings.texts import decode_base64
from eventready.workspace.devices.intents import INTENTS, Intent
from eventready.workspace.keys.signing_keys import RAW_BYTES, fingerprint_of, is_small_order
from eventready.workspace.model import WorkspaceModel

_FINGERPRINT = re.compile(r"[0-9a-f]{4}(:[0-9a-f]{4}){7}")
_SOAK_S: dict[Intent, int] = {"load_balancing": 30, "backup": 30, "priority": 15}


class KeyHolder(WorkspaceModel):
    """Person with a signing key: name, and key or fingerprint."""

    name: str = Field(min_length=1)
    signs_with: str = Field(
        description="Fingerprint (1a2b:...) or published Ed25519 key (`eventready department keygen`)"
    )

    @field_validator("signs_with")
    @classmethod
    def _known_form(cls, value: str) -> str:
        if _FINGERPRINT.fullmatch(value):
            return value
        raw = decode_base64(value)
        if len(raw) != RAW_BYTES or is_small_order(raw):
            raise InvalidValue(message("workspace:change.key"))
        return value

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the key, from either form."""
        known = self.signs_with
        return known if _FINGERPRINT.fullmatch(known) else fingerprint_of(decode_base64(known))


class ChangeSettings(WorkspaceModel):
    """Settings for approval and execution of plans. Times in seconds."""

    approvals: int = Field(default=0, ge=0, le=9, description="Number of approvals by people other than the planner")
    approvers: tuple[KeyHolder, ...] = Field(default=(), description="People with the right to approve")
    planners: tuple[KeyHolder, ...] = Field(
        default=(), description="People with the right to plan; each plan then needs the signature of its planner"
    )
    appliers: tuple[KeyHolder, ...] = Field(
        default=(), description="People with the right to apply and to roll back; each change then has a signature"
    )
    approval_expires_s: int = Field(
        default=86400, ge=600, le=2592000, description="An approval counts for so long after its signature"
    )
    batch: int = Field(default=20, ge=1, le=1000, description="Devices of one wave, after the first wave of one")
    share: float = Field(
        default=0.3, gt=0, le=1, description="Part of a venue's cells or access points in one wave, a device at least"
    )
    settle_s: int = Field(default=90, ge=0, le=3600, description="Maximum time for a device to settle after a change")
    soak_s: dict[Intent, int] = Field(
        default_factory=lambda: dict(_SOAK_S),
        description="Minimum observation time of an intent before confirmation; longer if a hold time is longer",
    )
    atomic: tuple[Intent, ...] = Field(
        default=(), description="Intents of all devices or none: a failed wave takes the earlier waves back"
    )
    owns: tuple[str, ...] = Field(
        default=(), description="Objects that plans may alter though others made them, as globs: track 10, acl 31*"
    )
    confirm_within_s: int = Field(
        default=600, ge=60, le=3600, description="Guard time: an unconfirmed change is reverted by the device after it"
    )

    def soak_of(self, intents: Iterable[Intent]) -> int:
        """Return the longest minimum soak of these intents; for an own intent without an entry the longest of all."""
        longest = max(self.soak_s.values(), default=0)
        return max((self.soak_s.get(intent, 0 if intent in INTENTS else longest) for intent in intents), default=0)

    def is_atomic(self, intents: Iterable[Intent]) -> bool:
        """Return True if a change of these intents is of all devices or none."""
        return not frozenset(self.atomic).isdisjoint(intents)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        roles = (self.approvers, self.planners, self.appliers)
        if any(len({one.name.casefold() for one in role}) < len(role) for role in roles):
            raise InvalidValue(message("workspace:change.approver"))
        people = {(one.name.casefold(), one.fingerprint) for role in roles for one in role}
        if any(len({person[part] for person in people}) < len(people) for part in (0, 1)):
            raise InvalidValue(message("workspace:change.approver"))
        if self.approvals > len(self.approvers):
            raise InvalidValue(
                message("workspace:change.approvals", approvals=self.approvals, count=len(self.approvers))
            )
        if any(not 0 <= seconds <= 3600 for seconds in self.soak_s.values()):
            raise InvalidValue(message("workspace:change.soak"))
        if self.settle_s + max(self.soak_s.values(), default=0) >= self.confirm_within_s:
            raise InvalidValue(message("workspace:change.guard"))
        return self
