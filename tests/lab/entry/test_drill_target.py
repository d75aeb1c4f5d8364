"""The running lab as the network of a drill."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.drill.spec import Failure
from eventready_lab.control.lab_folder import LabRecord
from eventready_lab.entry import drill_target
from eventready_lab.entry.drill_target import LabTarget

ARGUMENTS = {"cell": "SITE-01", "requests_per_second": 5.0, "seconds": 300.0}


@pytest.mark.parametrize(
    ("arguments", "stands"),
    [
        ({"cell": "SITE-01", "requests_per_second": 5}, True),
        ({"requests_per_second": "5.0"}, True),
        ({}, True),
        ({"cell": "SITE-02"}, False),
        ({"requests_per_second": 6}, False),
        ({"port": "eth0"}, False),
    ],
)
def test_a_failure_stands_whatever_the_form_of_its_numbers(
    monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], stands: bool
) -> None:
    """A failure that is not recognised would not be repaired."""
    fault = {"device": "bsc", "fault": "channels-full", "args": ARGUMENTS}
    monkeypatch.setattr(drill_target, "send_request", lambda _record, **_request: {"faults": [fault]})
    record = LabRecord(pid=1, start_time="", socket="", devices=1, endpoints=1, scenario="", workspace="", expected=())
    target = LabTarget(record)
    assert target.stands(Failure(device="bsc", fault="channels-full", arguments=arguments)) is stands
