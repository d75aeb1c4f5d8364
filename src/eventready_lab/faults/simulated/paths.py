"""Faults of paths without a lasting loss of carrier: half and partial loss, delay, flapping, MTU."""

from __future__ import annotations

from eventready_lab.device.state import Impairment, Port
from eventready_lab.faults.simulated.ports import port_of
from eventready_lab.faults.simulated.routing import bfd_down
from eventready_lab.faults.simulated.target import FaultTarget, fault

_ROUTER = ("router",)


def _impaired(target: FaultTarget, port: str) -> Impairment:
    chosen: Port = port_of(target, port)
    chosen.impairment = chosen.impairment or Impairment()
    return chosen.impairment


@fault("one-way-loss", roles=_ROUTER)
def one_way_loss(target: FaultTarget, peer: str = "") -> None:
    """A cable loses all packets of this device to the peer, and none of the peer; BFD is down at both ends."""
    bfd_down(target, peer)


@fault("packet-loss", roles=_ROUTER)
def packet_loss(target: FaultTarget, port: str = "", percent: float = 30.0) -> None:
    """A cable loses some of the packets, at random; the link stays up."""
    _impaired(target, port).loss_percent = percent


@fault("delay", roles=_ROUTER)
def delay(target: FaultTarget, port: str = "", ms: float = 200.0) -> None:
    """A cable delays every packet in each direction; the link stays up."""
    _impaired(target, port).delay_ms = ms


@fault("flapping", roles=_ROUTER)
def flapping(target: FaultTarget, port: str = "", seconds: float = 0.75) -> None:
    """A cable loses and regains its carrier, again and again: down for some seconds, up for as long."""
    _impaired(target, port).flap_s = seconds


@fault("small-mtu", roles=_ROUTER)
def small_mtu(target: FaultTarget, port: str = "", size: int = 1000) -> None:
    """A cable loses packets above a size in bytes, without a message to the sender."""
    _impaired(target, port).longest = size
