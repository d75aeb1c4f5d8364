"""Selection of devices with `-l`.

    role=router,venue=hall     routers that serve hall
    core-1,agg-*                   these names
    venue=hall,venue=park   either venue
    role=router,!core-*            routers but for the core

Terms with the same key are alternatives; different keys must all match; `!` and `!=` exclude (`!role=router` is
`role!=router`). Values are globs; a bare word is a name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.validation_messages import suggest
from eventready.workspace.devices.device import Device

_VALUES: dict[str, Callable[[Device], tuple[str, ...]]] = {
    "name": lambda device: (device.name,),
    "role": lambda device: (device.role,),
    "platform": lambda device: (device.platform,),
    "venue": lambda device: device.venues,
    "service": lambda device: device.concerned,
    "endpoint": lambda device: (device.endpoint,),
}


@dataclass(frozen=True)
class _Term:
    key: str
    pattern: str
    excludes: bool

    def matches(self, device: Device) -> bool:
        return any(fnmatchcase(value, self.pattern) for value in _VALUES[self.key](device))


def select(devices: Sequence[Device], expression: str | None) -> tuple[Device, ...]:
    """Devices matched by `expression`, in their order; all devices for None.

    Raises UsageError for an empty expression, an unknown key, a term without a match, and an empty selection.
    """
    if expression is None:
        return tuple(devices)
    if not expression.strip(" ,"):
        raise UsageError(message("workspace:select.empty"))
    terms = [_term(text.strip()) for text in expression.split(",") if text.strip()]
    for term in terms:
        if not any(term.matches(device) for device in devices):
            known = {value for device in devices for value in _VALUES[term.key](device)}
            raise UsageError(
                message("workspace:select.no_device", key=term.key, pattern=term.pattern),
                do=suggest(term.pattern, known),
            )
    chosen = tuple(device for device in devices if _chosen(device, terms))
    if not chosen:
        raise UsageError(message("workspace:select.no_match", expression=expression))
    return chosen


def _chosen(device: Device, terms: Sequence[_Term]) -> bool:
    wanted = {term.key for term in terms if not term.excludes}
    return all(
        any(term.matches(device) for term in terms if term.key == key and not term.excludes) for key in wanted
    ) and not any(term.matches(device) for term in terms if term.excludes)


def _term(text: str) -> _Term:
    key, equals, value = text.removeprefix("!").partition("=")
    excludes = text.startswith("!") or (bool(equals) and key.rstrip().endswith("!"))
    if not equals:
        key, value = "name", key
    key, value = key.rstrip().removesuffix("!").strip(), value.strip()
    if key not in _VALUES:
        raise UsageError(message("workspace:select.key", key=key), do=suggest(key, _VALUES))
    if not value:
        raise UsageError(message("workspace:select.no_value", text=text, key=key))
    return _Term(key, value, excludes)
