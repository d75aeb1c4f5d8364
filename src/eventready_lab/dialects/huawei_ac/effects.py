"""The configuration of a Huawei access controller beside a VRP device: the `wlan` view, and its effect on clients.

Clients are balanced (`device/client_balancing.py`) by the running configuration: `uac client-number` (access),
`sta-load-balance dynamic` and `band-steer` of the RRM profiles. An access controller has one stage: a line acts at
once.
"""

from __future__ import annotations

import re
from dataclasses import replace

from eventready.core.strings.texts import lines_of
from eventready_lab.device.client_balancing import BalancingRules
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.dialect import ConfigMode
from eventready_lab.device.state import DeviceState
from eventready_lab.dialects._shared.grammar_file import load_grammar
from eventready_lab.dialects.huawei_vrp.effects import GRAMMAR as VRP

#: The default gap in clients between two radios before clients are moved.
_GAP = 4

GRAMMAR = load_grammar("eventready_lab.dialects.huawei_ac", base=VRP.grammar)


def wireless(base: ConfigMode) -> ConfigMode:
    """The configuration mode of a VRP device, extended for an access controller."""

    def initial(state: DeviceState) -> str:
        lines = lines_of(base.initial(state))
        at = next((at for at, line in enumerate(lines) if line.startswith("user-interface ")), len(lines))
        return "\n".join([*lines[:at], GRAMMAR.initial(state), *lines[at:]])

    return replace(base, initial=initial, grammar=GRAMMAR.grammar)


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
