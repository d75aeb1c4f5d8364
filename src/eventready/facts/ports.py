"""Names of ports: `Te0/0/1`, `TenGigabitEthernet0/0/1` and `TenGigE 0/0/1` are the same port."""

from __future__ import annotations

import re
from functools import lru_cache

_NAME = re.compile(r"^(\d*[a-z][a-z-]*?)[ -]?(\d[\d/.:]*)$")
_KINDS: dict[str, tuple[str, ...]] = {
    "ethernet": ("eth", "et", "e"),
    "fastethernet": ("fa", "fe"),
    "gigabitethernet": ("gi", "gig", "ge", "gige"),
    "twogigabitethernet": ("tw", "two"),
    "tengigabitethernet": ("te", "ten", "tengige", "xge", "xgigabitethernet", "10ge"),
    "twentyfivegige": ("twe", "25ge"),
    "fortygigabitethernet": ("fo", "40ge", "fortygige"),
    "hundredgige": ("hu", "100ge", "hundredgigabitethernet"),
    "port-channel": ("po", "portchannel"),
    "eth-trunk": ("ethtrunk",),
    "bundle-ether": ("be",),
    "loopback": ("lo",),
    "vlanif": (),
    "vlan": ("vl",),
}
_CANONICAL = {alias: kind for kind, aliases in _KINDS.items() for alias in aliases}


@lru_cache(maxsize=65536)
def port_key(name: str) -> str:
    """Canonical spelling of a port name; an unknown type is only lowered in case."""
    text = re.sub(r"\(.*?\)", "", name).strip().casefold()
    match = _NAME.match(text)
    if not match:
        return text
    return _CANONICAL.get(match[1], match[1]) + match[2]


def optic_key(name: str) -> str:
    """Name of a port's transceiver on devices with separate names: `Optics0/0/0/1` (IOS XR)."""
    return "optics" + re.sub(r"^\D*", "", port_key(name))


_LOGICAL = re.compile(
    r"(?:vlan|vlanif|loopback|port-channel|eth-trunk|bundle-ether|ae|bvi|irb|br|bdi|bond|reth|lag|tunnel|tu|null|nve|"
    r"dummy|vxlan|wg|gre|veth|docker|virbr|virtual-template|vrrp|bridge-aggregation|route-aggregation|bridge|lo|mpls)"
    r"(?![a-z])"
)


def parent_port(name: str) -> str:
    """Port of a subinterface (`eth1.100`, `GigabitEthernet0/0/1.5`, `xe-0/0/1.0`); another port as given."""
    return name.rpartition(".")[0] if "." in name and name.rpartition(".")[2].isdigit() else name


def is_physical(name: str) -> bool:
    """Return True for a port with room for a cable, by its name: no VLAN, loopback, bundle, bridge or tunnel."""
    key = port_key(name)
    return not _LOGICAL.match(key) and parent_port(key) == key
