"""The wireless side of a Catalyst 9800, in the layouts of IOS-XE 17.9; everything else is a cisco_xe's."""

from __future__ import annotations

from dataclasses import replace

from eventready_lab.device.client_balancing import balance_clients
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.state import ApState
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.templated import load_answers
from eventready_lab.dialects.cisco_9800.effects import GRAMMAR, spreading, wireless
from eventready_lab.dialects.cisco_xe.dialect import CONFIG
from eventready_lab.dialects.cisco_xe.dialect import DIALECT as IOS_XE


def _dotted(mac: str) -> str:
    """A MAC address in groups of four, whatever separators the state has."""
    digits = "".join(character for character in mac.lower() if character.isalnum()).rjust(12, "0")
    return ".".join(digits[at : at + 4] for at in (0, 4, 8))


def _radio_mac(ap: ApState) -> str:
    return _dotted(ap.mac)[:-1] + "0"


def _joined(view: View) -> list[ApState]:
    """The access points of the controller, with clients balanced by the configuration."""
    return [ap for ap in balance_clients(view.state.aps, spreading(view.configured)) if ap.up]


def _uptime(seconds: int) -> str:
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    named = ((days, "day"), (hours, "hour"), (minutes, "minute"))
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in named)


def _redundancy_mode(tree: Tree | None) -> str:
    """Redundancy mode of a controller with a standby in a configuration, as printed by `show redundancy`."""
    lines = (tree or {}).get("redundancy", {})
    mode = next((line.removeprefix("mode ") for line in lines if line.startswith("mode ")), "sso")
    return "Non-redundant" if mode == "none" else mode


_OWN = load_answers("eventready_lab.dialects.cisco_9800", _dotted, _radio_mac, _joined, _uptime, _redundancy_mode)

DIALECT = replace(
    IOS_XE,
    platform="cisco_9800",
    prompts={**IOS_XE.prompts, **GRAMMAR.prompts},
    shows={**IOS_XE.shows, **_OWN},
    config=wireless(CONFIG),
    variant=None,  # there is none before IOS XE 16
)
