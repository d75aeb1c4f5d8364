"""Faults of cables without a lasting loss of carrier: half and partial loss, delay, flapping, small MTU."""

from __future__ import annotations

import sys
import threading

from eventready_lab.real.faults.routers import bfd_state, cable_at, drop_packets, pass_packets
from eventready_lab.real.faults.target import FaultSteps, RealFaultTarget, Role, fault, immediately
from eventready_lab.real.machinery.commands import in_namespace, run, spawn
from eventready_lab.real.province import frr
from eventready_lab.real.province.layout import WIRE, Cable, End

_ROUTER: tuple[Role, ...] = ("router",)


def _at_port(target: RealFaultTarget, port: str) -> Cable:
    cable, _own, _far = cable_at(target, lambda own, _far: port in (own.port, ""), "cable", port)
    return cable


def _sending(cable: Cable, own: End) -> str:
    """Port in the namespace of cables at the end of a router."""
    first, second = frr.plugs(cable)
    return first if cable.a == own else second


def _dropping(cable: Cable, name: str, condition: str) -> FaultSteps:
    """Drop packets of a cable by a condition of nft, in both directions."""
    table = f"{name}_{cable.name}"
    drop_packets(table, frr.plugs(cable), condition)
    yield immediately
    pass_packets(table)


@fault("one-way-loss", _ROUTER)
def one_way_loss(target: RealFaultTarget, peer: str = "") -> FaultSteps:
    """A cable loses all packets of this device to the peer, and none of the peer; BFD is down at both ends."""
    cable, own, far = cable_at(target, lambda _own, far: peer in (far.ip, ""), "bfd_session", peer)
    table = f"oneway_{cable.name}"
    drop_packets(table, (_sending(cable, own),))
    yield lambda: "up" not in (bfd_state(own.router, far.ip), bfd_state(far.router, own.ip))
    pass_packets(table)


@fault("packet-loss", _ROUTER)
def packet_loss(target: RealFaultTarget, port: str = "", percent: float = 30.0) -> FaultSteps:
    """A cable loses some of the packets, at random; the link stays up."""
    yield from _dropping(_at_port(target, port), "partial", f"numgen random mod 1000 < {round(10 * percent)}")


@fault("small-mtu", _ROUTER)
def small_mtu(target: RealFaultTarget, port: str = "", size: int = 1000) -> FaultSteps:
    """A cable loses packets above a size in bytes, without a message to the sender."""
    yield from _dropping(_at_port(target, port), "short", f"meta length > {size}")


@fault("delay", _ROUTER)
def delay(target: RealFaultTarget, port: str = "", ms: float = 200.0) -> FaultSteps:
    """A cable delays every packet in each direction; the link stays up."""
    cable = _at_port(target, port)
    plugs = frr.plugs(cable)
    for plug in plugs:
        run("ip", "-n", WIRE, "link", "set", plug, "nomaster")
    module = "eventready_lab.real.machinery.delayed_cable"
    words = in_namespace(WIRE, sys.executable, "-m", module, str(ms), *plugs)
    relay = spawn(words, target.equipment.radio.folder / "delayed_cable.log")
    yield immediately
    relay.kill()
    relay.wait()
    for plug in plugs:
        run("ip", "-n", WIRE, "link", "set", plug, "master", cable.name)


@fault("flapping", _ROUTER)
def flapping(target: RealFaultTarget, port: str = "", seconds: float = 0.75) -> FaultSteps:
    """A cable loses and regains its carrier, again and again: down for some seconds, up for as long."""
    plugs = frr.plugs(_at_port(target, port))
    over = threading.Event()

    def flap() -> None:
        state = "down"
        while not over.is_set():
            for plug in plugs:
                run("ip", "-n", WIRE, "link", "set", plug, state, check=False)
            state = "up" if state == "down" else "down"
            over.wait(seconds)

    thread = threading.Thread(target=flap, name="flapping cable", daemon=True)
    thread.start()
    yield immediately
    over.set()
    thread.join()
    for plug in plugs:
        run("ip", "-n", WIRE, "link", "set", plug, "up")
