"""Causes of findings: the lost cable, port, base station, cell or access point from which others follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from eventready.evaluation.alike import Alike, Identity
from eventready.facts.ports import port_key
from eventready.store.run_records import RunFinding

#: Device, and the name of its port, neighbour, base station, cell or access point.
Element = tuple[str, str]

#: Name of the findings of a watch about a device as a whole.
_DEVICE = "device"
#: Checks whose findings tell the loss of an element, the widest first.
_LOSING = (_DEVICE, "link", "site", "access_point", "uplink", "bundle", "cell")
#: Sentences of these losses; others of these checks tell of another fault.
_LOSSES = frozenset(
    {
        "checks:access_point.critical_not_joined", "checks:access_point.not_joined", "checks:link.down",
        "checks:link.no_port", "checks:site.link_lost", "checks:subject.down", "checks:subject.locked",
        "checks:subject.missing", "checks:uplink.shut_down", "watch:device.lost",
    }
)  # fmt: skip
#: Statuses that may follow from a loss of a status: no failure stands behind a warning.
_FOLLOWING = {"fail": ("fail", "not_measured", "warn"), "warn": ("warn",)}


def causes(findings: Iterable[Alike], rests: Mapping[Element, Element] | None = None) -> dict[Identity, Identity]:
    """Return the finding about a lost element from which each other finding follows, by identity.

    A finding follows that names the lost element: an end of the cable, the port, the station, the access point.
    `rests`: the element on which another rests, such as the port of a neighbour or the base station of a cell.
    """
    found = [finding for finding in findings if finding.status in _FOLLOWING["fail"] and not _blind(finding)]
    lost = _lost(found)
    if not lost:
        return {}
    below = {_key(one): _key(other) for one, other in (rests or {}).items()}
    pairs = ((finding, _cause(finding, lost, below)) for finding in found)
    return {_identity(finding): _identity(cause) for finding, cause in pairs if cause is not None}


def _blind(finding: Alike) -> bool:
    """True for a state never reported by the platform; a watch has no such findings."""
    return isinstance(finding, RunFinding) and finding.blind


def _lost(findings: Iterable[Alike]) -> dict[Element, Alike]:
    """Return the widest loss of each lost element."""
    losses = [one for one in findings if one.check in _LOSING and one.message_id in _LOSSES]
    lost: dict[Element, Alike] = {}
    for loss in sorted(losses, key=lambda one: _LOSING.index(one.check)):
        for element in _ends(loss.subject) if loss.check == "link" else [_own(loss)]:
            lost.setdefault(element, loss)
    return lost


def _cause(finding: Alike, lost: Mapping[Element, Alike], below: Mapping[Element, Element]) -> Alike | None:
    """Return the loss of the element named by the finding, or of an element below."""
    losses = (lost[one] for named in _named(finding) for one in _down(named, below) if one in lost)
    return next((loss for loss in losses if _follows(finding, loss)), None)


def _follows(finding: Alike, loss: Alike) -> bool:
    status = "fail" if loss.check == _DEVICE else loss.status  # a lost device is not measured
    return loss is not finding and finding.status in _FOLLOWING.get(status, ())


def _down(element: Element, below: Mapping[Element, Element]) -> Iterator[Element]:
    """Yield an element and the elements below, each once."""
    passed: dict[Element, None] = {}
    following: Element | None = element
    while following is not None and following not in passed:
        passed[following] = None
        following = below.get(following)
    yield from passed


def _named(finding: Alike) -> Iterator[Element]:
    """Yield the elements of a finding's subject: as a whole, its first word, the ends of a cable or of cables."""
    device, subject = finding.device, finding.subject
    yield _own(finding)
    yield _key((device, subject.partition(" ")[0]))
    yield from _ends(subject)


def _ends(subject: str) -> list[Element]:
    """Return the ends of `core-1 Te0/0/1 - agg-1 Te0/0/2` and of `agg-1 Te0/0/1 + agg-2 Te0/0/1`."""
    parts = (part.partition(" ") for whole in subject.split(" + ") for part in whole.split(" - "))
    return [_key((device, port)) for device, _, port in parts if port]


def _own(finding: Alike) -> Element:
    return _key((finding.device, finding.subject))


def _key(element: Element) -> Element:
    return element[0], port_key(element[1])


def _identity(finding: Alike) -> Identity:
    return finding.check, finding.device, finding.subject
