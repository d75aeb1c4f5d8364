"""Platform folders for tests, written as text."""

from __future__ import annotations

from pathlib import Path

PLATFORM = """\
title: A platform for tests
roles: [router]
netmiko: {device_type: cisco_ios}
session:
  prompt: '\\S+[>#]'
  refused: ['^% Invalid input']
  denied: ['^% Not allowed']
  noise: ['^\\*log ']
read_only: ['show [\\w -]+']
never_sent: ['secret']
"""

TABLE = """\
Value Required PEER ([\\d.]+|[a-z])
Value STATE (\\S+)
Value PORT (\\S+)

Start
  ^Peer +State +Port
  ^${PEER} +${STATE} +${PORT}$$ -> Record
  ^\\s*$$
  ^. -> Error
"""

FACTS = """\
facts:
  bfd_session:
    command: show bfd
    parser: textfsm
    template: bfd.textfsm
    fields: {peer: PEER, state: STATE, interface: "Port {PORT}"}
    words:
      state: {UP: up, /^adm/: admin_down, down: down}
    empty: ['^% BFD is not configured']
  bgp_neighbour:
    command: show bfd
    parser: textfsm
    template: bfd.textfsm
    fields: {peer: PEER, state: STATE, up: STATE, uptime_s: PORT}
    constants: {protocol: bgp}
    words:
      up: {up: true, /./: false}
unsupported:
  cpu: it has none
"""


def write_platform(
    home: Path, name: str = "testing", *, platform: str = PLATFORM, facts: str = FACTS, **templates: str
) -> Path:
    """Write a platform folder under `home` (templates by name without ending), and give `home`."""
    folder = home / name
    (folder / "parse").mkdir(parents=True)
    (folder / "platform.yaml").write_text(platform, encoding="utf-8")
    (folder / "facts.yaml").write_text(facts, encoding="utf-8")
    for template, text in (templates or {"bfd": TABLE}).items():
        (folder / "parse" / f"{template}.textfsm").write_text(text, encoding="utf-8")
    return home
