"""Six FRR routers: each in a network namespace of its own, with its own folder of configuration and its own daemons."""

from __future__ import annotations

import shutil
from pathlib import Path

from eventready.lab.real.plan import (
    CABLES,
    CORES,
    GATEWAYS,
    GROUP,
    ISPS,
    LAN,
    LAN_PORT,
    NET,
    NET_ADDRESS,
    OUTSIDE,
    ROUTERS,
    SITE,
    VIRTUAL_IP,
    WIRE,
    Cable,
    End,
    cables_of,
    router_id,
    system_number,
)
from eventready.lab.real.shell import inside, run, spawn, tell

_VRRP_PORT = "vrrp4-5"
_PROTOCOLS = ("bgpd", "ospfd", "bfdd", "vrrpd", "pbrd")
_DAEMONS = ("zebra", "mgmtd", "staticd", *_PROTOCOLS)
_SETTINGS = (
    "net.ipv4.ip_forward=1",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.fib_multipath_hash_policy=1",
    "net.ipv4.ping_group_range=0 2147483647",
)
_FAST_OSPF = """ ip ospf area 0
 ip ospf network point-to-point
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf bfd
"""


def lay_cables() -> None:
    """Namespaces, cables, addresses. Every cable is two pairs of virtual ports and a bridge between them, so that it
    can be cut and can lose packets without a router being touched."""
    for name in (*ROUTERS, SITE, NET, WIRE):
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        if name not in (SITE, WIRE):
            run(*inside(name, "sysctl", "-qw", *_SETTINGS))
    for cable in (*CABLES, *OUTSIDE):
        _bridge(cable.name)
        for side, end in (("a", cable.a), ("b", cable.b)):
            _plug(end, f"{cable.name}{side}", cable.name)
    _bridge("lan")
    for end in LAN:
        _plug(end, f"lan-{end.router}", "lan")
    for router in ROUTERS:
        run("ip", "-n", router, "address", "add", f"{router_id(router)}/32", "dev", "lo")
    run("ip", "-n", SITE, "route", "add", "default", "via", VIRTUAL_IP)
    run("ip", "-n", NET, "address", "add", f"{NET_ADDRESS}/24", "dev", "lo")
    ways = [word for cable in OUTSIDE for word in ("nexthop", "via", cable.a.ip)]
    run("ip", "-n", NET, "route", "add", "default", *ways)
    for router in GATEWAYS:
        _virtual_port(router)


def _bridge(name: str) -> None:
    run("ip", "-n", WIRE, "link", "add", name, "type", "bridge", "mcast_snooping", "0")
    run("ip", "-n", WIRE, "link", "set", name, "up")


def _plug(end: End, plug: str, bridge: str) -> None:
    run("ip", "link", "add", end.port, "netns", end.router, "type", "veth", "peer", "name", plug, "netns", WIRE)
    run("ip", "-n", WIRE, "link", "set", plug, "master", bridge, "up")
    run("ip", "-n", end.router, "address", "add", end.address, "dev", end.port)
    run("ip", "-n", end.router, "link", "set", end.port, "up")


def _virtual_port(router: str) -> None:
    """What FRR's VRRP needs: a port over the real one with the group's own hardware address and the shared address."""
    run(*inside(router, "sysctl", "-qw", f"net.ipv4.conf.{LAN_PORT}.arp_ignore=1",
                f"net.ipv4.conf.{LAN_PORT}.arp_announce=2"))  # fmt: skip
    address = f"00:00:5e:00:01:{GROUP:02x}"
    run("ip", "-n", router, "link", "add", _VRRP_PORT, "link", LAN_PORT, "address", address,
        "type", "macvlan", "mode", "bridge")  # fmt: skip
    run("ip", "-n", router, "address", "add", f"{VIRTUAL_IP}/24", "dev", _VRRP_PORT)
    run("ip", "-n", router, "link", "set", _VRRP_PORT, "up")


def plugs(cable: Cable) -> tuple[str, str]:
    """The names of a cable's two plugs in the namespace of cables."""
    return f"{cable.name}a", f"{cable.name}b"


def configuration(router: str) -> str:
    """frr.conf of a router."""
    head = f"frr defaults traditional\nhostname {router}\nservice integrated-vtysh-config\nip nht resolve-via-default\n"
    if router in GATEWAYS:
        body = _gateway(router)
    elif router in CORES:
        body = _core(router)
    else:
        body = _isp(router)
    return f"{head}{body}bfd\n profile fast\n  transmit-interval 150\n  receive-interval 150\n  detect-multiplier 3\n"


def default_routes(router: str, *, watched: bool = True) -> list[str]:
    """A gateway's static default routes, the second one floating; `watched` by BFD."""
    watch = " bfd" if watched else ""
    (_, first), (_, second) = cables_of(router)
    return [f"ip route 0.0.0.0/0 {first.ip}{watch}", f"ip route 0.0.0.0/0 {second.ip} 200{watch}"]


def membership(router: str) -> list[str]:
    """The lines by which a gateway takes part in the VRRP group, to be said at its port."""
    priority = 200 if router == GATEWAYS[0] else 100
    return [
        f"vrrp {GROUP} version 3", f"vrrp {GROUP} priority {priority}",
        f"vrrp {GROUP} advertisement-interval 1000", f"vrrp {GROUP} ip {VIRTUAL_IP}",
    ]  # fmt: skip


def _ports(router: str) -> str:
    inner = [own.port for own, far in cables_of(router) if far.router not in ISPS]
    return "interface lo\n ip ospf area 0\n" + "".join(f"interface {port}\n{_FAST_OSPF}" for port in inner)


def _gateway(router: str) -> str:
    lines = default_routes(router)
    lines += [f"interface {LAN_PORT}", " ip ospf area 0", " ip ospf passive"]
    lines += [f" {line}" for line in membership(router)]
    bgp = _bgp_head(router) + [f" neighbor {router_id(core)} peer-group INNER" for core in CORES]
    bgp += [" address-family ipv4 unicast", "  network 10.10.0.0/24", "  neighbor INNER activate"]
    ospf = ["router ospf", f" ospf router-id {router_id(router)}", " maximum-paths 4"]
    return "\n".join(lines) + "\n" + _ports(router) + "\n".join([*ospf, *bgp]) + "\n"


def _bgp_head(router: str) -> list[str]:
    return [
        f"router bgp {system_number(router)}", f" bgp router-id {router_id(router)}", " no bgp default ipv4-unicast",
        " no bgp ebgp-requires-policy", " neighbor INNER peer-group", " neighbor INNER remote-as 65000",
        " neighbor INNER update-source lo", " neighbor INNER timers 3 9", " neighbor INNER timers connect 3",
    ]  # fmt: skip


def _outer(far: End) -> list[str]:
    return [
        f" neighbor {far.ip} remote-as {system_number(far.router)}", f" neighbor {far.ip} bfd",
        f" neighbor {far.ip} timers 3 9", f" neighbor {far.ip} timers connect 3",
    ]  # fmt: skip


def _core(router: str) -> str:
    inner = [far.router for _own, far in cables_of(router) if far.router not in ISPS]
    outer = next(far for _own, far in cables_of(router) if far.router in ISPS)
    ospf = ["router ospf", f" ospf router-id {router_id(router)}", " default-information originate metric 10"]
    bgp = _bgp_head(router) + [f" neighbor {router_id(one)} peer-group INNER" for one in inner] + _outer(outer)
    bgp += [" address-family ipv4 unicast", "  neighbor INNER activate", "  neighbor INNER next-hop-self"]
    bgp += [f"  neighbor {router_id(one)} route-reflector-client" for one in inner if one in GATEWAYS]
    bgp += [f"  neighbor {outer.ip} activate"]
    return _ports(router) + "\n".join([*ospf, *bgp]) + "\n"


def _isp(router: str) -> str:
    outside = next(cable.b for cable in OUTSIDE if cable.a.router == router)
    far = next(far for _own, far in cables_of(router))
    bgp = [f"router bgp {system_number(router)}", f" bgp router-id {router_id(router)}",
           " no bgp default ipv4-unicast", " no bgp ebgp-requires-policy", *_outer(far)]  # fmt: skip
    bgp += [" address-family ipv4 unicast", "  network 203.0.113.0/24", f"  neighbor {far.ip} activate",
            f"  neighbor {far.ip} default-originate"]  # fmt: skip
    return "\n".join([f"ip route 203.0.113.0/24 {outside.ip}", *bgp]) + "\n"


def start(logs: Path) -> None:
    """Configure and start all daemons of all routers; they are not ready yet when this returns."""
    Path("/etc/frr").chmod(0o751)
    for router in ROUTERS:
        home = Path("/etc/frr") / router
        home.mkdir(mode=0o750)
        (home / "frr.conf").write_text(configuration(router), encoding="utf-8")
        (home / "vtysh.conf").write_text(f"service integrated-vtysh-config\nhostname {router}\n", encoding="utf-8")
        daemons = [f"{name}=yes" for name in _PROTOCOLS]
        options = [f'{name}_options="-A 127.0.0.1"' for name in _DAEMONS]
        (home / "daemons").write_text(
            "\n".join([*daemons, "vtysh_enable=yes", *options, 'watchfrr_options="--netns"']) + "\n",
            encoding="utf-8",
        )
        for path in (home, *home.iterdir()):
            shutil.chown(path, "frr", "frrvty")
            path.chmod(0o750 if path.is_dir() else 0o640)
        script = f"hostname {router}; exec /usr/lib/frr/frrinit.sh start {router}"
        spawn(["unshare", "--uts", "sh", "-c", script], logs / f"{router}.log").wait()


def waiting_for() -> list[str]:
    """What routers still wait for, in words; empty once every neighbour, session and group is as it should be."""
    waiting = []
    for router in ROUTERS:
        cables = cables_of(router)
        peers = tell(router, "show bfd peers json")
        up = {peer["peer"] for peer in peers if peer["status"] == "up"} if isinstance(peers, list) else set()
        waiting += [f"{router}: BFD {far.ip}" for _own, far in cables if far.ip not in up]
        waiting += [f"{router}: BFD {peer['peer']}" for peer in peers if peer["status"] != "up"]
        known = (tell(router, "show bgp ipv4 unicast summary json") or {}).get("peers", {})
        waiting += [
            f"{router}: BGP {name}"
            for name, peer in known.items()
            if peer["state"] != "Established" or not peer["pfxRcd"]
        ]
        if not known:
            waiting.append(f"{router}: BGP")
        if router not in ISPS:
            near = (tell(router, "show ip ospf neighbor json") or {}).get("neighbors", {})
            full = {name for name, rows in near.items() if any("Full" in row.get("nbrState", "") for row in rows)}
            inner = [far.router for _own, far in cables if far.router not in ISPS]
            waiting += [f"{router}: OSPF {one}" for one in inner if router_id(one) not in full]
        if router in GATEWAYS:
            groups = tell(router, "show vrrp json")
            states = [group["v4"]["status"] for group in groups] if isinstance(groups, list) else []
            if states != ["Master" if router == GATEWAYS[0] else "Backup"]:
                waiting.append(f"{router}: VRRP")
    return waiting
