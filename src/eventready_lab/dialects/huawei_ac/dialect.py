"""The wireless side of a Huawei access controller, in the layouts of V200R019; everything else is a huawei_vrp's."""

from __future__ import annotations

from dataclasses import replace

from eventready_lab.device.client_balancing import balance_clients
from eventready_lab.device.dialect import Dialect
from eventready_lab.device.state import ApState, DeviceState
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.templated import load_answers
from eventready_lab.dialects.huawei_ac.effects import GRAMMAR, spreading, wireless
from eventready_lab.dialects.huawei_vrp.dialect import DIALECT as VRP
from eventready_lab.dialects.huawei_vrp.effects import CONFIG as VRP_CONFIG
from eventready_lab.dialects.huawei_vrp.effects import layout
from eventready_lab.dialects.huawei_vrp.formats import dashed

_MODES = [section.mode for section in GRAMMAR.grammar.sections if section.mode not in VRP.prompts]


def _span(seconds: int) -> str:
    return f"{seconds // 86_400}D:{seconds // 3600 % 24}H:{seconds // 60 % 60}M:{seconds % 60}S"


def _clients(ap: ApState) -> int:
    return sum(radio.clients for radio in ap.radios if radio.up) if ap.up else 0


def _spread(view: View) -> list[ApState]:
    """The access points with clients balanced by the configuration."""
    return balance_clients(view.state.aps, spreading(view.configured))


CONFIG = wireless(VRP_CONFIG)


def _on(state: DeviceState) -> Dialect:
    """The dialect with its own `display version`."""
    return replace(DIALECT, config=replace(CONFIG, layout=layout(state.version)))


DIALECT: Dialect = replace(
    VRP,
    platform="huawei_ac",
    prompts={**VRP.prompts, **dict.fromkeys(_MODES, "[{mark}{host}-{section}]")},
    shows={**VRP.shows, **load_answers("eventready_lab.dialects.huawei_ac", dashed, _span, _clients, _spread)},
    config=CONFIG,
    variant=_on,
)
