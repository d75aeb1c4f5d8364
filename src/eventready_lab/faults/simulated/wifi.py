"""Faults of access points, radios, authentication servers and controller pairs."""

from __future__ import annotations

from eventready_lab.device.state import ApState
from eventready_lab.faults.simulated.target import FaultTarget, fault

_WIFI = ("wifi_controller",)


def _ap(target: FaultTarget, name: str) -> ApState:
    chosen = next((ap for ap in target.state.aps if name in (ap.name, "")), None)
    if chosen is None:
        raise target.unknown("access_point", name, [ap.name for ap in target.state.aps])
    return chosen


@fault("ap-lost", roles=_WIFI)
def ap_lost(target: FaultTarget, ap: str = "") -> None:
    """An access point has left the controller."""
    chosen = _ap(target, ap)
    chosen.up = False
    for radio in chosen.radios:
        radio.up, radio.clients = False, 0


@fault("radio-down", roles=_WIFI)
def radio_down(target: FaultTarget, ap: str = "", band: str = "5") -> None:
    """A radio of an access point is off."""
    for radio in _ap(target, ap).radios:
        if radio.band == band:
            radio.up, radio.clients = False, 0


@fault("ap-crowded", roles=_WIFI)
def ap_crowded(target: FaultTarget, ap: str = "", clients: int = 78) -> None:
    """All stations are associated with the same access point, up to its limit."""
    chosen = _ap(target, ap)
    for other in target.state.aps:
        for radio in other.radios:
            radio.clients = 0
            radio.utilisation = min(radio.utilisation, 6)
    for radio in chosen.radios:
        radio.clients, radio.utilisation = (clients, 84) if radio.band == "5" else (clients // 3, 61)


@fault("admission-closed", roles=_WIFI)
def admission_closed(target: FaultTarget, ap: str = "") -> None:
    """The access points are up and admit no station: all of them, or the given access point."""
    for chosen in [_ap(target, ap)] if ap else target.state.aps:
        for radio in chosen.radios:
            radio.clients = 0


@fault("wlan-disabled", roles=_WIFI)
def wlan_disabled(target: FaultTarget) -> None:
    """The Wi-Fi networks of the controller are disabled."""
    target.state.wlans = dict.fromkeys(target.state.wlans, False)


@fault("wlan-renamed", roles=_WIFI)
def wlan_renamed(target: FaultTarget, ssid: str = "setup") -> None:
    """The access points are up with a foreign Wi-Fi network."""
    target.state.wlans = {ssid: True}


@fault("channel-busy", roles=_WIFI)
def channel_busy(target: FaultTarget, ap: str = "", band: str = "5", percent: int = 88) -> None:
    """The channel utilisation of a radio is high."""
    for radio in _ap(target, ap).radios:
        if radio.band == band:
            radio.utilisation = percent


@fault("noise", roles=_WIFI)
def noise(target: FaultTarget, ap: str = "", band: str = "5", dbm: int = -74) -> None:
    """The noise floor of a radio is high."""
    for radio in _ap(target, ap).radios:
        if radio.band == band:
            radio.noise_dbm = dbm


@fault("radius-down", roles=_WIFI)
def radius_down(target: FaultTarget, host: str = "") -> None:
    """An authentication server does not answer."""
    name = host or next(iter(target.state.radius), "")
    if name not in target.state.radius:
        raise target.unknown("radius_server", host, list(target.state.radius))
    target.state.radius[name] = False


@fault("controller-failover", roles=_WIFI)
def controller_failover(target: FaultTarget) -> None:
    """The standby controller of a pair is not ready after a switch-over."""
    if not target.state.pair_mode:
        raise target.unknown("second_controller")
    target.state.pair_ready = False
    other = target.other(target.state.pair_peer)
    if other:
        other.pair_ready = False
