"""A watch on the embedded lab: a fault is named within two intervals, once over a kill, and so is its end."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from eventready.core.clock import Clock
from eventready.delivery.notify.heartbeat import last_beat
from eventready.store.store import Store
from eventready.watch.kpi import IN
from eventready.watch.record import WatchRecord
from tests.e2e.conftest import NOW, Province, province_of
from tests.session.real import until

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.xdist_group("province")]
PORT = "TenGigabitEthernet0/2/0"
INTERVAL_S, PATIENCE_S = 5, 40


class Changes:
    """Lines of a watch in a process of its own."""

    def __init__(self, province: Province, device: str) -> None:
        words = ("-w", str(province.copy), "--now", NOW, "-o", "ndjson", "watch", "-l", device, "--for", "100s")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "eventready", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.lines: SimpleQueue[dict[str, Any]] = SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.put(json.loads(line))

    def until(
        self, wanted: Callable[[dict[str, Any]], bool], *others: Callable[[dict[str, Any]], bool]
    ) -> dict[str, Any]:
        """The first line of a kind, after the first of each other kind has come too."""
        end, missing = time.monotonic() + PATIENCE_S, [wanted, *others]
        found: list[dict[str, Any]] = []
        while missing:
            line = self.lines.get(timeout=max(0.1, end - time.monotonic()))
            found += [line] if wanted(line) else []
            missing = [kind for kind in missing if not kind(line)]
        return found[0]

    def none_for(self, seconds: float) -> None:
        with pytest.raises(Empty):
            print(self.lines.get(timeout=seconds))


@contextmanager
def watching(province: Province, device: str = "core-1") -> Iterator[Changes]:
    changes = Changes(province, device)
    try:
        yield changes
    finally:
        changes.process.kill()
        changes.process.wait()


def _of_port(new: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: (line["check"], line["subject"], line["new"]) == ("uplink", PORT, new)


def _of_ping(new: str) -> Callable[[dict[str, Any]], bool]:
    """The way out of the port, asked beside the other facts."""
    return lambda line: (line["check"], line["new"]) == ("answer_ping", new)


def rates(province: Province, since: datetime) -> list[datetime]:
    """Times of the rates of the port after a moment."""
    with Store.of_workspace(province.copy) as store:
        series = store.series("tra-vinh-30", rehearsal=True)
        found = series.read(since, Clock.real(), name=IN, device="core-1", step_s=1)
    return [point.at for key, points in found.items() if key.subject == PORT for point in points if point.at > since]


def test_a_fault_is_named_once_and_its_end_too(tmp_path: Path) -> None:
    with province_of(tmp_path, "none") as province:
        facts = ("interface", "ospf_neighbour", "bgp_neighbour", "bfd_session", "link_bundle")
        intervals = "".join(f"  {fact}: {INTERVAL_S}\n" for fact in facts)
        (province.copy / "inventory" / "watch.yaml").write_text(f"intervals:\n{intervals}", encoding="utf-8")
        province.audit("", interval_s=0.2)
        province.call("trust", "content", "--yes")
        began = Clock.real()
        with watching(province) as changes:
            changes.none_for(2 * INTERVAL_S)
            until(lambda: bool(rates(province, began)), PATIENCE_S)
            province.call("lab", "fault", "core-1", "link-down", PORT)
            line = changes.until(_of_port("fail"), _of_ping("fail"))
            assert (line["device"], line["old"], line["cause"]) == ("core-1", "pass", "")
            assert PORT in line["message"]
        killed = Clock.real()
        with watching(province) as changes:
            changes.none_for(3 * INTERVAL_S)
            province.call("lab", "fault", "core-1", "link-down", PORT, "--clear")
            assert changes.until(_of_port("pass"))["old"] == "fail"
            until(lambda: bool(rates(province, killed)), PATIENCE_S)  # two readings after the kill make a rate
            changes.process.terminate()
            assert changes.process.wait(timeout=PATIENCE_S) == 0
        with Store.of_workspace(province.copy) as store:
            named = [
                (one.subject, one.new)
                for _at, one in WatchRecord(store, "tra-vinh-30", Clock.starting(NOW)).timeline()
                if one.check == "uplink"
            ]
            assert last_beat(store, "tra-vinh-30", Clock.starting(NOW)) is None  # SIGTERM is no death
        assert named == [(PORT, "fail"), (PORT, "pass")]
        assert any(moment < killed for moment in rates(province, began))
