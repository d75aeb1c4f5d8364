"""Taking in bundles: each is opened by itself, so that a bad one costs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from eventready.delivery.bundle import LARGEST, Bundle, Wanted, unpack
from eventready.errors import EventreadyError, RefusedError
from eventready.files import read_small


@dataclass(frozen=True)
class Refused:
    """A file that was not taken, and why."""

    path: Path
    error: EventreadyError


@dataclass(frozen=True)
class Received:
    """The bundles by operator's name, what was refused, and the operators with a key of whom nothing was taken."""

    bundles: tuple[Bundle, ...]
    refused: tuple[Refused, ...]
    silent: tuple[str, ...]


def receive(paths: Iterable[Path], wanted: Wanted) -> Received:
    """Open every file. Of two of one operator the later one is taken, the other refused by name."""
    taken: dict[str, tuple[Path, Bundle]] = {}
    refused: list[Refused] = []
    for path in paths:
        try:
            bundle = unpack(read_small(path, LARGEST, "bundle"), wanted)
        except EventreadyError as error:
            refused.append(Refused(path, error))
            continue
        before = taken.get(bundle.operator)
        if before is None:
            taken[bundle.operator] = path, bundle
            continue
        newer = bundle.manifest.made > before[1].manifest.made
        if newer:
            taken[bundle.operator] = path, bundle
        loser, winner = (before[0], path) if newer else (path, before[0])
        refused.append(Refused(loser, _twice(bundle, before[1], winner)))
    operators = {key.operator for key in wanted.keys.values()}
    return Received(
        tuple(taken[name][1] for name in sorted(taken)), tuple(refused), tuple(sorted(operators - set(taken)))
    )


def _twice(one: Bundle, other: Bundle, winner: Path) -> EventreadyError:
    what = "the very same bundle" if one.sha256 == other.sha256 else "another bundle of this operator"
    return RefusedError(f"{what} is taken already: {winner} ({one.operator})", do="Give one for each operator.")
