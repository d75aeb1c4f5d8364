"""An ASR 1000 with IOS XE 17.9, in the layouts of real captures; answers are in `ios/`, by subject."""

from __future__ import annotations

from dataclasses import replace

from eventready_lab.device.dialect import Action, ConfigMode, Dialect, Enable, Errors, Paging
from eventready_lab.device.state import DeviceState
from eventready_lab.device.view import View
from eventready_lab.dialects.cisco_xe import chassis, effects, grammar, ports, routing, trial

_SAVED = "Building configuration...\n[OK]"
_NOT_SAVED = "Building configuration...\n%Error opening nvram:/startup-config (No space left on device)"


def _save(view: View) -> str:
    return _SAVED if view.save() else _NOT_SAVED


def _on(state: DeviceState) -> Dialect:
    """The dialect with the printed form of the router's version."""
    return replace(DIALECT, config=replace(_CONFIG, layout=effects.layout(state.version)))


_CONFIG = ConfigMode(
    initial=effects.initial,
    grammar=grammar.GRAMMAR,
    layout=effects.IosLayout(),
    enter=r"conf(?:igure)?(?: t(?:erm(?:inal)?)?)?",
    apply_to_state=effects.apply_to_state,
    adopt_state=effects.adopt_state,
)

DIALECT = Dialect(
    platform="cisco_xe",
    prompts={
        "exec": "{host}>",
        "enabled": "{host}#",
        "config": "{host}(config)#",
        "if": "{host}(config-if)#",
        "vrrp": "{host}(config-if-vrrp)#",
        "router": "{host}(config-router)#",
        "af": "{host}(config-router-af)#",
        "sla": "{host}(config-ip-sla)#",
        "track": "{host}(config-track)#",
        "route-map": "{host}(config-route-map)#",
        "pmap": "{host}(config-pmap)#",
        "pmap-c": "{host}(config-pmap-c)#",
        "cmap": "{host}(config-cmap)#",
        "acl": "{host}(config-ext-nacl)#",
        "line": "{host}(config-line)#",
        "bfd": "{host}(config-bfd)#",
        "archive": "{host}(config-archive)#",
    },
    initial_mode="enabled",
    shows={
        "show version": chassis.version,
        "show inventory": chassis.inventory,
        "show clock": chassis.clock,
        "show platform": chassis.platform,
        "show environment all": chassis.environment,
        "/show processes cpu(?: sorted)?/": chassis.processes_cpu,
        "/show processes memory(?: sorted)?/": chassis.processes_memory,
        "show ntp status": chassis.ntp_status,
        "/show interfaces?(?: ([A-Z][A-Za-z-]*[0-9][0-9/.]*))?/": ports.interfaces,
        "show ip interface brief": ports.ip_interface_brief,
        "show interfaces transceiver detail": ports.transceivers,
        "show etherchannel summary": ports.etherchannel,
        "show lldp neighbors detail": ports.lldp,
        "show ip ospf neighbor": routing.ospf,
        "show isis neighbors": routing.isis,
        "show bgp vpnv4 unicast all neighbors": lambda _: "",  # no VRFs
        "/show (?:ip bgp|bgp ipv4 unicast) summary/": routing.bgp,
        "show bfd neighbors": routing.bfd,
        "show standby": routing.standby_groups,
        "show standby brief": routing.standby,
        "show vrrp all": routing.vrrp_groups,
        "show vrrp brief": routing.vrrp,
        "show ip route 0.0.0.0": routing.default_route,
        r"/show ip route (?P<address>\d+\.\d+\.\d+\.\d+)/": routing.route,
        "show users": routing.users,
        "show running-config": effects.running,
        "show startup-config": effects.startup,
        "/show archive config differences(?: nvram:startup-config system:running-config)?/": effects.differences,
        "show archive config rollback timer": trial.timer,
        "show archive": trial.archive,
        "show privilege": lambda _view: "Current privilege level is 15",
        "show file systems": chassis.file_systems,
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
    config=_CONFIG,
    variant=_on,
    log_line="*Apr 25 07:00:00.123: %SYS-5-CONFIG_I: Configured from console by netops on vty0 (198.51.100.250)",
)
