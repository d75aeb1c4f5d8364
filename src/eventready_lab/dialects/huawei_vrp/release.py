"""The VRP release of a device, by its model."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventready_lab.device.state import DeviceState


@dataclass(frozen=True)
class Vrp:
    """A VRP release. `two_stage`: lines wait for a commit; `persists`: a trial can outlive its session."""

    version: str
    two_stage: bool = False
    persists: bool = False


_TWO_STAGE = re.compile(r"(?:NE|NetEngine ?|CE|ATN)\d")
_RELEASE = re.compile(r"V\d+R(\d+)")
#: The first release of VRP 8 with named trials.
_NAMED_TRIALS = 12


def vrp(state: DeviceState) -> Vrp:
    """NE and CE run VRP 8; S, AR and access controllers VRP 5."""
    if not _TWO_STAGE.match(state.model):
        return Vrp("5.170")
    release = _RELEASE.match(state.version)
    named = bool(release) and release is not None and int(release[1]) >= _NAMED_TRIALS
    return Vrp("8.210" if named else "8.180", two_stage=True, persists=named)
