"""Internals of paramiko and Netmiko in use: each exists, and one module per library has them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import netmiko
import paramiko
import pytest
from netmiko import _telnetlib
from paramiko.auth_handler import AuthOnlyHandler
from paramiko.packet import Packetizer
from paramiko.transport import ServiceRequestingTransport

SOURCE = Path(__file__).parents[3] / "src" / "eventready"
#: Module in use, owner, names.
INTERNALS: list[tuple[str, Any, tuple[str, ...]]] = [
    (
        "session/ssh/transport.py",
        paramiko.Transport,
        ("_kex_info", "_key_info", "_cipher_info", "_mac_info", "_parse_kex_init", "_really_parse_kex_init",
         "_send_message"),
    ),
    ("session/ssh/transport.py", ServiceRequestingTransport, ("_parse_service_accept", "ensure_session")),
    ("session/ssh/transport.py", Packetizer, ("start_handshake", "handshake_timed_out")),
    ("session/ssh/transport.py", Packetizer, ("complete_handshake", "read_all")),
    ("session/ssh/transport.py", AuthOnlyHandler, ("send_auth_request", "wait_for_response")),
    ("session/ssh/transport.py", paramiko.SSHConfig, ("_pattern_matches",)),
    ("session/drivers.py", netmiko.BaseConnection, ("_try_session_preparation", "_build_ssh_client")),
    ("session/drivers.py", _telnetlib, ("telnetlib",)),
]  # fmt: skip
#: Attributes of instances.
STATE: list[tuple[str, Any, tuple[str, ...]]] = [
    (
        "session/ssh/transport.py",
        ServiceRequestingTransport,
        ("_service_userauth_accepted", "kex_engine", "host_key_type", "remote_cipher", "remote_mac", "lock"),
    ),
    ("session/ssh/transport.py", paramiko.SSHClient, ("_transport",)),
]


class NoSocket:
    """A socket that is never used."""

    def settimeout(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("owner", "name"), [(owner, name) for _, owner, names in INTERNALS for name in names])
def test_an_internal_in_use_exists(owner: Any, name: str) -> None:
    assert hasattr(owner, name)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for _, kind, names in STATE for name in names])
def test_an_internal_attribute_in_use_exists(kind: Any, name: str) -> None:
    made = kind() if kind is paramiko.SSHClient else kind(NoSocket())
    assert hasattr(made, name)


@pytest.mark.slow
def test_one_module_per_library_has_its_internals() -> None:
    homes = {name: home for home, _, names in (*INTERNALS, *STATE) for name in names if name.startswith("_")}
    homes.pop("_transport")  # also a name of our own classes
    for path in SOURCE.rglob("*.py"):
        place = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "name", "")
            assert homes.get(name, place) == place, f"{name} in {place}"
