"""What all tests of changes share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _shrinks_in_time() -> Iterator[None]:
    """A failure is told after seconds, if not in its smallest form: pytest would cut off Hypothesis's five minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hypothesis.internal.conjecture.engine.MAX_SHRINKING_SECONDS", 30, raising=False)
        yield
