"""An MX router with Junos 21.4. The candidate is committed, also with a revert timer."""

from __future__ import annotations

from eventready_lab.device.configuration.grammar import AcceptedLine, Grammar
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.dialect import Action, ConfigMode, Dialect, Errors, Paging
from eventready_lab.device.state import DeviceState, Gateway, Port
from eventready_lab.device.zone import abbreviation
from eventready_lab.dialects._shared.forwarding import way
from eventready_lab.dialects._shared.templated import load_answers, short_duration
from eventready_lab.dialects.juniper_junos import effects

_UNKNOWN = "{caret}\nunknown command."


def _celsius(degrees: int) -> str:
    return f"{degrees} degrees C / {round(degrees * 9 / 5 + 32)} degrees F"


def _light(dbm: float) -> str:
    return "0.0000 mW / - Inf dBm" if dbm <= -40 else f"{10 ** (dbm / 10):.4f} mW / {dbm:.2f} dBm"


def _speed(bps: int) -> str:
    return f"{bps // 10**9}Gbps" if bps >= 10**9 else f"{bps // 10**6}mbps"


def _ago(seconds: int) -> str:
    """`04:48:12`, `1d 04:48`, `7w6d 04:48`, as in `show system uptime`."""
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if not days:
        return f"{hours:02}:{minutes:02}:{seconds % 60:02}"
    return f"{f'{days // 7}w' if days >= 7 else ''}{days % 7}d {hours:02}:{minutes:02}"


def _own_address(state: DeviceState, group: Gateway) -> str:
    port = state.ports.get(group.interface)
    return f"{port.address if port and port.address else '10.0.0.1'}/24"


def _parent(state: DeviceState, port: Port) -> str:
    return effects.parent(state, port) or "-"


def _interpret(_mode: str, section: Tree, line: str) -> AcceptedLine:
    tree, answer = effects.edited(section, line)
    return AcceptedLine(tree, answer)


DIALECT = Dialect(
    platform="juniper_junos",
    prompts=effects.GRAMMAR.prompts,
    banner="--- JUNOS 21.4R3-S5.4 Kernel 64-bit  JNPR-12.1-20230714.8a6ae7c_buil\n",
    shows={
        **load_answers(
            "eventready_lab.dialects.juniper_junos",
            host=lambda state: state.hostname or state.name,
            stamp=lambda now: f"{now:%Y-%m-%d %H:%M:%S} {abbreviation(now)}",
            duration=short_duration,
            ago=_ago,
            celsius=_celsius,
            light=_light,
            speed=_speed,
            logical=effects.logical,
            way=way,
            own_address=_own_address,
            parent=_parent,
        ),
        r'/show configuration \| display set(?: \| match "(?P<pattern>.*)")?/': effects.shown,
        "show system commit": effects.commits,
    },
    errors=Errors(unknown=_UNKNOWN),
    paging=Paging(
        mark="---(more)---", erase="\r            \r", length={r"set cli screen-length (\d+)": "Screen length set to 0"}
    ),
    settings={
        r"set cli screen-width \d+": "Screen width set to 0",
        r"set cli complete-on-space off": "Disabling complete-on-space",
    },
    output_filters=False,
    actions=(
        Action(r"rollback ([01])", effects.rollback, modes=("config",)),
        Action(r"show \| compare", effects.compared, modes=("config",)),
    ),
    config=ConfigMode(
        initial=effects.initial,
        grammar=Grammar(interpret=_interpret),
        layout=effects.SetLayout(),
        enter=r"configure(?: exclusive)?",
        entered="Entering configuration mode",
        end="exit configuration-mode",
        up="exit",
        left="Exiting configuration mode",
        show_prefix="run ",
        apply_to_state=effects.apply_to_state,
        adopt_state=effects.adopt_state,
        candidate=True,
        stored=True,
        commit=effects.COMMIT,
        commit_command=effects.commit,
        leave_pending="The configuration has been changed but not committed\n"
        "Exit with uncommitted changes? [yes,no] (yes) ",
        leave_discards=True,
    ),
    log_line="Message from syslogd@{host} at {now:%b %d %H:%M:%S}  ...",
)
