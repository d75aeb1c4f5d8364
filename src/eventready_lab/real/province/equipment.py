"""The running parts of the real lab, as its faults use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eventready_lab.real.machinery.listeners import DeviceListeners
from eventready_lab.real.province.logins import RouterLogins
from eventready_lab.real.province.osmocom import OsmocomNetwork
from eventready_lab.real.province.service_hosts import ServiceHost
from eventready_lab.real.province.wifi_host import WifiHost


@dataclass(frozen=True)
class Equipment:
    """Listeners, router logins, base-station network, WiFi host (None without WiFi) and service hosts by name."""

    listeners: DeviceListeners
    logins: RouterLogins
    radio: OsmocomNetwork
    wifi: WifiHost | None
    hosts: Mapping[str, ServiceHost] = field(default_factory=dict)
