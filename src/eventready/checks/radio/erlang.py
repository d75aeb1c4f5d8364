"""Erlang B: calls lost where every channel is taken (ITU-T E.501). Traffic in erlangs.

Arrivals are assumed independent of each other. The callers of a crowd are not, so the formula is a lower bound there.
"""

from __future__ import annotations


def blocking(channels: int, traffic: float) -> float:
    """Share of the calls without a free channel, 0 to 1. Raises ValueError for negative figures."""
    if channels < 0 or traffic < 0:
        raise ValueError(f"neither {channels} channels nor {traffic} E of traffic may be negative")
    share = 1.0
    for number in range(1, channels + 1):
        share = traffic * share / (number + traffic * share)
    return share
