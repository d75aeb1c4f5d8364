"""Faults of base stations, cells and the link to the switching centre."""

from __future__ import annotations

import shutil

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready_lab.faults.errors import no_part
from eventready_lab.real.faults.target import FaultSteps, RealFaultTarget, Role, fault, immediately
from eventready_lab.real.province.layout import STATIONS, BaseStation

#: More requests at once than a cell has channels.
_CROWD = 60
_BTS: tuple[Role, ...] = ("bts_controller",)


def _station(name: str) -> BaseStation:
    on_air = [station for station in STATIONS if station.on_air]
    chosen = next((station for station in on_air if name in (station.name, "")), None)
    if chosen is None:
        names = [station.name for station in on_air]
        raise UsageError(message("lab:fault.not_on_air", name=name, names=names))
    return chosen


@fault("bts-link-lost", _BTS)
def bts_link_lost(target: RealFaultTarget, site: str = "") -> FaultSteps:
    """A base station has lost its link to the controller (OML)."""
    yield from _in_mode(target, _station(site), "off", "disconnected")


@fault("bts-degraded", _BTS)
def bts_degraded(target: RealFaultTarget, site: str = "") -> FaultSteps:
    """A base station is managed but carries no calls (OML without RSL)."""
    yield from _in_mode(target, _station(site), "dummy", "degraded")


def _in_mode(target: RealFaultTarget, station: BaseStation, mode: str, link: str) -> FaultSteps:
    radio = target.equipment.radio
    radio.set_mode(station, mode)
    yield lambda: radio.links()[station.name] == link and not radio.signalling_up(station)
    radio.set_mode(station, "virtual")


@fault("cell-barred", _BTS)
def cell_barred(target: RealFaultTarget, cell: str = "") -> FaultSteps:
    """A cell is barred to phones."""
    station = _station(cell)
    target.equipment.radio.configure("cell barred 1", station)
    yield immediately
    target.equipment.radio.configure("cell barred 0", station)


@fault("channels-full", _BTS)
def channels_full(
    target: RealFaultTarget, cell: str = "", requests_per_second: float = 12.0, seconds: float = 300.0
) -> FaultSteps:
    """All channels of a cell are in use, and calls are refused, unless the cell has channels enough for the crowd."""
    station, radio = _station(cell), target.equipment.radio
    total, refused = radio.requests(station)
    radio.start_crowd(station, requests_per_second, seconds)

    def is_there() -> bool:
        now, refused_now = radio.requests(station)
        return refused_now > refused or now >= total + _CROWD

    yield is_there
    radio.stop_crowd(station)


@fault("hour-of-calls", _BTS, effect_s=150.0)
def hour_of_calls(target: RealFaultTarget, cell: str = "", speed: int = 180) -> FaultSteps:
    """The controller has carried calls for an hour: its clock runs faster, and its statistics are those of an hour."""
    if shutil.which("faketime") is None:
        raise UsageError(message("lab:no_program", program="faketime"))
    station, radio = _station(cell), target.equipment.radio
    radio.restart_controller(speed=speed)
    yield lambda: radio.make_calls(station) and radio.has_hourly_statistics(station)
    radio.restart_controller()
    radio.set_mode(station, "virtual")


@fault("core-link-down", _BTS)
def core_link_down(target: RealFaultTarget, link: str = "0") -> FaultSteps:
    """The link to the switching centre (MSC) is down."""
    radio = target.equipment.radio
    if not radio.core or link != "0":
        raise no_part(target.device, "core_link", link, ["0"] if radio.core else [])
    radio.stop_msc()
    yield lambda: not radio.core_link()
    radio.start_msc()
