"""The configuration of a VRP router of the lab: what it starts with, and what its lines do to its state."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.lab.configuration import ConfigStore, Grammar, Layout, Section, Tree
from eventready.lab.dialect import ConfigMode, View
from eventready.lab.dialects.vrp.ports import spelt
from eventready.lab.state import DeviceState, Port, Static

#: What a static route prefers unless told otherwise; the state's 1 stands for "not told".
DEFAULT_PREFERENCE = 60

LAYOUT = Layout(separator="#", end="return", head="!Software Version V200R021C00SPC600\n#")

_GRAMMAR = Grammar(
    sections=(
        Section(r"interface (\S+)", "config-if", label=r"\1"),
        Section(r"ospf (\d+)(?: router-id \S+)?", "config-ospf", label=r"ospf-\1"),
        Section(r"area (\S+)", "config-area", parent="config-ospf", label=r"area-\1"),
        Section(r"isis (\d+)", "config-isis", label=r"isis-\1"),
        Section(r"bgp (\S+)", "config-bgp", label="bgp"),
        Section(r"ipv4-family unicast", "config-bgp-af", parent="config-bgp", label="af-ipv4"),
        Section(r"bfd", "config-bfd", label="bfd"),
        Section(r"vlan (\d+)", "config-vlan", label=r"vlan\1"),
        Section(r"user-interface (vty|console) (\d+)(?: (\d+))?", "config-ui", label=r"ui-\1\2-\3"),
    ),
    accepts={
        "config": (
            r"sysname \S",
            r"info-center ",
            r"ntp-service ",
            r"ip route-static ",
            r"interface \S",
            r"(?:ospf|isis|bgp|bfd|vlan|acl|nqa|snmp-agent|lldp|stelnet|clock|header)\b",
        ),
        "config-if": (
            r"description ",
            r"shutdown$",
            r"mtu \d",
            r"(?:ip|ipv6) ",
            r"(?:ospf|isis|vrrp|bfd|eth-trunk|mode|least|port|portswitch|undo|lacp|speed|duplex|qos|traffic-policy)\b",
        ),
    },
    top_level=(r"sysname \S+", r"info-center .*", r"ntp-service .*", r"ip route-static .*"),
    single=(
        r"sysname",
        r"description",
        r"mtu",
        r"ip address",
        r"vrrp vrid \d+ (?:virtual-ip|priority)",
        r"least active-linknumber",
        r"eth-trunk",
        r"ip route-static \S+ \S+ \S+",
        r"info-center loghost \S+",
        r"ntp-service unicast-server \S+",
    ),
    negation="undo",
)


def _initial(state: DeviceState) -> str:
    """The configuration of a healthy state."""
    lines = [f"sysname {state.hostname or state.name}"]
    lines += [f"info-center loghost {host}" for host in state.log_hosts]
    lines += ["bfd"] if state.bfd else []
    lines += ["lldp enable", f"ntp-service unicast-server {state.ntp_server}"]
    for port in state.ports.values():
        lines += [f"interface {spelt(port.name)}", *(f" {line}" for line in _interface(state, port))]
    protocols = {peer.protocol for peer in state.peers}
    if "ospf" in protocols:
        lines += [f"ospf 1 router-id {state.router_id}", " area 0.0.0.0"]
    if "isis" in protocols:
        lines += [
            "isis 1",
            " is-level level-2",
            f" network-entity {_net(state.router_id)}",
            f" is-name {state.hostname}",
        ]
    if "bgp" in protocols:
        lines += [f"bgp {state.local_as}", f" router-id {state.router_id}"]
        lines += [f" peer {peer.peer} as-number {peer.remote_as}" for peer in state.peers if peer.protocol == "bgp"]
    lines += [route_line(route) for route in state.statics]
    return "\n".join([*lines, "stelnet server enable", "user-interface vty 0 4", " authentication-mode aaa"])


def _interface(state: DeviceState, port: Port) -> Iterator[str]:
    if port.description:
        yield f"description {port.description}"
    bundle = next((bundle for bundle in state.bundles if bundle.name == port.name), None)
    trunk = next((bundle for bundle in state.bundles if port.name in bundle.members), None)
    if bundle:
        yield "mode lacp"
        yield f"least active-linknumber {bundle.min_links}"
    if trunk:
        yield f"eth-trunk {''.join(character for character in trunk.name if character.isdigit()) or '0'}"
    if port.address:
        mask = "255.255.255.255" if port.name.lower().startswith("loopback") else "255.255.255.252"
        yield f"ip address {port.address} {mask if 'vlan' not in port.name.lower() else '255.255.255.192'}"
    for gateway in state.gateways:
        if gateway.interface == port.name and gateway.protocol == "vrrp":
            yield f"vrrp vrid {gateway.group} virtual-ip {gateway.virtual_ip}"
            yield f"vrrp vrid {gateway.group} priority {gateway.priority}"
    if not port.admin_up:
        yield "shutdown"


def _net(router_id: str) -> str:
    digits = "".join(f"{int(part):03d}" for part in router_id.split(".") if part)
    return f"49.0001.{digits[:4]}.{digits[4:8]}.{digits[8:]}.00"


def route_line(route: Static) -> str:
    """A static route as the configuration has it."""
    network, _, length = route.prefix.partition("/")
    bits = (0xFFFFFFFF << (32 - int(length or 32))) & 0xFFFFFFFF
    mask = ".".join(str(bits >> shift & 0xFF) for shift in (24, 16, 8, 0))
    parts = ["ip route-static", network, mask, *([spelt(route.interface)] if route.interface else []), route.next_hop]
    if route.distance not in (1, DEFAULT_PREFERENCE):
        parts.append(f"preference {route.distance}")
    if route.bfd:
        parts.append(f"track bfd-session to-{route.next_hop}")
    elif route.track:
        parts.append(f"track nqa admin {route.track}")
    return " ".join(part for part in parts if part)


def _route(line: str) -> Static | None:
    """The route that a configuration line sets; None for one that is none of the device's own."""
    words = line.split()[2:]
    if len(words) < 3 or not words[0][:1].isdigit():
        return None
    mask = words[1]
    length = mask if "." not in mask else str(sum(int(part).bit_count() for part in mask.split(".") if part.isdigit()))
    rest = words[2:]
    interface = rest.pop(0) if not rest[0][:1].isdigit() or "/" in rest[0] else ""
    next_hop = rest.pop(0) if rest and rest[0][:1].isdigit() else ""
    options = " ".join(rest)
    return Static(
        f"{words[0]}/{length}",
        next_hop,
        interface,
        distance=int(rest[rest.index("preference") + 1]) if "preference" in rest[:-1] else 1,
        track="10" if " nqa " in f" {options} " else "",
        bfd="bfd-session" in rest or options.startswith("bfd enable"),
    )


def _applied(state: DeviceState, running: Tree) -> None:
    """Do what the running configuration says."""
    ports = {spelt(port.name).casefold(): port for port in state.ports.values()}
    statics, hosts = [], []
    for line, beneath in running.items():
        words = line.split()
        if words[0] == "sysname":
            state.hostname = words[1]
        elif line.startswith("ip route-static "):
            statics.append(_route(line))
        elif line.startswith("info-center loghost "):
            hosts.append(words[2])
        elif words[0] == "interface" and "".join(words[1:]).casefold() in ports:
            _apply_interface(state, ports["".join(words[1:]).casefold()], beneath)
    state.statics[:] = [route for route in statics if route is not None]
    state.log_hosts[:] = hosts


def _apply_interface(state: DeviceState, port: Port, beneath: Tree) -> None:
    port.admin_up = "shutdown" not in beneath
    port.description = next((line.partition(" ")[2] for line in beneath if line.startswith("description ")), "")
    for line in beneath:
        words = line.split()
        if words[0] == "mtu" and words[-1].isdigit():
            port.mtu = int(words[-1])
        for gateway in state.gateways:
            if line.startswith(f"vrrp vrid {gateway.group} priority ") and gateway.interface == port.name:
                gateway.priority = int(words[-1]) if words[-1].isdigit() else gateway.priority


def running(view: View) -> str:
    """`display current-configuration`. What a fault took from the state is not shown as configured."""
    state, shown = view.state, {}
    for line, beneath in view.config.running.items():
        if not line.startswith(("ip route-static ", "info-center loghost ", "sysname ")):
            shown[line] = _with_state(state, line, beneath)
    head: Tree = {f"sysname {state.hostname or state.name}": {}}
    head |= {f"info-center loghost {host}": {} for host in state.log_hosts}
    return LAYOUT.text({**head, **shown, **{route_line(route): {} for route in state.statics}})


def _with_state(state: DeviceState, line: str, beneath: Tree) -> Tree:
    port = next((port for port in state.ports.values() if line == f"interface {spelt(port.name)}"), None)
    if port is None or ("shutdown" in beneath) is not port.admin_up:
        return beneath
    kept = {inner: deeper for inner, deeper in beneath.items() if inner != "shutdown"}
    return kept if port.admin_up else {**kept, "shutdown": {}}


def saved(view: View) -> str:
    """`display saved-configuration`."""
    return view.startup_text


def compared(view: View) -> str:
    """`compare configuration`: whether a restart brings back what runs, and from where on it does not."""
    if view.state.saved:
        return " The current configuration is the same as the next startup configuration file."
    now, then = view.running_text.splitlines(), view.startup_text.splitlines()
    first = next((at for at, (one, other) in enumerate(zip(now, then, strict=False)) if one != other), 0)
    return "\n".join(
        [
            " The current configuration is not the same as the next startup configuration file. There may be several "
            "differences, and the following are some configurations beginning from the first:",
            f" ====== Current configuration line {first + 1} ======",
            *now[first : first + 4],
            "",
            f" ====== Configuration file line {first + 1} ======",
            *then[first : first + 4],
        ]
    )


def save(view: View) -> str:
    """Make what runs what a restart brings back."""
    store: ConfigStore = view.config
    store.save()
    return "Now saving the current configuration to the slot 0.\nSave the configuration successfully."


CONFIG = ConfigMode(
    initial=_initial,
    grammar=_GRAMMAR,
    layout=LAYOUT,
    enter="system-view",
    entered="Enter system view, return user view with return command.",
    end="return",
    up="quit",
    show_prefix="",
    applied=_applied,
    candidate=True,
)
