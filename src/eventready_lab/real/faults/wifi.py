"""Faults of access points and of hostapd."""

from __future__ import annotations

from eventready_lab.faults.errors import no_part
from eventready_lab.real.faults.target import FaultSteps, RealFaultTarget, Role, fault, immediately
from eventready_lab.real.province import wifi
from eventready_lab.real.province.wifi.radio import AccessPoint
from eventready_lab.real.province.wifi_host import WifiHost

_WIFI: tuple[Role, ...] = ("wifi_controller",)


def _access_point(target: RealFaultTarget, name: str) -> tuple[WifiHost, AccessPoint]:
    host = target.equipment.wifi
    chosen = next((ap for ap in host.air if name in (ap.name, "")), None) if host else None
    if host is None or chosen is None:
        raise no_part(target.device, "access_point", name, [ap.name for ap in host.air] if host else [])
    return host, chosen


@fault("ap-lost", _WIFI)
def ap_lost(target: RealFaultTarget, ap: str = "") -> FaultSteps:
    """An access point is switched off."""
    host, chosen = _access_point(target, ap)
    wifi.make(host.record, "ap-down", chosen.name)
    yield lambda: host.stations()[chosen.name] == 0
    wifi.clear(host.record, "ap-down", chosen.name)


@fault("ap-crowded", _WIFI)
def ap_crowded(target: RealFaultTarget, ap: str = "") -> FaultSteps:
    """All stations are associated with the same access point, up to its limit."""
    host, chosen = _access_point(target, ap)
    wifi.make(host.record, "crowded", chosen.name)
    yield lambda: sum(host.stations().values()) == sum(ap.stations for ap in host.air)
    wifi.clear(host.record, "crowded", chosen.name)


@fault("admission-closed", _WIFI)
def admission_closed(target: RealFaultTarget, ap: str = "") -> FaultSteps:
    """The access points are up and admit no station: all of them, or the given access point."""
    host, chosen = _access_point(target, ap)
    closed = [chosen] if ap else list(host.air)
    for one in closed:
        wifi.make(host.record, "closed", one.name)
    yield lambda: not any(host.stations()[one.name] for one in closed)
    for one in closed:
        wifi.clear(host.record, "closed", one.name)


@fault("controller-dead", _WIFI)
def controller_dead(target: RealFaultTarget) -> FaultSteps:
    """hostapd has been killed."""
    host, _ap = _access_point(target, "")
    wifi.make(host.record, "controller-dead")
    yield immediately
    wifi.clear(host.record, "controller-dead")
