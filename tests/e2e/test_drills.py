"""The example's drills on the embedded lab: what the audit predicts, and what the probes measure."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.e2e.conftest import Province

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]

#: Seconds until the first host has the virtual address again after the drill before.
_GIVEN_BACK_S = 4.0


def run(province: Province, name: str, *more: str) -> dict[str, Any]:
    """The result of a drill as JSON; a void one, whose prober waited for a processor, is run again."""
    for _ in range(3):
        done = province.command("-o", "json", "drill", "run", name, *more, expect=(0, 3, 4))
        (result,) = json.loads(done.stdout)
        if result["outcome"] != "void":
            break
    assert result["steps"][-1]["step"] == "closed"
    return dict(result)


@pytest.mark.parametrize("name", ["service-host-loss", "dns-loss"])
def test_the_other_service_host_answers_http_and_dns(province: Province, name: str) -> None:
    time.sleep(_GIVEN_BACK_S)
    result = run(province, name)
    assert result["outcome"] == "passed"
    assert all(probe["value"] > 0 for probe in result["probes"])


@pytest.mark.parametrize(
    ("name", "check", "device", "subject"),
    [
        ("cell-crowd", "capacity_cell", "bsc-1", "BTS-HN-02 TCH"),
        ("wifi-crowd", "capacity_access_point", "ac-1", "VH-SanKhau-01"),
    ],
)
def test_a_crowd_beyond_the_capacity_is_predicted(
    province: Province, name: str, check: str, device: str, subject: str
) -> None:
    result = run(province, name)
    assert result["outcome"] == "failed"
    assert (check, device, subject) in {(one["check"], one["device"], one["subject"]) for one in result["predicted"]}
