"""Stage of a drill: a change is in force where every device in its new state was read and has it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from eventready.core.messages import Message
from eventready.drill.preparation import _Readings, _summary
from eventready.drill.steps import Stage


@pytest.mark.parametrize(
    ("found", "unread", "stage"),
    [
        ({"gw-1": {"c-1": True}, "gw-2": {"c-1": True}}, [], "after"),
        ({"gw-1": {"c-1": False}, "gw-2": {"c-1": False}}, [], "before"),
        ({"gw-1": {"c-1": True}, "gw-2": {"c-1": False}}, [], "unknown"),
        ({"gw-1": {"c-1": True}}, ["gw-2 was not read"], "unknown"),
        ({"gw-1": {"c-1": False}}, ["gw-2 was not read"], "unknown"),
    ],
)
def test_only_what_was_read_on_every_device_tells_the_stage(
    found: dict[str, dict[str, bool]], unread: list[str | Message], stage: Stage
) -> None:
    planned = cast("Any", {"c-1": {"gw-1": None, "gw-2": None}})
    prepared = _summary(planned, _Readings(found, unread))
    assert prepared.stage == stage
