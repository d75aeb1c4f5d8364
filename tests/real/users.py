"""Users of the real province: computers on the site and phones at its cells, with nothing of the product in between."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from eventready_lab.real.machinery import udp_echo
from eventready_lab.real.province import crowd
from eventready_lab.real.province.layout import (
    BSS,
    CONTROLLER,
    DNS_NAME,
    INTERNET_ADDRESS,
    SERVICE_IP,
    SITE,
    STATIONS,
    BaseStation,
)
from tests.behaviours.twin import Twin
from tests.real.device import device_of
from tests.real.independent_prober import beside
from tests.real.network import Network

#: Cells on air.
CELLS = tuple(station for station in STATIONS if station.on_air)
#: Seconds of a measurement of flows, and until the controller has counted a phone's request.
_MEASURED_S, _COUNTED_S = 1, 2
#: Measurements in a row that are alike: what is lost for so long does not heal by itself. `_MOST`: of all.
_ALIKE = {"answers": 2, "lost": 6, "in part": 6}
_MOST = 20


@dataclass(frozen=True)
class Users:
    """Users of a running province, who try their services."""

    twin: Twin

    def flows(self) -> str:
        """`answers`, `lost` or `in part`: 16 flows from the site to the Internet, once that is so time after time."""
        felt: list[str] = []
        while len(felt) < _MOST:
            felt.append(self._flows())
            if felt[-_ALIKE[felt[-1]] :] == [felt[-1]] * _ALIKE[felt[-1]]:
                return felt[-1]
        raise AssertionError(f"the flows to the Internet do not settle: {felt}")

    def _flows(self) -> str:
        with beside(Network(self.twin).launcher(), INTERNET_ADDRESS, udp_echo.PORT) as heard:
            time.sleep(_MEASURED_S)
        answered = [bool(flow) for flow in heard.answered]
        return "answers" if all(answered) else "in part" if any(answered) else "lost"

    def portal(self) -> str:
        """`answers` if the site gets the portal's address by its name, and its page from there; otherwise `lost`."""
        resolved = self._at_site("dig", f"@{SERVICE_IP}", DNS_NAME, "+short", "+time=1", "+tries=2")
        page = self._at_site("curl", "-sf", "-o", "/dev/null", "-w", "%{http_code}", "-m", "4", f"http://{SERVICE_IP}/")
        return "answers" if (resolved, page) == (SERVICE_IP, "200") else "lost"

    def cells(self) -> frozenset[str]:
        """Names of the cells that hear a phone."""
        before = self._requests()
        for station in CELLS:
            words = (sys.executable, "-m", crowd.__name__, str(station.channel), "50", "0.02")
            subprocess.run([*Network(self.twin).launcher(BSS), *words], check=True)
        deadline = time.monotonic() + _COUNTED_S
        while (heard := self._heard(before)) != {one.name for one in CELLS} and time.monotonic() < deadline:
            time.sleep(0.2)
        return heard

    def _heard(self, before: Sequence[int]) -> frozenset[str]:
        now = zip(CELLS, before, self._requests(), strict=True)
        return frozenset(station.name for station, earlier, later in now if later > earlier)

    def _requests(self) -> list[int]:
        """Channel requests that the controller has counted, by cell."""
        return [self._counted(station) for station in CELLS]

    def _counted(self, station: BaseStation) -> int:
        found = re.search(
            r"(\d+) total, \d+ no channel", device_of(self.twin, CONTROLLER).terminal(f"show bts {station.bts}")
        )
        return int(found[1]) if found else 0

    def _at_site(self, *words: str) -> str:
        command = [*Network(self.twin).launcher(SITE), *words]
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
