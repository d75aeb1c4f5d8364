"""The FRR routers: each with its own network namespace, configuration folder and daemons."""

from __future__ import annotations

import shutil
from pathlib import Path

from eventready_lab.real.machinery.commands import in_namespace, run, show_json, spawn
from eventready_lab.real.province.layout import (
    CABLES,
    CORES,
    GATEWAYS,
    GROUP,
    INTERNET_ADDRESS,
    ISPS,
    LAN,
    LAN_PORT,
    NET,
    NET_ADDRESS,
    OUTSIDE,
    ROUTERS,
    SERVICE_HOSTS,
    SITE,
    SITE_NETWORK,
    VIRTUAL_IP,
    VIRTUAL_IP6,
    VRF,
    VRF_NEIGHBOUR,
    WIRE,
    Cable,
    End,
    cables_of,
    router_id,
    system_number,
)

#: Administrative distance of an ISP's way to the site over the other ISP: beyond eBGP.
_TRANSIT_DISTANCE = 250
#: IPv6 networks that the cores and the ISPs announce.
_INSIDE6, _OUTSIDE6 = "2001:db8:10::/48", "2001:db8:ffff::/48"
_PROTOCOLS = ("bgpd", "ospfd", "bfdd", "vrrpd", "pbrd")
_DAEMONS = ("zebra", "mgmtd", "staticd", *_PROTOCOLS)
_SETTINGS = (
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
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
    """Make namespaces, cables and addresses.

    A cable is two pairs of virtual ports and a bridge between them, so that faults of the cable do not touch a router.
    """
    for name in (*ROUTERS, SITE, NET, WIRE, *SERVICE_HOSTS):
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        if name not in (SITE, WIRE, *SERVICE_HOSTS):
            run(*in_namespace(name, "sysctl", "-qw", *_SETTINGS))
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
    run("ip", "-n", NET, "address", "add", f"{INTERNET_ADDRESS}/32", "dev", "lo")
    ways = [word for cable in OUTSIDE for word in ("nexthop", "via", cable.a.ip)]
    run("ip", "-n", NET, "route", "add", "default", *ways)
    _transit()
    for router in GATEWAYS:
        _virtual_ports(router)


def _transit() -> None:
    """Let the host of the Internet carry packets from each ISP to the other, as the networks between ISPs do.

    Its answers take both ways; those to an ISP without a route to the site arrive by the other ISP (`_isp`).
    """
    run(*in_namespace(NET, "sysctl", "-qw", "net.ipv4.conf.all.accept_local=1"))  # its own addresses are the sources
    for table, (cable, other) in enumerate((OUTSIDE, OUTSIDE[::-1]), 101):
        run("ip", "-n", NET, "route", "add", "default", "via", other.a.ip, "table", str(table))
        run("ip", "-n", NET, "rule", "add", "iif", cable.b.port, "lookup", str(table))


def _bridge(name: str) -> None:
    run("ip", "-n", WIRE, "link", "add", name, "type", "bridge", "mcast_snooping", "0")
    run("ip", "-n", WIRE, "link", "set", name, "up")


def _plug(end: End, plug: str, bridge: str) -> None:
    run("ip", "link", "add", end.port, "netns", end.router, "type", "veth", "peer", "name", plug, "netns", WIRE)
    run("ip", "-n", WIRE, "link", "set", plug, "master", bridge, "up")
    run("ip", "-n", end.router, "address", "add", end.address, "dev", end.port)
    run("ip", "-n", end.router, "link", "set", end.port, "up")
    if end.address6:
        run("ip", "-n", end.router, "address", "add", end.address6, "dev", end.port, "nodad")


def _virtual_ports(router: str) -> None:
    """Make the macvlan ports of FRR's VRRP, with the group's hardware and virtual addresses of each family."""
    run(*in_namespace(router, "sysctl", "-qw", f"net.ipv4.conf.{LAN_PORT}.arp_ignore=1",
                f"net.ipv4.conf.{LAN_PORT}.arp_announce=2"))  # fmt: skip
    for family, byte, addresses in (
        ("4", "01", (f"{VIRTUAL_IP}/24",)),
        ("6", "02", [f"{one}/64" for one in VIRTUAL_IP6]),
    ):
        port, hardware = f"vrrp{family}-{GROUP}", f"00:00:5e:00:{byte}:{GROUP:02x}"
        run("ip", "-n", router, "link", "add", port, "link", LAN_PORT, "address", hardware,
            "type", "macvlan", "mode", "bridge")  # fmt: skip
        if family == "6":
            run(*in_namespace(router, "sysctl", "-qw", f"net.ipv6.conf.{port}.addr_gen_mode=1"))
        for address in addresses:
            run("ip", "-n", router, "address", "add", address, "dev", port, *(["nodad"] if family == "6" else []))
        run("ip", "-n", router, "link", "set", port, "up")


def plugs(cable: Cable) -> tuple[str, str]:
    """The names of a cable's two ports in the namespace of cables."""
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
    """Return a gateway's static default routes, the second floating; `watched` by BFD."""
    watch = " bfd" if watched else ""
    (_, first), (_, second) = cables_of(router)
    return [f"ip route 0.0.0.0/0 {first.ip}{watch}", f"ip route 0.0.0.0/0 {second.ip} 200{watch}"]


def membership(router: str) -> list[str]:
    """The VRRP lines of a gateway's LAN port."""
    priority = 200 if router == GATEWAYS[0] else 100
    return [
        f"vrrp {GROUP} version 3", f"vrrp {GROUP} priority {priority}",
        f"vrrp {GROUP} advertisement-interval 1000", f"vrrp {GROUP} ip {VIRTUAL_IP}",
        *(f"vrrp {GROUP} ipv6 {address}" for address in VIRTUAL_IP6),
    ]  # fmt: skip


def _ports(router: str) -> str:
    inner = [own.port for own, far in cables_of(router) if far.router not in ISPS]
    return "interface lo\n ip ospf area 0\n" + "".join(f"interface {port}\n{_FAST_OSPF}" for port in inner)


def _gateway(router: str) -> str:
    lines = default_routes(router)
    lines += [f"interface {LAN_PORT}", " ip ospf area 0", " ip ospf passive"]
    lines += [f" {line}" for line in membership(router)]
    bgp = _bgp_head(router) + [f" neighbor {router_id(core)} peer-group INNER" for core in CORES]
    bgp += [" address-family ipv4 unicast", f"  network {SITE_NETWORK}", "  neighbor INNER activate"]
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
        f" neighbor {far.ip6} remote-as {system_number(far.router)}", f" neighbor {far.ip6} timers 3 9",
        f" neighbor {far.ip6} timers connect 3",
    ]  # fmt: skip


def _outer_ipv6(far: End, network: str) -> list[str]:
    """The IPv6 address family of an external session, which announces a network of its own."""
    return [
        " exit-address-family",
        " address-family ipv6 unicast",
        f"  network {network}",
        f"  neighbor {far.ip6} activate",
    ]


def _vrf(router: str) -> list[str]:
    """A BGP instance of a VRF, with both address families.

    FRR 10.3 keeps the instance, though not the static routes, of a VRF that the kernel does not have.
    """
    return [
        f"router bgp {system_number(router)} vrf {VRF}", f" bgp router-id {router_id(router)}",
        " no bgp ebgp-requires-policy", f" neighbor {VRF_NEIGHBOUR} remote-as 64999",
        " address-family ipv4 unicast", "  redistribute static", " exit-address-family",
        " address-family ipv6 unicast", "  redistribute static", " exit-address-family", "exit",
    ]  # fmt: skip


def _core(router: str) -> str:
    inner = [far.router for _own, far in cables_of(router) if far.router not in ISPS]
    outer = next(far for _own, far in cables_of(router) if far.router in ISPS)
    ospf = ["router ospf", f" ospf router-id {router_id(router)}", " default-information originate metric 10"]
    bgp = _bgp_head(router) + [f" neighbor {router_id(one)} peer-group INNER" for one in inner] + _outer(outer)
    bgp += [" address-family ipv4 unicast", "  neighbor INNER activate", "  neighbor INNER next-hop-self"]
    bgp += [f"  neighbor {router_id(one)} route-reflector-client" for one in inner if one in GATEWAYS]
    bgp += [f"  neighbor {outer.ip} activate", *_outer_ipv6(outer, _INSIDE6)]
    static = [f"ipv6 route {_INSIDE6} blackhole"]
    return _ports(router) + "\n".join([*static, *ospf, *bgp, *_vrf(router)]) + "\n"


def _isp(router: str) -> str:
    outside = next(cable.b for cable in OUTSIDE if cable.a.router == router)
    far = next(far for _own, far in cables_of(router))
    bgp = [f"router bgp {system_number(router)}", f" bgp router-id {router_id(router)}",
           " no bgp default ipv4-unicast", " no bgp ebgp-requires-policy", *_outer(far)]  # fmt: skip
    bgp += [" address-family ipv4 unicast", "  network 203.0.113.0/24", f"  neighbor {far.ip} activate",
            f"  neighbor {far.ip} default-originate", *_outer_ipv6(far, _OUTSIDE6)]  # fmt: skip
    static = [f"ip route 203.0.113.0/24 {outside.ip}", f"ip route {INTERNET_ADDRESS}/32 {outside.ip}"]
    static += [f"ip route {SITE_NETWORK} {outside.ip} {_TRANSIT_DISTANCE}"]
    static += [f"ipv6 route {_OUTSIDE6} blackhole"]
    return "\n".join([*static, *bgp]) + "\n"


def start(logs: Path) -> None:
    """Configure and start all daemons of all routers, without waiting for convergence."""
    Path("/etc/frr").chmod(0o751)
    for router in ROUTERS:
        home = Path("/etc/frr") / router
        home.mkdir(mode=0o750)
        (home / "frr.conf").write_text(configuration(router), encoding="utf-8")
        (home / "vtysh.conf").write_text(f"service integrated-vtysh-config\nhostname {router}\n", encoding="utf-8")
        daemons = [f"{name}=yes" for name in _PROTOCOLS]
        options = [f'{name}_options="-A 127.0.0.1"' for name in _DAEMONS]
        (home / "daemons").write_text(
            "\n".join([*daemons, "vtysh_enable=yes", *options, 'watchfrr_options="--netns"']) + "\n", encoding="utf-8"
        )
        for path in (home, *home.iterdir()):
            shutil.chown(path, "frr", "frrvty")
            path.chmod(0o750 if path.is_dir() else 0o640)
        script = f"hostname {router}; exec /usr/lib/frr/frrinit.sh start {router}"
        spawn(["unshare", "--uts", "sh", "-c", script], logs / f"{router}.log").wait()


def waiting_for() -> list[str]:
    """Return the neighbours, sessions and groups not yet up, for messages; empty after convergence."""
    waiting = []
    for router in ROUTERS:
        cables = cables_of(router)
        peers = show_json(router, "show bfd peers json")
        up = {peer["peer"] for peer in peers if peer["status"] == "up"} if isinstance(peers, list) else set()
        waiting += [f"{router}: BFD {far.ip}" for _own, far in cables if far.ip not in up]
        waiting += [f"{router}: BFD {peer['peer']}" for peer in peers if peer["status"] != "up"]
        known = (show_json(router, "show bgp ipv4 unicast summary json") or {}).get("peers", {})
        waiting += [
            f"{router}: BGP {name}"
            for name, peer in known.items()
            if peer["state"] != "Established" or not peer["pfxRcd"]
        ]
        if not known:
            waiting.append(f"{router}: BGP")
        if router not in ISPS:
            neighbours = (show_json(router, "show ip ospf neighbor json") or {}).get("neighbors", {})
            full = {name for name, rows in neighbours.items() if any("Full" in row.get("nbrState", "") for row in rows)}
            inner = [far.router for _own, far in cables if far.router not in ISPS]
            waiting += [f"{router}: OSPF {one}" for one in inner if router_id(one) not in full]
        if router in GATEWAYS:
            groups = show_json(router, "show vrrp json")
            states = [group[family]["status"] for group in groups for family in ("v4", "v6")] if groups else []
            if states != ["Master" if router == GATEWAYS[0] else "Backup"] * 2:
                waiting.append(f"{router}: VRRP")
    return waiting
