"""Size of the proofs: a few cases, always the same ones; EVENTREADY_PROOFS=all proves every case (`make proofs`)."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

from hypothesis import settings

T = TypeVar("T")

WHOLE = os.environ.get("EVENTREADY_PROOFS") == "all"


def some(cases: Sequence[T], most: int, of: object = "") -> list[T]:
    """All cases under `make proofs`, else a few of them."""
    return list(cases) if WHOLE else few(cases, most, of)


def one_each(cases: Iterable[T], group: Callable[[Any], Hashable], of: object = "") -> list[T]:
    """All cases under `make proofs`, else one of each group, always the same one."""
    groups: dict[Hashable, list[T]] = {}
    for case in cases:
        groups.setdefault(group(case), []).append(case)
    return [case for key, those in groups.items() for case in (those if WHOLE else few(those, 1, (key, of)))]


def examples(most: int) -> int:
    """Examples of a property test: `most` under `make proofs`, else no more than others have in `make test`."""
    usual = settings().max_examples
    return max(most, usual) if WHOLE else min(most, usual)


def few(cases: Sequence[T], most: int, of: object = "") -> list[T]:
    """Some cases in their order, always the same ones; `of` tells the draws of different tests apart."""
    if len(cases) <= most:
        return list(cases)
    places = sorted(random.Random(f"proofs {of}").sample(range(len(cases)), most))
    return [cases[place] for place in places]
