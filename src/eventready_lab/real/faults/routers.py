"""Faults of cables, routing and gateway groups between FRR routers."""

from __future__ import annotations

import time
from collections.abc import Callable

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready_lab.faults.errors import no_part
from eventready_lab.real.faults.target import FaultSteps, RealFaultTarget, Role, fault, immediately
from eventready_lab.real.machinery.commands import configure, in_namespace, run, show_json
from eventready_lab.real.province import frr
from eventready_lab.real.province.layout import (
    CABLES,
    CONTROLLER,
    GATEWAYS,
    GROUP,
    ISPS,
    LAN_PORT,
    WIRE,
    Cable,
    End,
    cables_of,
    router_id,
)

_ROUTER: tuple[Role, ...] = ("router",)
_SETTLED_S = 20.0
#: Delay until a configuration change shows in dependent sessions.
_CONVERGENCE_S = 0.5


def _settled() -> bool:
    return not frr.waiting_for()


def _wait_until_settled() -> None:
    deadline = time.monotonic() + _SETTLED_S
    time.sleep(_CONVERGENCE_S)
    while not _settled() and time.monotonic() < deadline:
        time.sleep(_CONVERGENCE_S)


def cable_at(
    target: RealFaultTarget, matches: Callable[[End, End], bool], part: str, name: str
) -> tuple[Cable, End, End]:
    """The first cable of a router with matching (own, far) ends. `part`, `name`: the wanted part, for the error."""
    for cable in CABLES:
        ends = cable.ends(target.device)
        if ends and matches(*ends):
            return (cable, *ends)
    known = [
        message("lab:fault.cable", port=own.port, router=far.router, address=far.ip)
        for own, far in cables_of(target.device)
    ]
    raise no_part(target.device, part, name, known)


def bfd_state(router: str, peer: str) -> str:
    """The state of a BFD session on a router; empty otherwise."""
    rows = show_json(router, "show bfd peers json")
    return next((row["status"] for row in rows if row["peer"] == peer), "") if isinstance(rows, list) else ""


def drop_packets(table: str, plugs: tuple[str, ...], match: str = "") -> None:
    """Drop all packets, or the matching packets, at the ingress of these plugs."""
    devices = ", ".join(f'"{plug}"' for plug in plugs)
    chain = f"type filter hook ingress devices = {{ {devices} }} priority 0; policy accept;"
    rules = f"table netdev {table} {{\nchain loss {{\n{chain}\n{match} drop\n}}\n}}\n"
    run(*in_namespace(WIRE, "nft", "-f", "-"), given=rules)


def _drop_all(table: str, plugs: tuple[str, ...]) -> None:
    """Drop the packets of both directions at these plugs."""
    devices = ", ".join(f'"{plug}"' for plug in plugs)
    chains = "".join(
        f"chain {hook} {{\ntype filter hook {hook} devices = {{ {devices} }} priority 0; policy accept;\ndrop\n}}\n"
        for hook in ("ingress", "egress")
    )
    run(*in_namespace(WIRE, "nft", "-f", "-"), given=f"table netdev {table} {{\n{chains}}}\n")


def pass_packets(table: str) -> None:
    """End a loss of packets."""
    run(*in_namespace(WIRE, "nft", "delete", "table", "netdev", table))


@fault("link-down", _ROUTER)
def link_down(target: RealFaultTarget, port: str = "") -> FaultSteps:
    """A cable loses its carrier at both ends."""
    cable, own, far = cable_at(target, lambda own, _far: port in (own.port, ""), "cable", port)
    for plug in frr.plugs(cable):
        run("ip", "-n", WIRE, "link", "set", plug, "down")
    yield lambda: "up" not in (bfd_state(own.router, far.ip), bfd_state(far.router, own.ip)) and _ospf_lost(own, far)
    for plug in frr.plugs(cable):
        run("ip", "-n", WIRE, "link", "set", plug, "up")


def _ospf_lost(own: End, far: End) -> bool:
    """True when neither end has the other as OSPF neighbour; true on cables to another system, which have no OSPF."""
    return own.router in ISPS or far.router in ISPS or not (_ospf_state(own, far) or _ospf_state(far, own))


def _ospf_state(own: End, far: End) -> str:
    """The state of an OSPF neighbour on a port; empty otherwise."""
    neighbours = (show_json(own.router, "show ip ospf neighbor json") or {}).get("neighbors", {})
    rows = neighbours.get(router_id(far.router), [])
    return next((str(row["nbrState"]) for row in rows if str(row["ifaceName"]).startswith(f"{own.port}:")), "")


@fault("bfd-down", _ROUTER)
def bfd_down(target: RealFaultTarget, peer: str = "") -> FaultSteps:
    """A cable loses all packets without a loss of carrier: BFD is down at both ends, ports stay up."""
    cable, own, far = cable_at(target, lambda _own, far: peer in (far.ip, ""), "bfd_session", peer)
    drop_packets(f"silent_{cable.name}", frr.plugs(cable))
    yield (
        lambda: (
            "up" not in (bfd_state(own.router, far.ip), bfd_state(far.router, own.ip))
            and _ospf_lost(own, far)
            and (far.router not in ISPS or not _established(own.router, far.ip))
        )
    )
    pass_packets(f"silent_{cable.name}")


def _established(router: str, peer: str) -> bool:
    peers = (show_json(router, "show bgp ipv4 unicast summary json") or {}).get("peers", {})
    return bool(peers.get(peer, {}).get("state") == "Established")


def _bgp_session(target: RealFaultTarget, peer: str) -> tuple[str, str, str]:
    """(far router, its address, own address) of a BGP session."""
    sessions = []
    for own, far in cables_of(target.device):
        external = far.router in ISPS or own.router in ISPS
        sessions.append(
            (far.router, far.ip, own.ip) if external else (far.router, router_id(far.router), router_id(own.router))
        )
    for session in sessions:
        if peer in (session[1], ""):
            return session
    raise no_part(target.device, "bgp_neighbour", peer, [address for _, address, _ in sessions])


@fault("neighbour-lost", _ROUTER)
def neighbour_lost(target: RealFaultTarget, peer: str = "", protocol: str = "bgp") -> FaultSteps:
    """A routing adjacency is down (OSPF stuck, BGP down) while the link and BFD stay up."""
    if protocol not in ("bgp", "ospf"):
        raise UsageError(message("lab:fault.no_protocol", device=target.device, protocol=protocol))
    yield from _bgp_lost(target, peer) if protocol == "bgp" else _ospf_stuck(target, peer)


def _bgp_lost(target: RealFaultTarget, peer: str) -> FaultSteps:
    far, address, own = _bgp_session(target, peer)
    table = f"bgp_{address.replace('.', '_')}"
    block = f"ip saddr {address} tcp sport 179 drop\nip saddr {address} tcp dport 179 drop"
    chain = f"chain in {{\ntype filter hook input priority 0; policy accept;\n{block}\n}}"
    run(*in_namespace(target.device, "nft", "-f", "-"), given=f"table inet {table} {{\n{chain}\n}}\n")
    run("vtysh", "-N", target.device, "-c", f"clear bgp {address}")  # the hold time would take nine seconds
    yield lambda: not _established(target.device, address) and not _established(far, own)
    run(*in_namespace(target.device, "nft", "delete", "table", "inet", table))


def _ospf_stuck(target: RealFaultTarget, peer: str) -> FaultSteps:
    """Drop database descriptions (OSPF type 2), as an MTU mismatch does: the neighbour stays in ExStart."""
    cable, own, far = cable_at(
        target,
        lambda _own, far: far.router not in ISPS and peer in (router_id(far.router), ""),
        "ospf_neighbour",
        peer,
    )
    drop_packets(f"stuck_{cable.name}", frr.plugs(cable), "meta protocol ip ip protocol 89 @th,8,8 2")
    run("vtysh", "-N", own.router, "-c", f"clear ip ospf neighbor {router_id(far.router)}")
    run("vtysh", "-N", far.router, "-c", f"clear ip ospf neighbor {router_id(own.router)}")
    yield (
        lambda: (
            all(state.startswith("ExStart") for state in (_ospf_state(own, far), _ospf_state(far, own)))
            and bfd_state(own.router, far.ip) == bfd_state(far.router, own.ip) == "up"
        )
    )
    pass_packets(f"stuck_{cable.name}")


@fault("unwatched-route", _ROUTER)
def unwatched_route(target: RealFaultTarget) -> FaultSteps:
    """The static default route has neither BFD nor tracking, so its backup never takes over."""
    _require_gateway(target)
    watched, plain = frr.default_routes(target.device), frr.default_routes(target.device, watched=False)
    for old, new in zip(watched, plain, strict=True):
        # Removing BFD from a route restarts the BFD session, and OSPF with it: one path at a time.
        configure(target.device, f"no {old}", new)
        _wait_until_settled()
    yield _settled
    configure(target.device, *(f"no {line}" for line in plain), *watched)


@fault("no-backup-route", _ROUTER)
def no_backup_route(target: RealFaultTarget) -> FaultSteps:
    """The backup default route is missing."""
    _require_gateway(target)
    backup = frr.default_routes(target.device)[1]
    configure(target.device, f"no {backup}")
    yield _settled
    configure(target.device, backup)


def _require_gateway(target: RealFaultTarget) -> None:
    if target.device not in GATEWAYS:
        raise UsageError(message("lab:fault.no_gateway", device=target.device, gateways=GATEWAYS))


def _vrrp_state(router: str) -> str:
    groups = show_json(router, "show vrrp json")
    return next((str(group["v4"]["status"]) for group in groups), "") if isinstance(groups, list) else ""


@fault("two-masters", _ROUTER)
def two_masters(target: RealFaultTarget, group: int = GROUP) -> FaultSteps:
    """The members of a VRRP group do not receive each other's advertisements: both are master."""
    _require_group(target, group)
    drop_packets("vrrp", tuple(f"lan-{router}" for router in GATEWAYS), "meta protocol ip ip protocol 112")
    yield lambda: all(_vrrp_state(router) == "Master" for router in GATEWAYS)
    pass_packets("vrrp")


@fault("gateway-lost", _ROUTER)
def gateway_lost(target: RealFaultTarget, group: int = GROUP) -> FaultSteps:
    """The device has left a VRRP group; the other member remains alone."""
    _require_group(target, group)
    configure(target.device, f"interface {LAN_PORT}", f"no vrrp {GROUP}")
    other = next(router for router in GATEWAYS if router != target.device)
    yield lambda: not _vrrp_state(target.device) and _vrrp_state(other) == "Master"
    configure(target.device, f"interface {LAN_PORT}", *frr.membership(target.device))


@fault("gateway-silent", _ROUTER)
def gateway_silent(target: RealFaultTarget) -> FaultSteps:
    """A gateway loses all packets at every port without a loss of carrier, as with a hung forwarding plane."""
    _require_gateway(target)
    table = f"dead_{target.device.replace('-', '_')}"
    cables = [cable for cable in CABLES if cable.ends(target.device)]
    _drop_all(table, (f"lan-{target.device}", *(plug for cable in cables for plug in frr.plugs(cable))))
    other = next(router for router in GATEWAYS if router != target.device)
    peers = [far for _own, far in cables_of(target.device)]
    own = {far.router: near.ip for near, far in cables_of(target.device)}
    yield (
        lambda: _vrrp_state(other) == "Master" and all(bfd_state(far.router, own[far.router]) != "up" for far in peers)
    )
    pass_packets(table)


def _require_group(target: RealFaultTarget, group: int) -> None:
    _require_gateway(target)
    if group != GROUP:
        raise no_part(target.device, "group", str(group), [str(GROUP)])


@fault("unsaved-config", ("router", "bts_controller"))
def unsaved_config(target: RealFaultTarget) -> FaultSteps:
    """The running configuration differs from the saved configuration."""
    if target.device == CONTROLLER:
        target.equipment.radio.configure("paging any use tch 1", save=False)
        yield immediately
        target.equipment.radio.configure("paging any use tch 0", save=False)
        return
    own, _far = cables_of(target.device)[0]
    configure(target.device, f"interface {own.port}", "description unsaved")
    yield immediately
    configure(target.device, f"interface {own.port}", "no description")
