"""The configuration of OsmoBSC 1.13: initial form, accepted lines, print order.

Lines, limits, positions and messages are compared with the real program. OsmoBSC prints many lines that were never
entered, hides defaults, and accepts few negations: `handover default` resets one setting, `cell reselection offset 0`
another. Two differences remain: figures of ramping and of the dynamic allocator are dropped while they are off, and the
message about a default ignores the enclosing section.
"""

from __future__ import annotations

import re

from eventready_lab.device.configuration.grammar import AcceptedLine
from eventready_lab.device.configuration.tree import Layout, Tree
from eventready_lab.device.dialect import ConfigMode
from eventready_lab.device.state import DeviceState
from eventready_lab.dialects._shared.grammar_file import load_grammar
from eventready_lab.dialects.osmocom_bsc.stations import bts_list, bts_sections

UNKNOWN = "% Unknown command."


def _applied(state: DeviceState, running: Tree) -> None:
    """Update barred cells and locked transceivers from the configuration."""
    for bts in bts_sections(state, running):
        if bts.section:
            bts.cell.barred = "cell barred 1" in bts.section
            carriers = _carriers(bts.section)
            bts.cell.blocked = bool(carriers) and all("rf_locked 1" in beneath for beneath in carriers)


def _adopted(state: DeviceState, running: Tree) -> Tree:
    """The configuration after a fault of the state: barred cells and locked transceivers."""
    network = running.get("network", {})
    for bts in bts_sections(state, running):
        name = f"bts {bts.number}"
        section = network.get(name)
        if section is None:
            continue
        kept = {line: beneath for line, beneath in section.items() if line != "cell barred 1"}
        barred = {**kept, "cell barred 1": {}} if bts.cell.barred else kept
        was = bool(_carriers(section)) and all("rf_locked 1" in beneath for beneath in _carriers(section))
        if was is not bts.cell.blocked:
            word, other = f"rf_locked {int(bts.cell.blocked)}", f"rf_locked {int(not bts.cell.blocked)}"
            for line in [line for line in barred if line.startswith("trx ")]:
                barred[line] = {word if one == other else one: beneath for one, beneath in barred[line].items()}
        network[name] = GRAMMAR.grammar.ordered(barred, "bts")
    return running


def _carriers(section: Tree) -> list[Tree]:
    return [beneath for line, beneath in section.items() if line.startswith("trx ")]


# --- accepted lines ---------------------------------------------------------------------------------------------

_DYNAMIC = (
    "channel allocator dynamic-param sort-by-trx-power 0",
    "channel allocator dynamic-param ul-rxlev thresh 50 avg-num 2",
    "channel allocator dynamic-param c0-chan-load thresh 60",
)
_RAMPING = {
    "access-control-class-ramping-step-interval": "5",
    "access-control-class-ramping-step-size": "1",
    "access-control-class-ramping-chan-load": "71 89",
}


def _interpret(mode: str, section: Tree, line: str) -> AcceptedLine | None:
    """The effect of a line with further effects."""
    word, _, rest = line.partition(" ")
    if word == "no" and not any(re.match(pattern, rest) for pattern in GRAMMAR.tables["negated"].get(mode, ())):
        return AcceptedLine(answer=UNKNOWN)
    if line.endswith(" default") and line.removesuffix(" default") in GRAMMAR.tables["handover"]:
        return _unset(section, line.removesuffix(" default"))
    if line == "handover2 congestion-check now":
        return AcceptedLine()
    if line == "phys_chan_config TCH/F_TCH/H_PDCH":
        return AcceptedLine(line="phys_chan_config DYNAMIC/OSMOCOM")
    if mode != "bts":
        return None
    return next((accepted for interpret in _INTERPRETERS if (accepted := interpret(section, line))), None)


def _unset(section: Tree, name: str) -> AcceptedLine:
    values, default = GRAMMAR.tables["handover"][name]
    kept = {line: beneath for line, beneath in section.items() if not re.fullmatch(f"{name} (?:{values})", line)}
    if len(kept) == len(section):
        return AcceptedLine(answer=f"% '{name}' already was unset, still is {default}")
    return AcceptedLine(kept, f"% '{name}' setting removed, now is {default}")


def _without(section: Tree, pattern: str) -> Tree:
    return {line: beneath for line, beneath in section.items() if not re.match(pattern, line)}


def _allocator(section: Tree, line: str) -> AcceptedLine | None:
    """`mode set-all` sets four lines; a dynamic allocator adds parameters, and removes them with itself."""
    if (
        line.startswith("channel allocator dynamic-param")
        and "channel allocator mode assignment dynamic" not in section
    ):
        return AcceptedLine()
    match = re.fullmatch(r"channel allocator (?:mode (set-all|assignment) )?(\w+)", line)
    if not match:
        return None
    all_modes = ("chan-req", "assignment", "handover", "vgcs-vbs")
    modes = ("assignment",) if match[1] == "assignment" else all_modes
    kept = _without(section, f"channel allocator (?:mode (?:{'|'.join(modes)})|dynamic-param) ")
    lines = [f"channel allocator mode {mode} {match[2]}" for mode in modes]
    return AcceptedLine({**kept, **{setting: {} for setting in [*lines, *(_DYNAMIC if match[2] == "dynamic" else ())]}})


def _ramping(section: Tree, line: str) -> AcceptedLine | None:
    """Ramping prints three figures while on, and a negated line while off."""
    if not re.match(r"(?:no )?access-control-class-ramping", line):
        return None
    on = "access-control-class-ramping" in section
    name, _, value = line.partition(" ")
    kept = _without(section, r"(?:no )?access-control-class-ramping")
    if line == "no access-control-class-ramping":
        return AcceptedLine({**kept, line: {}})
    if value == "dynamic":
        return AcceptedLine(answer=f"% {name} 'dynamic' value is deprecated, ignoring it")
    if name.endswith("chan-load") and int(value.split()[0]) > int(value.split()[1]):
        return AcceptedLine(answer="% Unable to set ACC channel load thresholds")
    if not on and value:
        return AcceptedLine()
    figures = {known: _after(section, known) or default for known, default in _RAMPING.items()}
    figures |= {name: value} if value else {}
    lines = ["access-control-class-ramping", *(f"{known} {figure}" for known, figure in figures.items())]
    return AcceptedLine({**kept, **{setting: {} for setting in lines}})


def _after(section: Tree, name: str) -> str:
    return next((line[len(name) + 1 :] for line in section if line.startswith(f"{name} ")), "")


def _rounded(_section: Tree, line: str) -> AcceptedLine | None:
    """Round decibels down to the steps of the air interface."""
    match = re.fullmatch(r"(cell reselection (?:hysteresis|offset)|temporary offset) (\d+)", line)
    step = 10 if line.startswith("temporary") else 2
    if not match or int(match[2]) % step == 0:
        return None
    return AcceptedLine(line=f"{match[1]} {int(match[2]) // step * step}")


def _incomplete(_section: Tree, line: str) -> AcceptedLine | None:
    if line == "description":
        return AcceptedLine(answer="% Command incomplete.")
    if line.startswith("nch-position "):
        return AcceptedLine(answer=f"{line.partition(' ')[2]} is not permitted by 3GPP TS 44.010 Table 10.5.2.32.1b")
    return None


_INTERPRETERS = (_allocator, _ramping, _rounded, _incomplete)

GRAMMAR = load_grammar("eventready_lab.dialects.osmocom_bsc", interpret=_interpret, stations=bts_list)

CONFIG = ConfigMode(
    initial=GRAMMAR.initial,
    grammar=GRAMMAR.grammar,
    layout=Layout(separator=""),
    enter=r"configure(?: terminal)?|conf(?: t)?",
    entered="",
    show_prefix="",
    apply_to_state=_applied,
    adopt_state=_adopted,
    connected=True,
)
