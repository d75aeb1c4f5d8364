"""Connect by TCP, with a time limit for name resolution and all addresses of a name."""

from __future__ import annotations

import socket
from threading import Thread
from time import monotonic
from typing import Any

from eventready.session.steps import ConnectStep, Trace

_Address = tuple[socket.AddressFamily, Any]


def connect_tcp(host: str, port: int, timeout_s: float, trace: Trace) -> socket.socket:
    """Connect to the first answering address of a name. Raises OSError of the last address."""
    deadline = monotonic() + timeout_s
    with trace.step(ConnectStep.NAME):
        addresses = _resolve(host, port, timeout_s)
    trace.detail(ConnectStep.NAME, ", ".join(dict.fromkeys(str(address[0]) for _family, address in addresses)))
    with trace.step(ConnectStep.TCP):
        connection = _first(addresses, deadline)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    trace.detail(ConnectStep.TCP, f"{host}:{port}")
    return connection


def _first(addresses: list[_Address], deadline: float) -> socket.socket:
    last: OSError | None = None
    for number, (family, address) in enumerate(addresses):
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.settimeout(max(0.01, (deadline - monotonic()) / (len(addresses) - number)))
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            last = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise last or OSError("the name has no address")


def _resolve(host: str, port: int, timeout_s: float) -> list[_Address]:
    """Return the addresses of a name. The resolver has no time limit, so the call runs in a thread."""
    try:
        return _addresses(host, port, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    found: list[list[_Address] | OSError] = []

    def look_up() -> None:
        try:
            found.append(_addresses(host, port, 0))
        except OSError as error:
            found.append(error)

    thread = Thread(target=look_up, name=f"resolve {host}", daemon=True)
    thread.start()
    thread.join(timeout_s)
    result = found[0] if found else socket.gaierror(socket.EAI_AGAIN, "the resolver does not answer")
    if isinstance(result, OSError):
        raise result
    return result


def _addresses(host: str, port: int, flags: int) -> list[_Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _kind, _protocol, _name, address in found]
