"""Errors of faults, common to the embedded and the real lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from eventready.core.errors import UsageError
from eventready.core.messages import Message, Text, message

#: Named parts of a device in a remedy.
_NAMED = 12


def unknown_device(name: str, known: Iterable[str]) -> UsageError:
    """Error for a device outside the lab."""
    return UsageError(message("lab:fault.unknown_device", name=name), do=_nearest(name, known) or "")


def unknown_fault(name: str, known: Iterable[str]) -> UsageError:
    """Error for a fault outside the lab's catalogue."""
    return UsageError(message("lab:fault.unknown", name=name), do=_nearest(name, known) or "")


def _nearest(name: str, known: Iterable[str]) -> Message | None:
    near = get_close_matches(name, list(known), n=1)
    return message("lab:fault.did_you_mean", name=near[0]) if near else None


def wrong_role(fault: str, roles: Sequence[str], device: str, role: str) -> UsageError:
    """Error for a fault on a device of another role."""
    return UsageError(message("lab:fault.wrong_role", fault=fault, roles=roles, device=device, role=role))


def not_active(device: str, fault: str, active: Iterable[str]) -> UsageError:
    """Error for clearing an inactive fault. `active`: the device's active faults."""
    names = sorted(set(active))
    remedy = message("lab:fault.active", device=device, names=names) if names else ""
    return UsageError(message("lab:fault.not_active", device=device, fault=fault), do=remedy)


def no_part(device: str, part: str, name: str = "", known: Iterable[str | Text] = ()) -> UsageError:
    """Error for an absent part of a device. `part`: a word of `lab:part`; `name`: the wanted part, empty for any."""
    cause = (
        message("lab:fault.no_such_part", device=device, part=part, name=name)
        if name
        else message("lab:fault.no_part", device=device, part=part)
    )
    return UsageError(cause, do=known_parts(known))


def known_parts(known: Iterable[str | Text]) -> str | Message:
    """Remedy with the known parts of a device; empty without any."""
    names = list(known)[:_NAMED]
    return message("lab:fault.known_parts", names=names) if names else ""


def converted(fault: str, parameters: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given arguments of a fault, converted to the types of its parameters. Raises UsageError."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in parameters:
            names = list(parameters)
            accepted = message("lab:fault.arguments", names=names) if names else message("lab:fault.no_arguments")
            raise UsageError(message("lab:fault.no_argument", fault=fault, name=name), do=accepted)
        try:
            values[name] = type(parameters[name])(value)
        except (TypeError, ValueError):
            raise UsageError(message("lab:fault.bad_value", fault=fault, name=name, value=str(value))) from None
    return values
