"""Credentials of a login."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Credentials:
    """Login; without an `enable` password the device prompts for none."""

    username: str
    password: str
    enable: str = ""
