"""ASR 9000 with IOS XR 7.5. A trial commit belongs to its session."""

from __future__ import annotations

from eventready_lab.device.dialect import Action, ConfigMode, Dialect, Errors, Paging
from eventready_lab.dialects._shared.forwarding import way
from eventready_lab.dialects._shared.templated import load_answers
from eventready_lab.dialects.cisco_xe.formats import long_duration, short_duration
from eventready_lab.dialects.cisco_xr import effects

_EXIT = (
    "\nYou are exiting after a 'commit confirm' with an active rollback session.  If you exit the configuration "
    "awaiting confirmation will not be confirmed and the router will immediately rollback to the previous "
    "configuration.\nDo you wish to exit? [no]: "
)
_SHORT = (("TenGigE", "Te"), ("HundredGigE", "Hu"), ("GigabitEthernet", "Gi"), ("Bundle-Ether", "BE"))


def _short_name(name: str) -> str:
    """`Te0/0/0/1` for `TenGigE0/0/0/1`."""
    return next((short + name.removeprefix(long) for long, short in _SHORT if name.startswith(long)), name)


DIALECT = Dialect(
    platform="cisco_xr",
    prompts=effects.GRAMMAR.prompts,
    initial_mode="enabled",
    shows={
        **load_answers(
            "eventready_lab.dialects.cisco_xr",
            host=lambda state: state.hostname or state.name,
            long_duration=long_duration,
            short_duration=short_duration,
            short_name=_short_name,
            way=way,
        ),
        r"/show running-config(?: (?P<section>router static|logging))?/": effects.shown,
        "show configuration sessions detail": effects.sessions,
    },
    errors=Errors(unknown="{caret}\n% Invalid input detected at '^' marker."),
    paging=Paging(length={r"terminal length (\d+)": ""}),
    settings={r"terminal width \d+": ""},
    actions=(Action(r"configure exclusive", effects.enter, modes=("enabled",), enters=True),),
    config=ConfigMode(
        initial=effects.GRAMMAR.initial,
        grammar=effects.GRAMMAR.grammar,
        layout=effects.XrLayout(),
        enter=r"configure(?: terminal)?",
        entered="",
        apply_to_state=effects.apply_to_state,
        adopt_state=effects.adopt_state,
        candidate=True,
        stored=True,
        commit=effects.COMMIT,
        commit_command=effects.commit,
        discard="abort",
        discard_leaves=True,
        leave_pending="Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]:",
        leave_trial=_EXIT,
    ),
    log_line="RP/0/RP0/CPU0:{now:%b %d %H:%M:%S}.123 {zone}: config[65704]: %MGBL-SYS-5-CONFIG_I : "
    "Configured by netops",
)
