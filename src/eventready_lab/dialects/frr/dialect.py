"""FRRouting 10.3 behind vtysh, on a host with a login of its own."""

from __future__ import annotations

from eventready_lab.device.dialect import Action, ConfigMode, Dialect, Errors, Paging
from eventready_lab.dialects._shared.templated import load_answers
from eventready_lab.dialects.frr import effects, host, tables
from eventready_lab.dialects.frr.lines import GRAMMAR

_ANSWERS = load_answers(
    "eventready_lab.dialects.frr",
    *(tables.clock, tables.colons, tables.remembered, tables.vrrp_groups, tables.of_family, tables.default_hops),
    tables.route_to,
)

DIALECT = Dialect(
    platform="frr",
    prompts=GRAMMAR.prompts,
    initial_mode="enabled",
    banner="\nHello, this is FRRouting (version 10.3).\nCopyright 1996-2005 Kunihiro Ishiguro, et al.\n",
    shows={
        **{name: tables.printed(answer) if name.endswith("json") else answer for name, answer in _ANSWERS.items()},
        "/show running-config(?: no-header)?/": effects.running,
        "show startup-config": effects.startup,
    },
    errors=Errors(unknown="% Unknown command: {line}", incomplete="% Command incomplete."),
    paging=Paging(length={r"terminal length (\d+)": "", r"(?:no )?terminal paginate": ""}),
    actions=(
        Action(r"wr(?:ite)?(?: (?:mem\w*|file))?|copy running-config startup-config", host.save, modes=("enabled",)),
    ),
    config=ConfigMode(
        initial=GRAMMAR.initial,
        read=effects.read_text,
        grammar=GRAMMAR.grammar,
        layout=effects.FrrLayout(),
        entered="",
        apply_to_state=effects.apply_to_state,
        adopt_state=effects.adopt_state,
        show_prefix="do ",
    ),
    log_line="2022/04/25 07:00:00 ZEBRA: [EC 4043309074] interface eth9 changed",
    host=host.HOST,
)
