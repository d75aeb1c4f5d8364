"""Text from templates: the `answers.yaml` of a dialect has a Jinja template per command.

Names in a template: `state`, `view`, `match` (the match of the command), `up(port)`, `live(bundle)` (active members),
`bundle(port)` (the bundle of this name), `peers(protocol)`, `groups(protocol)`, `routes` (the default routes in use),
`connected(address)` (the port of its network), `learned(address)` (its route of OSPF), `network(address)`,
`echoes(state, address, size, df=)` (ping is answered), `cabled` (working ports with a neighbour), the helpers of the
dialect, and what the template `macros` defines. An answer ends without a newline; the answer of a block with `|+` ends
with the blank lines behind the block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from eventready.workspace.files.yaml_document import parse_yaml
from eventready_lab.device.dialect import Render
from eventready_lab.device.state import DeviceState
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.forwarding import bundled, connected, echoes, in_use, learned, network, works


def load_answers(package: str, *functions: Callable[..., Any], **names: Any) -> dict[str, Render]:
    """Return the answers of a dialect's package. `functions` and `names` are known in its templates, functions by their
    own names without an underscore in front."""
    sources: dict[str, str] = read_yaml(package, "answers.yaml")
    helpers = {function.__name__.lstrip("_"): function for function in functions}
    templates = Templates(sources.pop("macros", ""), {**helpers, **names})
    return {command: _answer(templates, source) for command, source in sources.items()}


def read_yaml(package: str, name: str) -> dict[str, Any]:
    """The content of a data file of a dialect's package."""
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    return parse_yaml(Path(*package.split("."), name), text).mapping()


class Templates:
    """The templates of a dialect, each compiled at its first use."""

    def __init__(self, macros: str, helpers: Mapping[str, Any]) -> None:
        self._environment = Environment(  # noqa: S701  plain text
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
        )
        self._environment.globals |= {"up": works, "echoes": echoes, **helpers}
        self._macros = macros
        self._compiled: dict[str, Template] = {}

    def text(self, source: str, state: DeviceState, **more: Any) -> str:
        """Render a template about a device."""
        if self._macros:
            defined, self._macros = self._environment.from_string(self._macros).module, ""
            self._environment.globals |= {name: one for name, one in vars(defined).items() if not name.startswith("_")}
        if source not in self._compiled:
            self._compiled[source] = self._environment.from_string(source)
        rendered = self._compiled[source].render(
            state=state,
            peers=lambda protocol: [peer for peer in state.peers if peer.protocol == protocol],
            groups=lambda protocol: [group for group in state.gateways if group.protocol == protocol],
            connected=lambda address: connected(state, address),
            learned=lambda address: learned(state, address),
            network=lambda address: network(state, address),
            live=lambda bundle: bundled(state, bundle),
            bundle=lambda port: next((bundle for bundle in state.bundles if bundle.name == port.name), None),
            routes=in_use(state),
            cabled=[port for port in state.ports.values() if port.neighbour and works(port)],
            **more,
        )
        return rendered.removesuffix("\n") if source.endswith("\n\n") else rendered.rstrip("\n")


def _answer(templates: Templates, source: str) -> Render:
    def render(view: View) -> str:
        return templates.text(source, view.state, view=view, match=view.match)

    return render


def short_duration(seconds: int) -> str:
    """`4:19`, `4:19:10`, `2d 4:19:10`, `3w2d 4:19:10`: minutes and seconds below an hour, then hours, days, weeks."""
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if hours < 1:
        return f"{minutes}:{seconds % 60:02}"
    clock = f"{hours % 24}:{minutes % 60:02}:{seconds % 60:02}"
    weeks = f"{days // 7}w{days % 7}d " if days >= 7 else f"{days}d " if days else ""
    return weeks + clock
