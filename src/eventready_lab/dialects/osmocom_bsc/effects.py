"""The configuration of OsmoBSC 1.13: initial form, accepted lines, print order.

Lines, limits, positions and messages are compared with the real program. OsmoBSC prints many lines that were never
entered, hides defaults, and accepts few negations: `handover default` resets one setting, `cell reselection offset 0`
another. Two differences remain: figures of ramping and of the dynamic allocator are dropped while they are off, and the
message about a default ignores the enclosing section.
"""

from __future__ import annotations

import re

from eventready_lab.device.configuration.grammar import AcceptedLine, Grammar, Section
from eventready_lab.device.configuration.tree import Layout, Tree
from eventready_lab.device.dialect import ConfigMode
from eventready_lab.device.state import DeviceState
from eventready_lab.dialects.osmocom_bsc.lines import BTS, DEFAULTS, HANDOVER, NEGATED, NET, ORDER, SINGLE
from eventready_lab.dialects.osmocom_bsc.stations import Bts, bts_list, bts_sections

UNKNOWN = "% Unknown command."

_HEAD = """log stderr
 logging filter all 1
 logging color 0
 logging print category-hex 1
 logging print category 0
 logging timestamp 0
stats interval 5
line vty
 login
network
 network country code 452
 mobile network code 02
 encryption a5 0 1
 neci 1
 paging any use tch 0
 handover 1
 handover algorithm 1"""

_BTS = """ bts {number}
  type osmo-bts
  description {name}
  band DCS1800
  cell_identity {identity}
  location_area_code 0x{area:04x}
  base_station_id_code {code}
  ms max power 15
  cell reselection hysteresis 4
  rxlev access min 0
  radio-link-timeout 32
  channel allocator mode chan-req ascending
  channel allocator mode assignment ascending
  channel allocator mode handover ascending
  channel allocator mode vgcs-vbs ascending
  rach tx integer 9
  rach max transmission 7
  rach max-delay 63
  rach expiry-timeout 32
  channel-description attach 1
  channel-description bs-pa-mfrms 5
  channel-description bs-ag-blks-res 1
  no nch-position
{barred}  no access-control-class-ramping
  early-classmark-sending forbidden
  early-classmark-sending-3g allowed
  ipa unit-id {identity} 0
  oml ipa stream-id 255 line 0
  neighbor-list mode automatic
  codec-support fr hr
  gprs mode none
  bs-power-control
   mode static
  ms-power-control
   mode dyn-bts
   ctrl-interval 2
   step-size inc 4 red 2"""

_TRX = """  trx {number}
   rf_locked {locked}
   arfcn {channel}
   nominal power 23
   max_power_red 0
   rsl e1 tei 0"""

_MSC = """msc {number}
 codec-list fr1 hr1 fr2 fr3 hr3
 allow-emergency allow
 amr-payload octet-aligned
 asp-protocol m3ua
 lcls-mode disabled
 lcls-codec-mismatch forbidden"""


def initial(state: DeviceState) -> str:
    """The configuration of a healthy controller."""
    parts = [_HEAD]
    for bts in bts_list(state):
        parts.append(_station(bts))
        for slot, kind in enumerate(bts.timeslots):
            if slot % 8 == 0:
                channel = 512 + 2 * bts.number + 100 * (slot // 8)
                parts.append(_TRX.format(number=slot // 8, locked=int(bts.cell.blocked), channel=channel))
            parts.append(f"   timeslot {slot % 8}\n    phys_chan_config {kind}\n    hopping enabled 0")
    parts += [_MSC.format(number=number) for number in state.core_links]
    return "\n".join([*parts, "bsc", " mid-call-timeout 0"])


def _station(bts: Bts) -> str:
    return _BTS.format(
        number=bts.number,
        name=bts.cell.name,
        identity=1000 + bts.number,
        area=1 + bts.number // 20,
        code=bts.number % 64,
        barred="  cell barred 1\n" if bts.cell.barred else "",
    )


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
        network[name] = _GRAMMAR.ordered(barred, "bts")
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
    if word == "no" and not any(re.match(pattern, rest) for pattern in NEGATED.get(mode, ())):
        return AcceptedLine(answer=UNKNOWN)
    if line.endswith(" default") and line.removesuffix(" default") in HANDOVER:
        return _unset(section, line.removesuffix(" default"))
    if line == "handover2 congestion-check now":
        return AcceptedLine()
    if line == "phys_chan_config TCH/F_TCH/H_PDCH":
        return AcceptedLine(line="phys_chan_config DYNAMIC/OSMOCOM")
    if mode != "bts":
        return None
    return next((accepted for interpret in _INTERPRETERS if (accepted := interpret(section, line))), None)


def _unset(section: Tree, name: str) -> AcceptedLine:
    values, default = HANDOVER[name]
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

_GRAMMAR = Grammar(
    sections=(
        Section("network", "net"),
        Section(r"bts \d+", "bts", "net"),
        Section(r"trx \d+", "trx", "bts"),
        Section(r"timeslot [0-7]", "ts", "trx"),
        Section(r"(?:bs|ms)-power-control", "power", "bts"),
        Section(r"msc \d+", "msc"),
        Section("bsc", "bsc"),
        Section("line vty", "line"),
        Section(r"log (?:stderr|syslog \w+|gsmtap(?: \S+)?)", "log"),
    ),
    accepts={
        "config": (r"log ", r"hostname \S", r"password \S", r"enable password \S", r"stats interval \d+$", r"cs7 "),
        "net": NET,
        "bts": BTS,
        "trx": (r"rf_locked [01]$", r"arfcn \d{1,4}$", r"nominal power \d+$", r"max_power_red \d+$", r"rsl "),
        "ts": (
            r"phys_chan_config (?:TCH/[FH]|SDCCH8|CCCH(?:\+SDCCH4)?|PDCH|NONE)$",
            r"phys_chan_config (?:DYNAMIC/(?:OSMOCOM|IPACCESS)|TCH/F_(?:TCH/H_)?PDCH)$",
            r"hopping ", r"training_sequence_code [0-7]$",
        ),
        "power": (r"mode \S", r"ctrl-interval \d+$", r"step-size ", r"rx(?:lev|qual)-thresh"),
        "msc": (r"(?:allow-emergency|amr-config|amr-payload|asp-protocol|codec-list|lcls-\S+|mgw|core-\S+) ",),
        "bsc": (r"mid-call-timeout \d+$",),
        "line": (r"login$", r"bind ", r"exec-timeout "),
        "log": (r"logging ",),
    },
    single=SINGLE,
    defaults=DEFAULTS,
    order=ORDER,
    negatives=("nch-position",),
    permanent=(r"network", r"bts \d+", r"trx \d+", r"timeslot \d", r"(?:bs|ms)-power-control", r"bsc"),
    leaves_sections=False,
    interpret=_interpret,
)  # fmt: skip

CONFIG = ConfigMode(
    initial=initial,
    grammar=_GRAMMAR,
    layout=Layout(separator=""),
    enter=r"configure(?: terminal)?|conf(?: t)?",
    entered="",
    show_prefix="",
    apply_to_state=_applied,
    adopt_state=_adopted,
)
