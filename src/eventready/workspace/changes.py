"""`changes` of event.yaml: how carefully changes are made, and who besides the planner must have agreed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_FINGERPRINT = re.compile(r"[0-9a-f]{4}(:[0-9a-f]{4}){7}")
_RAW = 32


def fingerprint_of(raw: bytes) -> str:
    """The fingerprint of a public Ed25519 key, which two people compare on the telephone."""
    digest = hashlib.sha256(raw).hexdigest()[:32]
    return ":".join(digest[start : start + 4] for start in range(0, 32, 4))


class _Frozen(BaseModel):
    """As the other entries of event.yaml: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Approver(_Frozen):
    """Somebody who may approve plans, and by which key it is known."""

    name: str = Field(min_length=1)
    signs_with: str = Field(description="Fingerprint (1a2b:...) or published Ed25519 key (`eventready bundle keygen`)")

    @field_validator("signs_with")
    @classmethod
    def _known_form(cls, value: str) -> str:
        if _FINGERPRINT.fullmatch(value):
            return value
        try:
            raw = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != _RAW:
            raise ValueError(
                "this is neither a fingerprint nor a public Ed25519 key. "
                "Take `id` or `key` of the approver's published file (*.key.json)."
            )
        return value

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint, whichever of the two stands in the file."""
        known = self.signs_with
        return known if _FINGERPRINT.fullmatch(known) else fingerprint_of(base64.b64decode(known))


class ChangeSettings(_Frozen):
    """How plans are approved and carried out. Times are seconds."""

    approvals: int = Field(default=0, ge=0, le=9, description="How many people beside the planner must approve a plan")
    approvers: tuple[Approver, ...] = Field(default=(), description="Who may")
    batch: int = Field(default=20, ge=1, le=1000, description="Devices of one wave, after the first wave of one")
    settle_s: int = Field(default=90, ge=0, le=3600, description="How long a device may take to settle after a change")
    confirm_within_s: int = Field(
        default=600, ge=60, le=3600, description="After how long a device goes back by itself, unless we confirm"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        names = [approver.name.casefold() for approver in self.approvers]
        keys = [approver.fingerprint for approver in self.approvers]
        if len(set(names)) < len(names) or len(set(keys)) < len(keys):
            raise ValueError("an approver stands here twice, by name or by key. Remove one.")
        if self.approvals > len(self.approvers):
            raise ValueError(
                f"{self.approvals} must approve, and only {len(self.approvers)} may. Add to `approvers`, or ask fewer."
            )
        if self.settle_s >= self.confirm_within_s:
            raise ValueError("the device would go back before it has settled. Set `confirm_within_s` above `settle_s`.")
        return self
