"""hostapd on simulated radios in a machine of its own: gone without a word, and the machine's end.

An access point that is off and the crowd of one: tests/behaviours.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from eventready.workspace.settings.event import load_event
from eventready_lab.real.machinery.sandbox import processes_of
from eventready_lab.real.province import wifi
from eventready_lab.real.province.layout import AIR_HOST, air_of
from eventready_lab.real.province.wifi_host import cache
from tests.behaviours.test_behaviours import STANDING, reported
from tests.behaviours.twin import Twin, skip_unless_real

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.xdist_group("twin")]


def test_hostapd_that_is_gone_without_a_word(real_province: Twin) -> None:
    air = air_of(load_event(real_province.copy / "inventory" / "event.yaml"))
    with real_province.fault(AIR_HOST, "controller-dead"):
        found = reported(real_province.audit(AIR_HOST))
    assert {(AIR_HOST, "access_point", ap.name, "warn") for ap in air} <= found
    assert (AIR_HOST, "access_point", "access points", "fail") in found
    assert reported(real_province.audit(AIR_HOST)) <= STANDING


def test_a_machine_is_found_and_ended_though_whoever_began_it_was_killed(tmp_path: Path) -> None:
    skip_unless_real()
    words = (
        "import sys, time\nfrom pathlib import Path\nfrom eventready_lab.real import wifi\n"
        "wifi.start(wifi.MachineOptions(Path(sys.argv[1]), Path(sys.argv[2])), 'x')\n"
        "print('begun', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", words, str(tmp_path / "machine"), str(cache())], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGKILL)
    record = wifi.find(tmp_path / "machine")
    assert record is not None
    assert processes_of(record.tag)
    assert wifi.stop(tmp_path / "machine")
    assert processes_of(record.tag) == []
    assert list((tmp_path / "machine").iterdir()) == []
