"""Steps of a drill in its journal: what is written comes back, and another shape is refused with its field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from eventready.core.messages import message
from eventready.core.records import ShapeError
from eventready.drill.steps import (
    STREAM,
    Closed,
    DeviceEvent,
    DrillStep,
    FlowFigures,
    Opened,
    Prechecked,
    Predicted,
    Prepared,
    ProbeMeasure,
    ProbeResult,
    ProbesMeasured,
)
from tests.drill.test_execution import DRILL
from tests.zones import TZ

AT = datetime(2033, 7, 25, tzinfo=UTC).astimezone(TZ)
SENTENCE = message("drill:closed.process")
PROBE = ProbeResult(
    "flow", "udp", None, 300.0, "ms", 20.0, 100, 5, outages=((0.4, 0.7), (4.0, None)), void=SENTENCE,
    measures=(ProbeMeasure("outage", None, 300.0, "ms"),), flows=FlowFigures(16, 2, None, 0.5, 3.0),
)  # fmt: skip
STEPS: tuple[DrillStep, ...] = (
    Opened(
        "uplink",
        DRILL.model_copy(update={"name": ""}),
        AT,
        by="An",
        target=SENTENCE,
        network="embedded",
        rehearsal=True,
    ),
    Prechecked(
        "r-1",
        (message("drill:closed.process"),),
        (Predicted("uplink", "core-1", "", "warn", SENTENCE),),
        Prepared(("c-1",), unread=(SENTENCE,)),
    ),
    ProbesMeasured((PROBE,), (DeviceEvent(0.3, "core-1", "link-down", "made"),), AT),
    Closed("failed", SENTENCE),
)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_comes_back_as_written(step: DrillStep) -> None:
    assert STREAM.decode(STREAM.encode(step)) == step


@pytest.mark.parametrize(
    ("probe", "place"),
    [
        ({"sent": "many"}, "probes.0.sent"),
        ({"sent": True}, "probes.0.sent"),
        ({"value": "285"}, "probes.0.value"),
        ({"kind": "smoke"}, "probes.0.kind"),
        ({"outages": [[0.1]]}, "probes.0.outages.0.1"),
        ({"measures": [{"name": "outage", "value": 1.0, "limit": 2.0}]}, "probes.0.measures.0.unit"),
        ({"colour": "red"}, "probes.0.colour"),
    ],
)
def test_a_measurement_of_another_shape_is_refused_with_its_field(probe: dict[str, Any], place: str) -> None:
    plain = json.loads(STREAM.encode(STEPS[2]))
    plain["probes"][0] |= probe
    with pytest.raises(ShapeError) as refused:
        STREAM.decode(json.dumps(plain).encode())
    assert refused.value.place == place
