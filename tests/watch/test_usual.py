"""A watch compares the clients of access points with those of earlier audits of the present hour, as an audit does."""

from __future__ import annotations

from datetime import datetime, timedelta

from eventready.checks.check import EarlierReading
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.runner import History
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.records import RadioLoad
from eventready.facts.rows import FactRows
from eventready.watch.job import WatchJob
from eventready.watch.states import States
from eventready.watch.watcher import Watcher
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from tests.watch.test_night import EVENT
from tests.zones import TZ

EVENING = datetime(2031, 4, 29, 19, tzinfo=TZ)
DEVICE = Device(
    "w1", "wifi_controller", "linux_hostapd", "192.0.2.1", venues=("hall",),
    expect=Expect.model_validate({"access_points": [{"name": "gate"}]}),
)  # fmt: skip


def _load(clients: int) -> RadioLoad:
    return RadioLoad.model_validate({"ap": "gate", "slot": "1", "band": "5", "clients": clients})


def _usual(moment: datetime) -> History:
    """Thirty clients in the evening, none later."""
    clients = 30 if moment.hour == 19 else 0
    return {"w1": (EarlierReading(7 * 86_400, True, {"radio_load": FactRows((_load(clients),))}),) * 3}


def test_closed_admission_is_a_change_and_so_is_its_end() -> None:
    matrix = build_matrix((DEVICE,), {"linux_hostapd": load_platform("linux_hostapd")}, fleet=False)
    watcher = Watcher(WatchJob(EVENT, {"w1": DEVICE}, matrix, usual=_usual), States(), lambda _fact: 15.0)
    found, now = [], 0.0
    for clients, hours in [(30, 0), (0, 0), (0, 0), (28, 0), (30, 0), (0, 2), (1, 2)]:
        now += 15
        rows = {"radio_load": (_load(clients),), "radio_load_24": ()}
        taken = [Observation("w1", fact, Status.PARSED, rows=one) for fact, one in rows.items()]
        found += watcher.read("w1", taken, now, EVENING + timedelta(hours=hours))
    usual = [(one.key.subject, one.old, one.new) for one in found if one.key.check == "access_point_usual"]
    assert usual == [("gate", "pass", "warn"), ("gate", "warn", "pass")]
