"""The configuration of a Catalyst 9800 beside an IOS XE router: WLANs, profiles, tags; and its effect on clients.

Clients are balanced (`engine/client_balancing.py`) by the running configuration: `band-select` and `load-balance` of a
WLAN, the load balancing window of a radio profile, and the WLAN's limit of clients on a radio.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from eventready.core.text_lines import lines_of
from eventready_lab.device.client_balancing import BalancingRules
from eventready_lab.device.configuration.grammar import AcceptedLine, Grammar, Section
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.dialect import ConfigMode
from eventready_lab.device.state import DeviceState

_WINDOW = 5

#: The prompts of the modes.
PROMPTS = {
    "wlan": "{host}(config-wlan)#",
    "rf-profile": "{host}(config-rf-profile)#",
    "rf-tag": "{host}(config-wireless-rf-tag)#",
    "site-tag": "{host}(config-site-tag)#",
    "policy-tag": "{host}(config-policy-tag)#",
    "policy": "{host}(config-wireless-policy)#",
    "ap-profile": "{host}(config-ap-profile)#",
    "redundancy": "{host}(config-red)#",
}

_SECTIONS = (
    Section("redundancy", "redundancy"),
    Section(r"wireless profile policy \S+", "policy"),
    Section(r"wireless tag site \S+", "site-tag"),
    Section(r"wireless tag policy \S+", "policy-tag"),
    Section(r"wireless tag rf \S+", "rf-tag"),
    Section(r"wlan \S+(?: \d{1,4} \S+)?", "wlan"),
    Section(r"ap dot11 (?:24ghz|5ghz|6ghz) rf-profile \S+", "rf-profile"),
    Section(r"ap profile \S+", "ap-profile"),
)

_RATES = r"RATE_(?:1M|2M|5_5M|6M|9M|11M|12M|18M|24M|36M|48M|54M)"
_WINDOWS = r"load-balancing window (?:1?\d|20)$"
_DENIALS = r"load-balancing denial (?:10|\d)$"

#: The lines of each mode in print order.
_LINES = {
    "wlan": (
        r"description \S", r"assisted-roaming \S", r"band-select$", r"bss-transition", r"client association limit \d+$",
        r"client association limit ap \d+$", r"client association limit radio (?:200|1\d\d|\d{1,2})$",
        r"dtim dot11 (?:24ghz|5ghz) \d+$", r"load-balance$", r"peer-blocking \S", r"radio policy ", r"security ",
        r"wmm (?:allowed|require)$", r"(?:no )?shutdown$",
    ),
    "rf-profile": (
        r"description \S", r"airtime-fairness \S", r"channel ", r"coverage ", r"high-density ", _DENIALS, _WINDOWS,
        rf"rate {_RATES} (?:disable|mandatory|supported)$", r"rx-sop threshold ", r"tx-power max (?:-?\d|[12]\d|30)$",
        r"tx-power min (?:-?\d|-10|[12]\d|30)$", r"tx-power v[12] threshold -\d+$", r"(?:no )?shutdown$",
    ),
    "rf-tag": (r"24ghz-rf-policy \S+$", r"5ghz-rf-policy \S+$", r"6ghz-rf-policy \S+$", r"description \S"),
    "site-tag": (r"ap-profile \S+$", r"description \S", r"flex-profile \S+$", r"(?:no )?local-site$"),
    "policy-tag": (r"description \S", r"wlan \S+ policy \S+$"),
    "policy": (
        r"aaa-override$", r"description \S", r"idle-timeout \d+$", r"service-policy input \S+$",
        r"service-policy output \S+$", r"session-timeout \d+$", r"vlan \S+$", r"(?:no )?shutdown$",
    ),
    "ap-profile": (
        r"capwap backup primary \S+ \d+(?:\.\d+){3}$", r"capwap backup secondary \S+ \d+(?:\.\d+){3}$",
        r"capwap fallback$", r"capwap timers discovery-timeout \d+$",
        r"capwap timers fast-heartbeat-timeout (?:10|[1-9])$", r"capwap timers heartbeat-timeout \d+$",
        r"capwap timers primary-discovery-timeout \d+$", r"country \S+$", r"description \S", r"hyperlocation",
        r"ntp ip \S+$", r"preferred-mode ", r"stats-timer \d+$",
    ),
    "redundancy": (r"mode (?:sso|rpr|none)$", r"main-cpu$"),
}  # fmt: skip

#: Lines that are negated without their value.
_TAKEN_BACK = {
    "wlan": (r"client association limit(?: ap| radio)?$", r"description$", r"security\b"),
    "rf-profile": (r"load-balancing (?:window|denial)$", r"tx-power (?:min|max)$", r"rx-sop\b", r"description$"),
    "rf-tag": (r"(?:24|5|6)ghz-rf-policy$", r"description$"),
    "site-tag": (r"ap-profile$", r"flex-profile$", r"description$"),
    "policy-tag": (r"wlan \S+$", r"description$"),
    "policy": (r"service-policy (?:input|output)$", r"(?:idle|session)-timeout$", r"vlan$", r"description$"),
    "ap-profile": (r"capwap backup (?:primary|secondary)$", r"capwap timers [a-z-]+$", r"country$", r"description$"),
}

#: Lines for all access points, printed after the lines of a router.
_TOP = (
    r"wireless management ", r"wireless client ", r"wireless profile policy ", r"wireless tag site ",
    r"wireless tag policy ", r"wireless tag rf ", r"wireless ", r"wlan ", r"ap dot11 24ghz rf-profile ",
    r"ap dot11 5ghz rf-profile ", r"ap dot11 6ghz rf-profile ", r"ap dot11 ", r"ap country ",
    r"ap tag-source-priority ", r"ap profile ", r"ap ",
)  # fmt: skip

_SINGLE = (
    r"client association limit(?: ap| radio)?(?= \d)", r"load-balancing (?:denial|window)", rf"rate {_RATES}",
    r"tx-power (?:min|max)", r"tx-power v[12] threshold", r"rx-sop threshold", r"(?:24|5|6)ghz-rf-policy",
    r"ap-profile",
    r"flex-profile", r"wlan \S+ policy", r"(?:idle|session)-timeout", r"service-policy (?:input|output)", r"vlan",
    r"capwap backup (?:primary|secondary)", r"capwap timers \S+", r"country", r"stats-timer", r"dtim dot11 \S+",
    r"wireless management interface", r"wireless client load-balancing (?:window|denial)", r"peer-blocking",
)  # fmt: skip


def _initial(state: DeviceState) -> Iterator[str]:
    if state.pair_mode:
        yield from ("redundancy", " mode sso", "!")
    yield from (
        "wireless management interface Vlan100",
        "wireless profile policy default-policy-profile", ' description "default policy profile"', " vlan default",
        " no shutdown", "!",
        "wireless profile policy EVENT", " session-timeout 28800", " vlan 120", " no shutdown", "!",
        "wireless tag site default-site-tag", ' description "default site tag"', "!",
        "wireless tag policy default-policy-tag", " wlan Event-WiFi policy EVENT", "!",
        "wireless tag rf default-rf-tag", ' description "default RF tag"', "!",
        "wlan Event-WiFi 1 Event-WiFi", " security wpa wpa2 ciphers aes", " no shutdown", "!",
        "ap country VN",
        "ap tag-source-priority 2 source filter",
        "ap profile default-ap-profile", " capwap timers heartbeat-timeout 30",
        ' description "default ap profile"', "!",
    )  # fmt: skip


def _negated(mode: str, section: Tree, line: str) -> AcceptedLine | None:
    """`no shutdown` is printed for a WLAN or profile in service; rates are never removed."""
    if mode in ("wlan", "rf-profile", "policy") and line in ("shutdown", "no shutdown"):
        kept = {known: beneath for known, beneath in section.items() if known != "no shutdown"}
        return AcceptedLine(kept if line == "shutdown" else {**kept, line: {}})
    if mode == "rf-profile" and re.fullmatch(rf"no rate {_RATES}.*", line):
        return AcceptedLine(answer="% Incomplete command.\n")
    supported = re.fullmatch(rf"(rate {_RATES}) supported", line) if mode == "rf-profile" else None
    if supported:
        return AcceptedLine(
            {known: deeper for known, deeper in section.items() if not known.startswith(f"{supported[1]} ")}
        )
    return None


def wireless(base: ConfigMode) -> ConfigMode:
    """The configuration mode of a router, extended for a wireless controller."""

    def initial(state: DeviceState) -> str:
        lines = lines_of(base.initial(state))
        at = len(lines) - (lines[-1:] == ["end"])
        return "\n".join([*lines[:at], *_initial(state), *lines[at:]])

    def means(mode: str, section: Tree, line: str) -> AcceptedLine | None:
        taken = _negated(mode, section, line)
        return base.grammar.interpret(mode, section, line) if taken is None and base.grammar.interpret else taken

    return replace(base, initial=initial, grammar=_grammar(base.grammar, means))


def _grammar(base: Grammar, means: Callable[[str, Tree, str], AcceptedLine | None]) -> Grammar:
    top = base.order.get("config")
    order = {**base.order, **_LINES, **({"config": (*top, *_TOP)} if top else {})}
    accepts = {
        **base.accepts,
        "config": (*base.accepts.get("config", ()), r"(?:wireless|wlan|ap)\b", "redundancy$"),
        **{mode: tuple(pattern.replace("(?:no )?", "") for pattern in lines) for mode, lines in _LINES.items()},
    }
    takes_back = {**base.accepts_negated, **_TAKEN_BACK}
    top_level = (*base.top_level, *(section.line for section in _SECTIONS if section.mode != "redundancy"))
    single = (*base.single, *_SINGLE)
    return replace(
        base, sections=(*base.sections, *_SECTIONS), accepts=accepts, order=order, single=single, top_level=top_level,
        accepts_negated=takes_back,
        permanent=(*base.permanent, "redundancy", "ap profile default-ap-profile"), interpret=means,
    )  # fmt: skip


def spreading(running: Tree | None) -> BalancingRules:
    """The client balancing rules of the running configuration."""
    tree = running or {}
    wlans = [section for line, section in tree.items() if line.startswith("wlan ") and "no shutdown" in section]
    limits = _figures(wlans, r"client association limit radio (\d+)")
    profiles = [section for line, section in tree.items() if " rf-profile " in line]
    windows = _figures([*profiles, tree], r"(?:wireless client )?load-balancing window (\d+)")
    shares = any("load-balance" in section for section in wlans)
    return BalancingRules(
        limit=min(limits, default=None),
        gap=min(windows, default=_WINDOW) if shares else None,
        steers=any("band-select" in section for section in wlans),
    )


def _figures(sections: Sequence[Tree], pattern: str) -> list[int]:
    return [int(found[1]) for section in sections for line in section if (found := re.fullmatch(pattern, line))]
