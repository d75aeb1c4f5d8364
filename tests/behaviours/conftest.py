"""The province as either lab plays it; a test that asks for it runs once with each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eventready.change.times import RetryTiming
from tests.behaviours.twin import Twin, played


@pytest.fixture(
    scope="session",
    params=[pytest.param("embedded", marks=pytest.mark.lab), pytest.param("real", marks=pytest.mark.real)],
)
def twin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """The real province, or its simulation."""
    if request.param == "real":
        yield request.getfixturevalue("real_province")
        return
    with played(tmp_path_factory.mktemp("embedded"), "embedded") as province, pytest.MonkeyPatch.context() as patch:
        patch.setattr("eventready.cli.change.progress.TIMING", RetryTiming(pause_s=0.2))
        yield province
