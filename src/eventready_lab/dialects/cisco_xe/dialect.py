"""An ASR 1000 with IOS XE 17.9, in the layouts of real captures."""

from __future__ import annotations

from dataclasses import replace

from eventready_lab.device.dialect import Action, ConfigMode, Dialect, Enable, Errors, Paging
from eventready_lab.device.state import DeviceState
from eventready_lab.device.view import STATION, View
from eventready_lab.dialects._shared.templated import load_answers
from eventready_lab.dialects.cisco_xe import effects, formats, trial
from eventready_lab.dialects.cisco_xe.lines import GRAMMAR

_SAVED = "Building configuration...\n[OK]"
_NOT_SAVED = "Building configuration...\n%Error opening nvram:/startup-config (No space left on device)"


def _save(view: View) -> str:
    return _SAVED if view.save() else _NOT_SAVED


def _on(state: DeviceState) -> Dialect:
    """The dialect with the printed form of the router's version."""
    return replace(DIALECT, config=replace(CONFIG, layout=effects.layout(state.version)))


CONFIG = ConfigMode(
    initial=GRAMMAR.initial,
    grammar=GRAMMAR.grammar,
    layout=effects.IosLayout(),
    enter=r"conf(?:igure)?(?: t(?:erm(?:inal)?)?)?",
    apply_to_state=effects.apply_to_state,
    adopt_state=effects.adopt_state,
)

DIALECT = Dialect(
    platform="cisco_xe",
    prompts=GRAMMAR.prompts,
    initial_mode="enabled",
    shows={
        **load_answers(
            "eventready_lab.dialects.cisco_xe",
            *(formats.long_duration, formats.short_duration, formats.short_name, formats.rebuild, formats.timer),
            station=STATION,
        ),
        "show running-config": effects.running,
        "show startup-config": effects.startup,
        "/show archive config differences(?: nvram:startup-config system:running-config)?/": effects.differences,
        "show archive config rollback timer": trial.timer,
        "show archive": trial.archive,
    },
    enabled_only=(r"show (?:running|startup)-config.*", r"show archive .*"),
    errors=Errors(unknown="{caret}\n% Invalid input detected at '^' marker.\n"),
    enable=Enable(),
    paging=Paging(length={r"terminal length (\d+)": ""}),
    settings={r"terminal width \d+": "", r"terminal (?:no )?monitor": ""},
    actions=(
        Action(r"write(?: mem\w*)?", _save, modes=("enabled",)),
        Action(
            r"copy running-config startup-config",
            _save,
            question="Destination filename [startup-config]? ",
            yes=r"\s*(?:startup-config)?\s*",
            modes=("enabled",),
        ),
        *trial.ACTIONS,
    ),
    config=CONFIG,
    variant=_on,
    log_line="*Apr 25 07:00:00.123: %SYS-5-CONFIG_I: Configured from console by netops on vty0 (198.51.100.250)",
)
