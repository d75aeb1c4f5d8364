"""An active fault of a lab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ActiveFault:
    """Active fault of a device, with its arguments."""

    device: str
    fault: str
    args: Mapping[str, Any]

    def to_dict(self) -> Mapping[str, Any]:
        """Plain data for the control socket and for scripts."""
        return {"device": self.device, "fault": self.fault, "args": dict(self.args)}
