"""IP addresses as text."""

from __future__ import annotations

from ipaddress import ip_address


def is_address(text: str) -> bool:
    """Return True for a whole IPv4 or IPv6 address, without prefix length, port or brackets."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
