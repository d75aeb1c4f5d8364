"""Which VRP a device runs: the model decides."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventready.lab.state import DeviceState


@dataclass(frozen=True)
class Vrp:
    """A system of its `version`. `two_stage`: lines wait for a commit; `persists`: a trial can outlive its session."""

    version: str
    two_stage: bool = False
    persists: bool = False


_TWO_STAGE = re.compile(r"(?:NE|NetEngine ?|CE|ATN)\d")
_RELEASE = re.compile(r"V\d+R(\d+)")
#: The release from which on VRP 8 knows trials that have a name.
_NAMED_TRIALS = 12


def vrp(state: DeviceState) -> Vrp:
    """NE and CE run VRP 8; S, AR and access controllers VRP 5."""
    if not _TWO_STAGE.match(state.model):
        return Vrp("5.170")
    release = _RELEASE.match(state.version)
    named = bool(release) and release is not None and int(release[1]) >= _NAMED_TRIALS
    return Vrp("8.210" if named else "8.180", two_stage=True, persists=named)
