"""Latency of simulated devices: round trip, delay of the echo, time of a command."""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass, field

from eventready.core.errors import UsageError
from eventready.core.messages import message

_SPAN = re.compile(r"(?P<least>\d{1,6}(?:\.\d{1,6})?)(?:-(?P<most>\d{1,6}(?:\.\d{1,6})?))?(?P<unit>ms|s)", re.ASCII)
#: Upper bound of a delay in seconds.
_MOST_S = 600.0


@dataclass(frozen=True)
class Delay:
    """Seconds between two bounds."""

    least: float = 0.0
    most: float = 0.0

    def seconds(self) -> float:
        """A random value within the bounds."""
        return random.uniform(self.least, self.most)  # noqa: S311  no secret


@dataclass(frozen=True)
class Latency:
    """Delays of a device.

    rtt: between a message of the client and its answer, the same for all messages of a connection.
    echo: before the echo of a line. command: between the echo of a command and its answer.
    """

    rtt: Delay = field(default_factory=Delay)
    echo: Delay = field(default_factory=Delay)
    command: Delay = field(default_factory=Delay)


def read_latency(text: str) -> Latency:
    """Return the latency of `rtt=50ms,echo=1.3s,command=0.3-1.5s`; each part is optional. Raises UsageError."""
    delays: dict[str, Delay] = {}
    for part in (part.strip() for part in text.split(",")) if text else ():
        name, sign, value = part.partition("=")
        if not sign or name not in ("rtt", "echo", "command"):
            raise _invalid("lab:latency.unknown", part)
        if name in delays:
            raise _invalid("lab:latency.twice", name)
        delays[name] = _delay(part, value)
    return Latency(**delays)


def _delay(part: str, value: str) -> Delay:
    found = _SPAN.fullmatch(value)
    if found is None:
        raise _invalid("lab:latency.no_time", part)
    factor = 0.001 if found["unit"] == "ms" else 1.0
    least, most = (float(bound) * factor for bound in (found["least"], found["most"] or found["least"]))
    if not least <= most <= _MOST_S:
        raise _invalid("lab:latency.range", part, limit=math.floor(_MOST_S))
    return Delay(least, most)


def _invalid(msgid: str, part: str, **values: int) -> UsageError:
    return UsageError(message(msgid, part=part, **values), do=message("lab:latency.do"))
