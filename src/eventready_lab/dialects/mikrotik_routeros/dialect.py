"""A CCR with RouterOS 7. Lines act at once; safe mode undoes them with its session."""

from __future__ import annotations

from eventready_lab.device.dialect import Action, ConfigMode, Dialect, Errors
from eventready_lab.dialects._shared.templated import load_answers
from eventready_lab.dialects.mikrotik_routeros import effects


def _span(seconds: int) -> str:
    """`7w6d4h48m51s`."""
    sizes = ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
    parts = []
    for size, unit in sizes:
        count, seconds = divmod(seconds, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


DIALECT = Dialect(
    platform="mikrotik_routeros",
    prompts=effects.GRAMMAR.prompts,
    shows={
        **load_answers(
            "eventready_lab.dialects.mikrotik_routeros", host=lambda state: state.hostname or state.name, span=_span
        ),
        '/export terse; :put "end: yes"': effects.export,
        "/system history print": effects.history,
    },
    errors=Errors(unknown="bad command name {word} (line 1 column 1)"),
    output_filters=False,
    quit_commands="/?quit",
    actions=(Action(r"/[a-z][a-z -]*? (?:add|set|remove)(?: .*)?", effects.edit),),
    keys={"\x18": effects.safe_mode},
    config=ConfigMode(
        initial=effects.initial,
        grammar=effects.GRAMMAR.grammar,
        layout=effects.ExportLayout(),
        enter=r"(?!)",
        apply_to_state=effects.apply_to_state,
        adopt_state=effects.adopt_state,
        stored=True,
        direct=r"/[a-z][a-z -]*? (?:add|set|remove)(?: .*)?",
    ),
    log_line="{now:%H:%M:%S} echo: system,info,account user netops logged in from 198.51.100.250 via ssh",
)
