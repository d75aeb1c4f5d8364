"""Repeated runs of a drill: the worst counts, and every run is within the bound of the independent prober."""

from __future__ import annotations

from typing import cast

import pytest

from tests.behaviours.twin import Twin
from tests.real import network
from tests.real.network import Drilled, Network

Pair = tuple[float | None, float | None]


def repeated(monkeypatch: pytest.MonkeyPatch, *pairs: Pair) -> list[list[str]]:
    """Rows of the tables of a drill with a run for each pair of outages."""
    probe = {"unit": "ms", "outages": [], "detail": "", "measures": []}
    runs = iter([Drilled("failed", {"a": {**probe, "value": own}}, set(), "before", ((own, other),))
                 for own, other in pairs])  # fmt: skip
    tables: dict[str, list[str]] = {"noticed": [], "compared": [], "other": []}
    monkeypatch.setattr(network, "TABLES", tables)
    monkeypatch.setattr(network, "RUNS", len(pairs))
    monkeypatch.setattr(Network, "_run", lambda _network, _name: next(runs))
    Network(cast("Twin", None)).drill("gateway")
    return [*tables.values()]


def test_the_worst_run_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    _, compared, _ = repeated(monkeypatch, (100, 90), (900, 905), (300, 318))
    assert compared == ["gateway (before) | 900 ms | 905 ms | runs 3, at most 18 ms apart"]
    _, compared, _ = repeated(monkeypatch, (100, 90), (None, None))
    assert compared == ["gateway (before) | did not heal | did not heal | runs 2, at most 10 ms apart"]


@pytest.mark.parametrize("other", [79, 121, None])
def test_a_run_far_from_the_independent_prober_is_refused(monkeypatch: pytest.MonkeyPatch, other: float | None) -> None:
    with pytest.raises(AssertionError, match="apart"):
        repeated(monkeypatch, (100, other), (900, 900))
