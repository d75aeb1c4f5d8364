"""JSON answers of FRR 10.3, with the keys, order and values of real routers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from eventready_lab.device.state import Gateway, Peer, Port
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.forwarding import connected, in_use, learned, network, way, works

_CONFIGURED = """'--build=x86_64-linux-gnu' '--prefix=/usr' '--sysconfdir=/etc' '--localstatedir=/var' \
'--sbindir=/usr/lib/frr' '--with-vtysh-pager=/usr/bin/pager' '--enable-user=frr' '--enable-group=frr' \
'--enable-vty-group=frrvty' 'PYTHON=python3'"""


def _json(document: Any) -> str:
    """A document in FRR's form: indentation of two blanks, no blank before a colon."""
    return json.dumps(document, indent=2, separators=(",", ":")) if document else "{}" if document == {} else "[]"


def _clock(seconds: int) -> str:
    days, weeks = seconds // 86_400, seconds // 604_800
    if weeks:
        return f"{weeks:02}w{days % 7}d{seconds // 3600 % 24:02}h"
    if days:
        return f"{days}d{seconds // 3600 % 24:02}h{seconds // 60 % 60:02}m"
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _colons(mac: str) -> str:
    digits = mac.replace(".", "")
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def version(view: View) -> str:
    """`show version`."""
    state = view.state
    return (
        f"FRRouting {state.version or '10.3'} ({state.hostname or state.name}) on Linux(6.1.0-18-amd64).\n"
        f"Copyright 1996-2005 Kunihiro Ishiguro, et al.\nconfigured with:\n    {_CONFIGURED}"
    )


def _interface(index: int, port: Port) -> dict[str, Any]:
    loopback = port.name == "lo"
    up = works(port)
    status: dict[str, Any] = {"administrativeStatus": "up" if port.admin_up else "down"}
    if port.admin_up:
        status |= {"operationalStatus": "up" if up else "down", "linkDetection": True}
    flags = "UP,LOWER_UP,LOOPBACK,RUNNING" if loopback else "UP,LOWER_UP,BROADCAST,RUNNING,MULTICAST"
    if not up:
        flags = "UP,BROADCAST,MULTICAST" if port.admin_up else "BROADCAST,MULTICAST"
    return {
        **status,
        "linkUps": 0,
        "linkDowns": int(not up),
        "vrfName": "default",
        "mplsEnabled": False,
        "linkDown": False,
        "linkDownV6": False,
        "mcForwardingV4": False,
        "mcForwardingV6": False,
        **({"description": port.description} if port.description else {}),
        "multicastConfig": "Not specified by CLI",
        "shutdownConfig": "Not specified by CLI" if port.admin_up else "Enabled by CLI",
        "mplsConfig": "Not specified by CLI",
        "pseudoInterface": False,
        "index": index,
        "metric": 0,
        "mtu": 65536 if loopback else port.mtu,
        "speed": 0 if loopback else port.speed_bps // 1_000_000,
        "txqlen": 1000,
        "flags": f"<{flags}>",
        "type": "Loopback" if loopback else "Ethernet",
        **({} if loopback else {"hardwareAddress": _colons(port.mac)}),
        "ipAddresses": [{"address": f"{port.address}/{32 if loopback else 30}", "secondary": False}]
        if port.address
        else [],
        "interfaceType": "Other",
        "interfaceSlaveType": "None",
        "lacpBypass": False,
        "evpnMh": {},
        "protodown": "off",
    }


def interfaces(view: View) -> str:
    """`show interface json`; a shut port has no operational status."""
    ports = view.state.ports.values()
    return _json({port.name: _interface(index, port) for index, port in enumerate(ports, 1)})


def _peers(view: View, protocol: str) -> list[Peer]:
    return [peer for peer in view.state.peers if peer.protocol == protocol]


def _forgotten(view: View, peer: Peer) -> bool:
    """Return True for a neighbour removed by OSPF: its port has no carrier, or its BFD session is down."""
    port = view.state.ports.get(peer.interface)
    silent = any(session.peer == peer.address and not session.up for session in view.state.bfd)
    return not peer.up and (silent or (port is not None and not works(port)))


def ospf(view: View) -> str:
    """`show ip ospf vrf all neighbor detail json`."""
    neighbours: dict[str, Any] = {}
    known = _peers(view, "ospf")
    for peer in (peer for peer in known if not _forgotten(view, peer)):
        port = view.state.ports.get(peer.interface)
        one = {
            "ifaceAddress": peer.address or peer.peer,
            "areaId": "0.0.0.0",  # noqa: S104  the backbone area
            "ifaceName": peer.interface,
            "localIfaceAddress": port.address if port else "",
            "nbrPriority": 1,
            "nbrState": "Full/-" if peer.up else "ExStart/-",
            "role": "DROther",
            "stateChangeCounter": 5,
            "lsaRetransmissions": 1,
            "lastPrgrsvChangeMsec": view.uptime_s * 1000,
            "optionsCounter": 2,
            "optionsList": "*|-|-|-|-|-|E|-",
            "routerDeadIntervalTimerDueMsec": 3346,
            "databaseSummaryListCounter": 0,
            "linkStateRequestListCounter": 0,
            "linkStateRetransmissionListCounter": 0,
            "threadInactivityTimer": "on",
            "grHelperStatus": "None",
        }
        neighbours.setdefault(peer.peer, []).append(one)
    return _json({"default": {"vrfName": "default", "vrfId": 0, "neighbors": neighbours}} if known else {})


def isis(view: View) -> str:
    """`show isis neighbor json`."""
    peers = _peers(view, "isis")
    circuits = [
        {
            "circuit": 0,
            "adj": peer.peer,
            "interface": peer.interface,
            "level": 2,
            "state": "Up" if peer.up else "Initializing",
            "expires-in": "28s",
            "snpa": "2020.2020.2020",
        }
        for peer in peers
    ]
    return _json({"areas": [{"area": "EV", "circuits": circuits}]} if peers else {})


def bgp(view: View) -> str:
    """`show bgp vrf all ipv4 unicast summary json`."""
    state, peers = view.state, _peers(view, "bgp")
    if not peers:
        return "{}"
    since = view.uptime_s
    peers_table = {
        peer.peer: {
            "softwareVersion": "n/a",
            "remoteAs": peer.remote_as,
            "localAs": state.local_as,
            "version": 4,
            "msgRcvd": since // 60,
            "msgSent": since // 60,
            "tableVersion": 3 if peer.up else 0,
            "outq": 0,
            "inq": 0,
            "peerUptime": _clock(since) if peer.up else "00:12:44",
            "peerUptimeMsec": since * 1000 if peer.up else 764_000,
            "pfxRcd": peer.prefixes if peer.up else 0,
            "pfxSnt": 3 if peer.up else 0,
            "state": "Established" if peer.up else "Active",
            "peerState": "OK",
            "connectionsEstablished": 1,
            "connectionsDropped": int(not peer.up),
            "idType": "ipv4",
        }
        for peer in peers
    }
    instance = {
        "routerId": state.router_id,
        "as": state.local_as,
        "vrfId": 0,
        "vrfName": "default",
        "tableVersion": 3,
        "ribCount": 3,
        "ribMemory": 384,
        "peerCount": len(peers),
        "peerMemory": 24_056 * len(peers),
        "peers": peers_table,
        "failedPeers": sum(not peer.up for peer in peers),
        "displayedPeers": len(peers),
        "totalPeers": len(peers),
        "dynamicPeers": 0,
        "bestPath": {"multiPathRelax": "false"},
    }
    return _json({"default": instance})


def bfd(view: View) -> str:
    """`show bfd peers json`."""
    sessions = [
        {
            "multihop": False,
            "peer": session.peer,
            "vrf": "default",
            **({"interface": session.interface} if session.interface else {}),
            "id": 591_990_550 + number,
            "remote-id": 23_973_939 + number if session.up else 0,
            "passive-mode": False,
            "status": "up" if session.up else "down",
            "uptime" if session.up else "downtime": view.uptime_s if session.up else 764,
            "diagnostic": "ok" if session.up else "control detection time expired",
            "remote-diagnostic": "ok",
            "type": "dynamic",
            "receive-interval": 300,
            "transmit-interval": 300,
            "echo-receive-interval": 50,
            "echo-transmit-interval": 0,
            "detect-multiplier": 3,
            "remote-receive-interval": 300,
            "remote-transmit-interval": 300,
            "remote-echo-receive-interval": 50,
            "remote-detect-multiplier": 3,
            "rtt-min": 0,
            "rtt-avg": 0,
            "rtt-max": 0,
        }
        for number, session in enumerate(view.state.bfd)
    ]
    return _json(sessions)


_VRRP_STATUS = {"master": "Master", "backup": "Backup"}


def _vrrp_family(view: View, group: Gateway, addresses: list[str], *, ipv6: bool) -> dict[str, Any]:
    """Address family of a VRRP group; a family without addresses is not in use."""
    port = view.state.ports.get(group.interface)
    status = _VRRP_STATUS.get(group.state, "Initialize") if addresses else "Initialize"
    interval = 0 if status == "Initialize" else group.advertisement_ms
    skew = (256 - group.priority) * (interval // 10) // 256 * 10  # vrrpd counts in centiseconds
    primary = "fe80::250:56ff:fea1:1" if ipv6 else port.address if port else ""
    return {
        "interface": f"vrrp{6 if ipv6 else 4}-{group.group}" if addresses else "",
        "vmac": f"00:00:5e:00:0{2 if ipv6 else 1}:{group.group % 256:02x}",
        "primaryAddress": primary if status == "Master" else "::" if ipv6 else "",
        "status": status,
        "effectivePriority": group.priority,
        "masterAdverInterval": interval,
        "skewTime": skew,
        "masterDownInterval": 3 * interval + skew,
        "stats": {"adverTx": 20, "adverRx": 0, "neighborAdverTx" if ipv6 else "garpTx": 1, "transitions": 2},
        "addresses": addresses,
    }


def _vrrp_group(view: View, members: list[Gateway]) -> dict[str, Any]:
    """A VRRP group with the memberships of both address families."""
    group = members[0]
    by_family = {
        ipv6: next((one for one in members if (":" in one.virtual_ip) is ipv6), None) for ipv6 in (False, True)
    }
    families = {
        name: _vrrp_family(view, member or group, [member.virtual_ip] if member else [], ipv6=ipv6)
        for name, (ipv6, member) in zip(("v4", "v6"), by_family.items(), strict=True)
    }
    return {
        "vrid": group.group,
        "version": 3,
        "autoconfigured": False,
        "shutdown": False,
        "preemptMode": group.preempt,
        "acceptMode": True,
        "checksumWithIpv4Pseudoheader": True,
        "interface": group.interface,
        "advertisementInterval": group.advertisement_ms,
        "priority": group.priority,
        **families,
    }


def vrrp(view: View) -> str:
    """`show vrrp json`."""
    groups: dict[tuple[str, int], list[Gateway]] = {}
    for group in view.state.gateways:
        if group.protocol == "vrrp":
            groups.setdefault((group.interface, group.group), []).append(group)
    return _json([_vrrp_group(view, members) for members in groups.values()])


def _learnt(view: View) -> list[tuple[str, str]]:
    """The default route of an iBGP neighbour, after the loss of the router's own default routes."""
    inside = (peer for peer in _peers(view, "bgp") if peer.up and peer.remote_as == view.state.local_as)
    return [(peer.peer, peer.interface) for peer in inside][:1] if view.state.statics else []


def _hop(view: View, address: str, interface: str) -> dict[str, Any]:
    index = list(view.state.ports).index(interface) + 2 if interface in view.state.ports else 1
    way = {"interfaceIndex": index, "interfaceName": interface} if interface else {}
    return {"flags": 3, "fib": True, "ip": address, "afi": "ipv4", **way, "active": True, "weight": 1}


def default_route(view: View) -> str:
    """`show ip route 0.0.0.0/0 json`: the routes in use."""
    routes = in_use(view.state)
    hops = [(route.next_hop, route.interface) for route in routes] or _learnt(view)
    if not hops:
        return _json({"0.0.0.0/0": []})
    entry = {
        "prefix": "0.0.0.0/0",
        "prefixLen": 0,
        "protocol": "static" if routes else "bgp",
        "vrfId": 0,
        "vrfName": "default",
        "selected": True,
        "destSelected": True,
        "distance": routes[0].distance if routes else 200,
        "metric": 0,
        "installed": True,
        "table": 254,
        "internalNextHopNum": len(hops),
        "internalNextHopActiveNum": len(hops),
        "uptime": _clock(view.uptime_s),
        "nexthops": [_hop(view, *hop) for hop in hops],
    }
    return _json({"0.0.0.0/0": [entry]})


def route(view: View) -> str:
    """`show ip route ADDRESS`: a connected network, else a route of OSPF, else the default routes in use."""
    address = view.match["address"]
    if port := connected(view.state, address):
        return _entry(network(address), "connected", 0, [f"directly connected, {port}"])
    if found := learned(view.state, address):
        return _entry(found.prefix, "ospf", 110, [f"{found.next_hop}, via {found.interface}"])
    routes = in_use(view.state)
    hops = [(one.next_hop, one.interface or way(view.state, one)) for one in routes] or _learnt(view)
    if not hops:
        return "% Network not in table"
    words = [f"{hop}, via {port}" if port else f"{hop} (recursive)" for hop, port in hops]
    return _entry("0.0.0.0/0", "static" if routes else "bgp", routes[0].distance if routes else 200, words)


def _entry(prefix: str, protocol: str, distance: int, hops: Sequence[str]) -> str:
    lines = [f"Routing entry for {prefix}", f'  Known via "{protocol}", distance {distance}, metric 0, best']
    return "\n".join([*lines, "  Last update 00:01:17 ago", *(f"  * {hop}, weight 1" for hop in hops), ""])
