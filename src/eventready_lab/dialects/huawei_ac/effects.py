"""The configuration of a Huawei access controller beside a VRP device: the `wlan` view, and its effect on clients.

Clients are balanced (`engine/client_balancing.py`) by the running configuration: `uac client-number` (access),
`sta-load-balance dynamic` and `band-steer` of the RRM profiles. An access controller has one stage: a line acts at
once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from eventready.core.text_lines import lines_of
from eventready_lab.device.client_balancing import BalancingRules
from eventready_lab.device.configuration.grammar import Grammar, Section
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.dialect import ConfigMode
from eventready_lab.device.state import DeviceState

#: The default gap in clients between two radios before clients are moved.
_GAP = 4

_PROFILES = {
    "traffic-profile": "traffic-prof",
    "security-profile": "sec-prof",
    "ssid-profile": "ssid-prof",
    "vap-profile": "vap-prof",
    "regulatory-domain-profile": "regulate-domain",
    "rrm-profile": "rrm-prof",
    "radio-2g-profile": "radio-2g-prof",
    "radio-5g-profile": "radio-5g-prof",
    "ap-system-profile": "ap-system-prof",
}

_SECTIONS = (
    Section("wlan", "wlan", label="wlan"),
    *(Section(rf"{name} name (\S+)", name, "wlan", label=rf"{label}-\1") for name, label in _PROFILES.items()),
    Section(r"ap-group name (\S+)", "ap-group", "wlan", label=r"ap-group-\1"),
    Section(r"ap-id (\d+)(?: .+)?", "ap", "wlan", label=r"ap-\1"),
    Section(r"radio (\d)", "group-radio", "ap-group", label=r"radio-\1"),
    Section(r"radio (\d)", "ap-radio", "ap", label=r"radio-\1"),
    Section(r"hsb-service (\d+)", "hsb-service", label=r"hsb-service-\1"),
    Section(r"hsb-group (\d+)", "hsb-group", label=r"hsb-group-\1"),
)

#: The modes of the sections, with their prompts.
MODES = tuple(dict.fromkeys(section.mode for section in _SECTIONS))

_ADDRESS = r"\d+(?:\.\d+){3}"

#: The lines of each mode in print order.
_LINES: dict[str, tuple[str, ...]] = {
    "wlan": (
        r"ac protect enable$", rf"ac protect protect-ac ip-address {_ADDRESS}$", r"ac protect priority [0-7]$",
        r"ac protect restore (?:enable|disable)$", r"calibrate \S", *(f"{name} name " for name in _PROFILES),
        r"ap-group name ", r"ap auth-mode ", r"ap-id ",
    ),
    "rrm-profile": (
        r"airtime-fair-schedule enable$", r"band-steer balance gap-threshold \d+$",
        r"band-steer balance start-threshold (?:100|[1-9]?\d)$", r"band-steer client-band-expire ", r"calibrate ",
        r"smart-roam ", r"sta-load-balance dynamic enable$", r"sta-load-balance dynamic sta-number gap-threshold ",
        r"sta-load-balance dynamic sta-number start-threshold (?:[1-9]|[1-3]\d|40)$", r"uac client-number enable$",
        r"uac client-number threshold access \d{1,3}(?: roam \d{1,3})?$", r"uac reach-access-threshold ",
    ),
    "traffic-profile": (
        r"priority-map ", r"rate-limit client down \d+$", r"rate-limit client up \d+$", r"rate-limit vap down \d+$",
        r"rate-limit vap up \d+$", r"user-isolate ",
    ),
    "security-profile": (r"security ",),
    "ssid-profile": (r"ssid \S", r"max-sta-number \d{1,3}$", r"qbss-load enable$"),
    "vap-profile": (
        r"forward-mode \S+$", r"service-vlan vlan-id \d+$", r"ssid-profile \S+$", r"security-profile \S+$",
        r"traffic-profile \S+$", r"band-steer disable$",
    ),
    "regulatory-domain-profile": (r"country-code [A-Z]{2}$", r"dca-channel "),
    "radio-2g-profile": (r"beacon-interval \d+$", r"rrm-profile \S+$", r"dot11bg ", r"wmm "),
    "radio-5g-profile": (r"beacon-interval \d+$", r"rrm-profile \S+$", r"dot11a ", r"wmm "),
    "ap-system-profile": (r"protect-ac ", r"priority \d$", r"keep-service enable", r"led-switch "),
    "ap-group": (r"regulatory-domain-profile \S+$", r"ap-system-profile \S+$", r"radio \d"),
    "group-radio": (r"radio-[25]g-profile \S+$", r"vap-profile \S+ wlan \d+$"),
    "ap": (r"ap-name \S+$", r"ap-group \S+$", r"radio \d"),
    "ap-radio": (r"channel ", r"eirp \d+$", r"vap-profile \S+ wlan \d+$"),
    "hsb-service": (r"service-ip-port ", r"service-keep-alive "),
    "hsb-group": (r"bind-service \d+$", r"track vrrp ", r"hsb enable$"),
}  # fmt: skip

#: Lines that are undone without their value.
_UNDONE: dict[str, tuple[str, ...]] = {
    "wlan": (r"ac protect (?:enable|protect-ac|priority|restore)$",),
    "rrm-profile": (
        r"band-steer balance (?:start|gap)-threshold$", r"sta-load-balance dynamic sta-number (?:start|gap)-threshold$",
        r"uac client-number threshold$",
    ),
    "traffic-profile": (r"rate-limit (?:client|vap) (?:up|down)$",),
    "ssid-profile": (r"ssid$", r"max-sta-number$"),
    "vap-profile": (r"(?:ssid|security|traffic)-profile$", r"service-vlan$"),
    "ap-system-profile": (r"priority$", r"protect-ac\b"),
}  # fmt: skip

_SINGLE = (
    r"band-steer balance (?:start|gap)-threshold", r"sta-load-balance dynamic sta-number (?:start|gap)-threshold",
    r"uac client-number threshold", r"ac protect (?:protect-ac|priority|restore)", r"max-sta-number", r"ssid ",
    r"rate-limit (?:client|vap) (?:up|down)", r"forward-mode", r"service-vlan",
    r"(?:ssid|security|traffic)-profile (?!name )", r"country-code", r"priority", r"ap-name", r"ap-group (?!name )",
    r"(?:radio-[25]g|rrm|regulatory-domain|ap-system)-profile (?!name )", r"channel", r"eirp",
)  # fmt: skip


def _initial(state: DeviceState) -> Iterator[str]:
    if state.pair_mode:
        yield from (
            "hsb-service 0", " service-ip-port local-ip 192.0.2.1 peer-ip 192.0.2.2 local-data-port 10241 "
            "peer-data-port 10241", "hsb-group 0", " bind-service 0", " track vrrp vrid 1 interface Vlanif100",
            " hsb enable",
        )  # fmt: skip
    yield from (
        "wlan", " traffic-profile name default", " traffic-profile name guest", "  rate-limit client down 8192",
        "  rate-limit client up 8192", " ssid-profile name event", "  ssid Event-WiFi", " vap-profile name event",
        "  ssid-profile event", "  traffic-profile default", " regulatory-domain-profile name default",
        "  country-code VN", " rrm-profile name default", "  smart-roam enable", " radio-2g-profile name default",
        " radio-5g-profile name default", " ap-group name default", "  regulatory-domain-profile default",
        "  radio 0", "   vap-profile event wlan 1", "  radio 1", "   vap-profile event wlan 1",
    )  # fmt: skip
    for number, ap in enumerate(state.aps):
        yield from (f" ap-id {number}", f"  ap-name {ap.name}", "  ap-group default")


def wireless(base: ConfigMode) -> ConfigMode:
    """The configuration mode of a VRP device, extended for an access controller."""

    def initial(state: DeviceState) -> str:
        lines = lines_of(base.initial(state))
        at = next((at for at, line in enumerate(lines) if line.startswith("user-interface ")), len(lines))
        return "\n".join([*lines[:at], *_initial(state), *lines[at:]])

    return replace(base, initial=initial, grammar=_grammar(base.grammar))


def _grammar(base: Grammar) -> Grammar:
    top = base.order.get("config")
    return replace(
        base,
        sections=(*base.sections, *_SECTIONS),
        accepts={**base.accepts, "config": (*base.accepts.get("config", ()), r"(?:wlan|hsb-)"), **_LINES},
        order={**base.order, **_LINES, **({"config": (*top, r"hsb-", "wlan$")} if top else {})},
        accepts_negated={**base.accepts_negated, **_UNDONE},
        single=(*base.single, *_SINGLE),
        top_level=(*base.top_level, "wlan"),
        permanent=(*base.permanent, "wlan", r"\S+-profile name default", "ap-group name default"),
    )


def spreading(running: Tree | None) -> BalancingRules:
    """The client balancing rules of the running configuration."""
    wlan = (running or {}).get("wlan", {})
    lines = [line for name, section in wlan.items() if name.startswith("rrm-profile ") for line in section]
    limited = "uac client-number enable" in lines
    limits = _figures(lines, r"uac client-number threshold access (\d+).*") if limited else []
    shares = "sta-load-balance dynamic enable" in lines
    return BalancingRules(
        limit=min(limits, default=None),
        gap=_GAP if shares else None,
        at_least=max(_figures(lines, r"sta-load-balance dynamic sta-number start-threshold (\d+)"), default=0),
        steers=any(line.startswith("band-steer balance start-threshold ") for line in lines),
    )


def _figures(lines: list[str], pattern: str) -> list[int]:
    return [int(found[1]) for line in lines if (found := re.fullmatch(pattern, line))]
