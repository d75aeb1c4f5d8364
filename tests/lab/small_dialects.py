"""Tiny dialects: enough of four ways to talk to test the shell and the servers without any platform's renderings."""

from __future__ import annotations

import re

from eventready_lab.device.configuration.grammar import Grammar, Section
from eventready_lab.device.configuration.tree import Layout, Tree
from eventready_lab.device.dialect import Action, ConfigMode, Dialect, Enable, Errors, Login, MmlReport, Paging
from eventready_lab.device.state import DeviceState
from eventready_lab.device.view import View


def version(view: View) -> str:
    return f"Little Software, Version {view.state.version}\n{view.state.hostname} uptime is {view.uptime_s} seconds"


def ports(view: View) -> str:
    lines = []
    for port in view.state.ports.values():
        state = "up" if port.admin_up and port.link_up else "down"
        lines.append(f"{port.name} is {state}, {view.octets(port)[0]} octets, {view.errors(port)[1]} CRC")
    return "\n".join(lines)


def long(view: View) -> str:
    return "\n".join(f"line {number}" for number in range(1, 61))


def one_port(view: View) -> str:
    port = view.state.ports.get(view.match[1])
    return f"{port.name} up" if port else ""


def running(view: View) -> str:
    return view.running_text


def initial(state: DeviceState) -> str:
    lines = [f"hostname {state.hostname}"]
    for port in state.ports.values():
        lines += [f"interface {port.name}", " description old", " ip address 10.0.0.1 255.255.255.252"]
    return "\n".join(lines)


def applied(state: DeviceState, running: Tree) -> None:
    for port in state.ports.values():
        port.admin_up = "shutdown" not in running.get(f"interface {port.name}", {})
    for line in running:
        if line.startswith("hostname "):
            state.hostname = line.split()[1]


def save(view: View) -> str:
    view.config.save()
    return "Building configuration...\n[OK]"


SHOWS = {
    "show version": version,
    "show ports": ports,
    "show long": long,
    "show running-config": running,
    r"/show port (\S+)/": one_port,
}

GRAMMAR = Grammar(
    sections=(Section(r"interface (\S+)", "config-if"), Section(r"router ospf \d+", "config-router")),
    accepts={
        "config": ("hostname", "interface", "router", "ip route"),
        "config-if": ("description", "ip address", "shutdown", "standby"),
    },
    top_level=(r"hostname \S+", r"ip route .*"),
    single=("hostname", "description", "ip address", r"standby \d+ priority"),
    defaults=(r"standby \d+ priority 100",),
)

CONFIG = ConfigMode(initial, GRAMMAR, Layout(), apply_to_state=applied)

IOS = Dialect(
    platform="cisco_xe",
    prompts={
        "exec": "{host}>",
        "enabled": "{host}#",
        "config": "{host}(config)#",
        "config-if": "{host}(config-if)#",
        "config-router": "{host}(config-router)#",
    },
    shows=SHOWS,
    errors=Errors("{caret}\n% Invalid input detected at '^' marker.\n", lines_in_use="% No more lines"),
    banner="\nAuthorised people only.\n",
    enable=Enable(),
    paging=Paging(length={r"terminal length (\d+)": ""}),
    config=CONFIG,
    actions=(
        Action(r"write(?: mem\w*)?", save, modes=("enabled",)),
        Action(
            "copy running-config startup-config",
            save,
            question="Destination filename [startup-config]? ",
            yes=r".*",
            modes=("enabled",),
        ),
    ),
    settings={r"terminal width \d+": ""},
    enabled_only=("show running-config",),
    sessions=3,
    log_line="*Apr 25 {now:%H:%M:%S}: %LINK-3-UPDOWN: Interface Gi1, changed state to up",
)


def save_vrp(view: View) -> str:
    view.config.save()
    return "Now saving the current configuration to the slot 0.\nInfo: Save the configuration successfully."


VRP = Dialect(
    platform="huawei_vrp",
    prompts={
        "exec": "<{host}>",
        "config": "[{mark}{host}]",
        "config-if": "[{mark}{host}-{section}]",
        "config-ospf": "[{mark}{host}-{section}]",
        "config-area": "[{mark}{host}-{section}]",
    },
    shows={"display version": version, "display long": long, "display current-configuration": running},
    errors=Errors("{caret}\nError: Unrecognized command found at '^' position."),
    paging=Paging(
        mark="  ---- More ----",
        erase="\x1b[42D" + " " * 42 + "\x1b[42D",
        length={"screen-length 0 temporary": "Info: ok"},
    ),
    config=ConfigMode(
        initial,
        Grammar(
            sections=(
                Section(r"interface (\S+)", "config-if", label=r"\1"),
                Section(r"ospf (\d+)", "config-ospf", label=r"ospf-\1"),
                Section(r"area (\S+)", "config-area", parent="config-ospf", label=r"area-\1"),
            ),
            single=("description",),
            negation="undo",
        ),
        Layout(separator="#", end="return"),
        enter="system-view",
        entered="Enter system view, return user view with return command.",
        end="return",
        up="quit",
        show_prefix="",
        apply_to_state=applied,
        candidate=True,
        committed="Committing....done.",
    ),
    actions=(
        Action(
            "save",
            save_vrp,
            question="Warning: It will be written to the device.\nAre you sure to continue?[Y/N]:",
            declined="Error: Canceled.",
            modes=("exec",),
        ),
    ),
    quit_commands="quit",
)


def save_vty(view: View) -> str:
    view.config.save()
    return "Configuration saved to /etc/little.cfg"


VTY = Dialect(
    platform="osmocom_bsc",
    transport="telnet",
    prompts={
        "exec": "{host}> ",
        "enabled": "{host}# ",
        "config": "{host}(config)# ",
        "config-if": "{host}(config-if)# ",
        "config-router": "{host}(config-router)# ",
    },
    shows=SHOWS,
    errors=Errors("% Unknown command.", incomplete="% Command incomplete."),
    banner="Welcome to the little VTY\n",
    login=Login(greeting="\nUser Access Verification\n\n", user="", failed="", closing=""),
    enable=Enable(denied="% Bad enable passwords, too many failures!"),
    config=ConfigMode(initial, GRAMMAR, entered="", show_prefix="", apply_to_state=applied),
    actions=(Action(r"write(?: mem\w*)?", save_vty),),
    settings={r"terminal length \d+": ""},
    enabled_only=("show running-config",),
    output_filters=False,
    double_newline=True,
)


def cells(view: View) -> str:
    rows = [f"{cell.number:<13}{cell.name}" for cell in view.state.cells]
    chosen = [row for row in rows if view.params.get("CELLID", row[:1]) == row[:1]]
    return "\n".join(["DSP CELL Result", "---------------", "Local Cell ID  Cell Name", *chosen]) + (
        f"\n(Number of results = {len(chosen)})"
    )


MML = Dialect(
    platform="huawei_mml",
    transport="mml",
    prompts={},
    shows={
        "DSP CELL": cells,
        "LST NOTHING": lambda view: MmlReport(20111, "There is no data in the table"),
        "LST LONG": lambda view: "first\fsecond",
        "LST NAME": lambda view: re.sub("x", "y", view.state.name),
    },
    errors=Errors("RETCODE = 10  Unknown command"),
    log_line="ALARM  77  Fault  Major  Link Fault",
    sessions=2,
)
