"""`-l`: which devices are meant.

    role=router,venue=hoi-nghi     routers that serve hoi-nghi
    core-1,agg-*                   these names
    venue=hoi-nghi,venue=van-hoa   either venue
    role=router,!core-*            routers but for the core

Terms of one key are alternatives, different keys must all hold, and what `!` or `!=` names is taken out
(`!role=router` is `role!=router`). Values are globs; a bare word is a name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from eventready.errors import UsageError
from eventready.workspace.complaints import suggest
from eventready.workspace.device import ROLE_SERVICES, Device

_VALUES: dict[str, Callable[[Device], tuple[str, ...]]] = {
    "name": lambda device: (device.name,),
    "role": lambda device: (device.role,),
    "platform": lambda device: (device.platform,),
    "venue": lambda device: device.venues,
    "service": lambda device: device.services or ROLE_SERVICES[device.role],
    "endpoint": lambda device: (device.endpoint,),
}


@dataclass(frozen=True)
class _Term:
    key: str
    pattern: str
    without: bool

    def holds(self, device: Device) -> bool:
        return any(fnmatchcase(value, self.pattern) for value in _VALUES[self.key](device))


def select(devices: Sequence[Device], expression: str | None) -> tuple[Device, ...]:
    """The devices that `expression` means, in their order; all without one.

    Raises UsageError for an unknown key, for a term that no device answers to, and when nothing is left.
    """
    if not expression or not expression.strip():
        return tuple(devices)
    terms = [_term(text.strip()) for text in expression.split(",") if text.strip()]
    for term in terms:
        if not any(term.holds(device) for device in devices):
            known = {value for device in devices for value in _VALUES[term.key](device)}
            raise UsageError(f"no device has the {term.key} {term.pattern!r}", do=suggest(term.pattern, known))
    chosen = tuple(device for device in devices if _chosen(device, terms))
    if not chosen:
        raise UsageError(f"no device is meant by {expression!r}", do="Take a condition away.")
    return chosen


def _chosen(device: Device, terms: Sequence[_Term]) -> bool:
    wanted = {term.key for term in terms if not term.without}
    return all(
        any(term.holds(device) for term in terms if term.key == key and not term.without) for key in wanted
    ) and not any(term.holds(device) for term in terms if term.without)


def _term(text: str) -> _Term:
    key, equals, value = text.removeprefix("!").partition("=")
    without = text.startswith("!") or (bool(equals) and key.rstrip().endswith("!"))
    if not equals:
        key, value = "name", key
    key, value = key.rstrip().removesuffix("!").strip(), value.strip()
    if key not in _VALUES:
        raise UsageError(f"devices cannot be chosen by {key!r}", do=suggest(key, _VALUES))
    if not value:
        raise UsageError(f"{text!r} names nothing", do=f"Write {key}=value.")
    return _Term(key, value, without)
