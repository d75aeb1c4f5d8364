"""FRRouting 10.3 behind vtysh, on a host with a login of its own; answers are in `vtysh/`."""

from __future__ import annotations

from eventready_lab.device.dialect import Action, ConfigMode, Dialect, Errors, Paging
from eventready_lab.dialects.frr import effects, grammar, host, tables

DIALECT = Dialect(
    platform="frr",
    prompts={
        "enabled": "{host}# ",
        "config": "{host}(config)# ",
        "if": "{host}(config-if)# ",
        "router": "{host}(config-router)# ",
        "af": "{host}(config-router-af)# ",
        "bfd": "{host}(config-bfd)# ",
        "bfd-profile": "{host}(config-bfd-profile)# ",
        "bfd-peer": "{host}(config-bfd-peer)# ",
        "route-map": "{host}(config-route-map)# ",
        "pbr-map": "{host}(config-pbr-map)# ",
        "vrf": "{host}(config-vrf)# ",
    },
    initial_mode="enabled",
    banner="\nHello, this is FRRouting (version 10.3).\nCopyright 1996-2005 Kunihiro Ishiguro, et al.\n",
    shows={
        "show version": tables.version,
        "show interface json": tables.interfaces,
        "show ip ospf vrf all neighbor detail json": tables.ospf,
        "show isis neighbor json": tables.isis,
        "show bgp vrf all ipv4 unicast summary json": tables.bgp,
        "show bfd peers json": tables.bfd,
        "show vrrp json": tables.vrrp,
        "show ip route 0.0.0.0/0 json": tables.default_route,
        r"/show ip route (?P<address>\d+\.\d+\.\d+\.\d+)/": tables.route,
        "/show running-config(?: no-header)?/": effects.running,
        "show startup-config": effects.startup,
    },
    errors=Errors(unknown="% Unknown command: {line}", incomplete="% Command incomplete."),
    paging=Paging(length={r"terminal length (\d+)": "", r"(?:no )?terminal paginate": ""}),
    actions=(
        Action(r"wr(?:ite)?(?: (?:mem\w*|file))?|copy running-config startup-config", host.save, modes=("enabled",)),
    ),
    config=ConfigMode(
        initial=effects.initial,
        read=effects.read_text,
        grammar=grammar.GRAMMAR,
        layout=effects.FrrLayout(),
        entered="",
        apply_to_state=effects.apply_to_state,
        adopt_state=effects.adopt_state,
        show_prefix="do ",
    ),
    log_line="2022/04/25 07:00:00 ZEBRA: [EC 4043309074] interface eth9 changed",
    host=host.HOST,
)
