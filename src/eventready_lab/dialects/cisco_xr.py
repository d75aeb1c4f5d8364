"""ASR 9000 with IOS XR 7.5; answers are in `iosxr/`. A trial commit belongs to its session."""

from __future__ import annotations

from eventready_lab.dialects.forwarding import way
from eventready_lab.dialects.ios.formats import long_duration, short_duration
from eventready_lab.dialects.iosxr import configuration
from eventready_lab.dialects.templated import load_answers
from eventready_lab.engine.dialect import Action, ConfigMode, Dialect, Errors, Paging

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
    prompts={"enabled": "RP/0/RP0/CPU0:{host}#", "config": "RP/0/RP0/CPU0:{host}(config)#", **configuration.PROMPTS},
    initial_mode="enabled",
    shows={
        **load_answers(
            "eventready_lab.dialects.iosxr",
            host=lambda state: state.hostname or state.name,
            long_duration=long_duration,
            short_duration=short_duration,
            short_name=_short_name,
            way=way,
        ),
        r"/show running-config(?: (?P<section>router static|logging))?/": configuration.shown,
        "show configuration sessions detail": configuration.sessions,
    },
    errors=Errors(unknown="{caret}\n% Invalid input detected at '^' marker."),
    paging=Paging(length={r"terminal length (\d+)": ""}),
    settings={r"terminal width \d+": ""},
    actions=(Action(r"configure exclusive", configuration.enter, modes=("enabled",), enters=True),),
    config=ConfigMode(
        initial=configuration.initial,
        grammar=configuration.GRAMMAR,
        layout=configuration.XrLayout(),
        enter=r"configure(?: terminal)?",
        entered="",
        apply_to_state=configuration.apply_to_state,
        adopt_state=configuration.adopt_state,
        candidate=True,
        stored=True,
        commit=configuration.COMMIT,
        commit_command=configuration.commit,
        discard="abort",
        discard_leaves=True,
        leave_pending="Uncommitted changes found, commit them before exiting(yes/no/cancel)? [cancel]:",
        leave_trial=_EXIT,
    ),
    log_line="RP/0/RP0/CPU0:{now:%b %d %H:%M:%S}.123 ICT: config[65704]: %MGBL-SYS-5-CONFIG_I : Configured by netops",
)
