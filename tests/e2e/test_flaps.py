"""A port that goes up and down, on the embedded lab."""

from pathlib import Path
from typing import Any

import pytest

from eventready.audit.audit import AuditResult
from tests.e2e.conftest import province_of

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]
PORT = "TenGigabitEthernet0/2/0"


def _flaps(done: AuditResult) -> dict[str, Any]:
    found = {f["subject"]: f["status"] for f in done.run.document["findings"] if f["check"] == "port_flaps"}
    return {"port": found.pop(PORT), "others": set(found.values())}


def test_flaps_are_found_between_the_readings_and_since_the_latest_full_audit(tmp_path: Path) -> None:
    with province_of(tmp_path, "none") as province:
        province.audit(interval_s=0)
        with province.fault("core-1", "flapping", PORT, "seconds=0.02"):
            assert _flaps(province.audit("core-1")) == {"port": "fail", "others": {"pass"}}
        assert _flaps(province.audit("core-1", interval_s=0)) == {"port": "fail", "others": {"pass"}}
        province.audit()
        assert _flaps(province.audit("core-1")) == {"port": "pass", "others": {"pass"}}
