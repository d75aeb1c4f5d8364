"""Answers as data: the `answers.yaml` of a dialect has a Jinja template per command.

Names in a template: `state`, `view`, `match` (the match of the command), `up(port)`, `live(bundle)` (active members),
`routes` (the default routes in use), `connected(address)` (the port of its network), `learned(address)` (its route of
OSPF), `network(address)`, `cabled` (working ports with a neighbour), and the helpers of the dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, Template

from eventready_lab.device.dialect import Render
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.forwarding import bundled, connected, in_use, learned, network, works


def load_answers(package: str, **helpers: Callable[..., Any]) -> dict[str, Render]:
    """Return the answers of a dialect's package. `helpers` are functions for its templates."""
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701  plain text
    environment.globals |= helpers
    text = files(package).joinpath("answers.yaml").read_text(encoding="utf-8")
    templates: Mapping[str, str] = yaml.safe_load(text)
    return {command: _render(environment.from_string(template)) for command, template in templates.items()}


def _render(template: Template) -> Render:
    def render(view: View) -> str:
        state = view.state
        return template.render(
            state=state,
            view=view,
            match=view.match,
            up=works,
            connected=lambda address: connected(state, address),
            learned=lambda address: learned(state, address),
            network=network,
            live=lambda bundle: bundled(state, bundle),
            routes=in_use(state),
            cabled=[port for port in state.ports.values() if port.neighbour and works(port)],
        ).rstrip("\n")

    return render


def short_duration(seconds: int) -> str:
    """`4:19`, `4:19:10`, `2d 4:19:10`, `3w2d 4:19:10`: minutes and seconds below an hour, then hours, days, weeks."""
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if hours < 1:
        return f"{minutes}:{seconds % 60:02}"
    clock = f"{hours % 24}:{minutes % 60:02}:{seconds % 60:02}"
    weeks = f"{days // 7}w{days % 7}d " if days >= 7 else f"{days}d " if days else ""
    return weeks + clock
