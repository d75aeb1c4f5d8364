"""Performance files read by their layout."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from eventready.facts.performance.content import MOST, Digest, pieces
from eventready.facts.performance.counter_csv import read_csv
from eventready.facts.performance.counters import Counters, Known
from eventready.facts.performance.layout import PerformanceLayout
from eventready.facts.performance.meas_collec import MeasCollec
from eventready.facts.performance.omes import Omes


def read_file(
    path: Path,
    layout: PerformanceLayout,
    known: Known,
    zone: tzinfo | None = None,
    *,
    most: int = MOST,
    wanted: Callable[[Counters], bool] = lambda _counters: True,
    digest: Digest | None = None,
) -> list[Counters]:
    """Return the counters of a whole file. `zone`: for times without a zone. `most`: bytes unpacked.

    `wanted`: True for counters to be returned. `digest`: takes the bytes of the file.

    Raises PerformanceError for a file of which nothing is used (cut, damaged, another format), OSError.
    """
    found: list[Counters] = []

    def take(counters: Counters) -> None:
        if wanted(counters):
            found.append(counters)

    content = pieces(path, most, digest)
    if layout.format == "csv" and layout.columns is not None:
        read_csv(content, layout.columns, take, known, zone)
    else:
        (MeasCollec if layout.format == "3gpp" else Omes)(take, known, zone).read(content)
    return found
