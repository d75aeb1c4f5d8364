"""The configuration of a Catalyst 9800 beside an IOS XE router: WLANs, profiles, tags; and its effect on clients.

Clients are balanced (`device/client_balancing.py`) by the running configuration: `band-select` and `load-balance` of a
WLAN, the load balancing window of a radio profile, and the WLAN's limit of clients on a radio.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from eventready_lab.device.client_balancing import BalancingRules
from eventready_lab.device.configuration.grammar import AcceptedLine
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.dialect import ConfigMode
from eventready_lab.device.state import DeviceState
from eventready_lab.dialects._shared.grammar_file import load_grammar
from eventready_lab.dialects.cisco_xe.lines import GRAMMAR as ROUTER

_WINDOW = 5
_RATES = r"RATE_(?:1M|2M|5_5M|6M|9M|11M|12M|18M|24M|36M|48M|54M)"


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


def _interpret(mode: str, section: Tree, line: str) -> AcceptedLine | None:
    taken, router = _negated(mode, section, line), ROUTER.grammar.interpret
    return router(mode, section, line) if taken is None and router else taken


GRAMMAR = load_grammar("eventready_lab.dialects.cisco_9800", base=ROUTER.grammar, interpret=_interpret)


def wireless(base: ConfigMode) -> ConfigMode:
    """The configuration mode of a router, extended for a wireless controller."""

    def initial(state: DeviceState) -> str:
        return f"{base.initial(state).removesuffix('end')}{GRAMMAR.initial(state)}\nend"

    return replace(base, initial=initial, grammar=GRAMMAR.grammar, connected=True)


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
