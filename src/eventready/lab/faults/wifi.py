"""Access points, radios, controllers."""

from __future__ import annotations

from eventready.lab.fault import On, fault
from eventready.lab.state import ApState

_WIFI = ("wifi_controller",)


def _ap(on: On, name: str) -> ApState:
    chosen = next((ap for ap in on.state.aps if name in (ap.name, "")), None)
    if chosen is None:
        raise on.refuse(f"access point {name}", [ap.name for ap in on.state.aps])
    return chosen


@fault("ap-lost", roles=_WIFI)
def ap_lost(on: On, ap: str = "") -> None:
    """An access point has left the controller."""
    chosen = _ap(on, ap)
    chosen.up = False
    for radio in chosen.radios:
        radio.up, radio.clients = False, 0


@fault("radio-down", roles=_WIFI)
def radio_down(on: On, ap: str = "", band: str = "5") -> None:
    """One radio of an access point is off."""
    for radio in _ap(on, ap).radios:
        if radio.band == band:
            radio.up, radio.clients = False, 0


@fault("ap-crowded", roles=_WIFI)
def ap_crowded(on: On, ap: str = "", clients: int = 78) -> None:
    """All stations are on one access point while the others are idle."""
    chosen = _ap(on, ap)
    for other in on.state.aps:
        for radio in other.radios:
            radio.clients = 0
            radio.utilisation = min(radio.utilisation, 6)
    for radio in chosen.radios:
        radio.clients, radio.utilisation = (clients, 84) if radio.band == "5" else (clients // 3, 61)


@fault("channel-busy", roles=_WIFI)
def channel_busy(on: On, ap: str = "", band: str = "5", percent: int = 88) -> None:
    """The channel of a radio is busy nearly all the time."""
    for radio in _ap(on, ap).radios:
        if radio.band == band:
            radio.utilisation = percent


@fault("noise", roles=_WIFI)
def noise(on: On, ap: str = "", band: str = "5", dbm: int = -74) -> None:
    """A radio hears strong noise: a jammer, a microwave oven, a screen."""
    for radio in _ap(on, ap).radios:
        if radio.band == band:
            radio.noise_dbm = dbm


@fault("radius-down", roles=_WIFI)
def radius_down(on: On, host: str = "") -> None:
    """An authentication server does not answer."""
    name = host or next(iter(on.state.radius), "")
    if name not in on.state.radius:
        raise on.refuse(f"RADIUS server {host}", list(on.state.radius))
    on.state.radius[name] = False


@fault("controller-failover", roles=_WIFI)
def controller_failover(on: On) -> None:
    """The pair has no standby that is ready: one half has taken over, and the other has not come back."""
    if not on.state.pair_mode:
        raise on.refuse("second controller", [])
    on.state.pair_ready = False
    other = on.other(on.state.pair_peer)
    if other:
        other.pair_ready = False
