"""Choices of an incident: addressees and ways of its notices, kinds, services."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

#: Notices of incidents.
Addressee: TypeAlias = Literal["department", "police"]
How: TypeAlias = Literal["phone", "in_person", "email", "letter", "fax"]
Kind: TypeAlias = Literal["outage", "congestion", "security", "illegal_content", "postal", "accident", "other"]

ADDRESSEES: tuple[Addressee, ...] = get_args(Addressee)
HOWS: tuple[How, ...] = get_args(How)
KINDS: tuple[Kind, ...] = get_args(Kind)

#: What people can be touched by; `postal` beside the services of a venue.
SERVICES = ("fixed", "internet", "mobile", "wifi", "postal")
