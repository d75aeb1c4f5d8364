"""A Huawei router or routing switch, in the layouts of the S series: VRP 5 (lines act at once) or VRP 8 (lines wait for
a commit), by the model, as `display version` shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from eventready_lab.device.dialect import Action, Dialect, Errors, Paging, Render
from eventready_lab.device.state import DeviceState
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.templated import load_answers
from eventready_lab.dialects.huawei_vrp import effects, formats, routes, trial
from eventready_lab.dialects.huawei_vrp.release import vrp

SHOWS: dict[str, Render] = {
    **load_answers(
        "eventready_lab.dialects.huawei_vrp",
        *(vrp, formats.spelt, formats.short, formats.dashed, formats.size, formats.uptime, formats.digits),
        *(formats.code_points, routes.total, routes.local_routes, routes.routes_to),
    ),
    "display current-configuration": effects.running,
    "display saved-configuration": effects.saved,
    "compare configuration": effects.compared,
}

_SECTIONS: Sequence[str] = sorted({section.mode for section in effects.CONFIG.grammar.sections})
_SAVE_5 = "The current configuration will be written to the device.\nAre you sure to continue?[Y/N]:"
_SAVE_8 = "Warning: The current configuration will be written to the device. Continue? [Y/N]:"


def _on(state: DeviceState) -> Dialect:
    """The dialect of VRP 8 for models with VRP 8."""
    system = vrp(state)
    if not system.two_stage:
        return replace(DIALECT, config=replace(effects.CONFIG, layout=effects.layout(state.version)))
    return replace(
        DIALECT,
        shows={**SHOWS, "display configuration trial status": trial.status},
        actions=(_saving(effects.save_8, _SAVE_8), trial.abort(("config", *_SECTIONS), system)),
        config=replace(trial.two_stage(effects.CONFIG, system), layout=effects.layout(state.version)),
    )


def _saving(save: Callable[[View], str], question: str) -> Action:
    return Action(
        r"save(?: force)?", save, question=question, declined="Error: The save operation is cancelled.", modes=("exec",)
    )


DIALECT = Dialect(
    platform="huawei_vrp",
    prompts={**effects.GRAMMAR.prompts, **dict.fromkeys(_SECTIONS, "[{mark}{host}-{section}]")},
    shows=SHOWS,
    errors=Errors(
        unknown="{caret}\nError: Unrecognized command found at '^' position.",
        incomplete="Error: Incomplete command found at '^' position.",
        lines_in_use="Error: All user interfaces are used, please try later.",
    ),
    banner="\nInfo: The max number of VTY users is 5, and the number\n      of current VTY users on line is 1.\n",
    paging=Paging(
        mark="  ---- More ----",
        erase="\x1b[42D" + " " * 42 + "\x1b[42D",
        length={
            r"screen-length (\d+) temporary": "Info: The configuration takes effect on the current user terminal "
            "interface only."
        },
    ),
    config=effects.CONFIG,
    actions=(_saving(effects.save, _SAVE_5),),
    settings={r"screen-width \d+": ""},
    quit_commands="quit",
    sessions=5,
    log_line="{now:%b %d %Y %H:%M:%S}{offset} {host} %%01IFNET/4/LINK_STATE(l)[12]:The line protocol IP on the "
    "interface XGigabitEthernet0/0/9 has entered the UP state.",
    variant=_on,
)
