"""A fleet on one loop: memory is bounded, and nothing of it is made before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]

#: In a process of its own: another test's memory is none of ours.
SCRIPT = """
import resource
from eventready.core.clock import Clock
from eventready_lab.embedded.fleet import router_fleet
from eventready_lab.device.healthy_state import healthy_states
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.embedded.lab_thread import LabThread
from tests.lab.small_dialects import IOS

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
states = healthy_states(router_fleet(500, ("hall",), ("cisco_xe",)))
machines = [SimulatedDevice(state, IOS, Credentials("netops", "pw"), Clock()) for state in states.values()]
with LabThread(machines) as lab:
    ports = {lab.address(name)[1] for name in states}
    lines = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    print(len(ports), int(lines["VmRSS"].split()[0]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_five_hundred_devices_listen_in_little_memory() -> None:
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    assert found.returncode == 0, found.stderr
    ports, megabytes = map(int, found.stdout.split())
    assert ports == 500
    assert megabytes < 110
