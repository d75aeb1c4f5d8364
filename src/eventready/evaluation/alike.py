"""Rows of findings: alike findings share a row with their subjects; consequences of a finding stand behind the finding.

Findings are alike by check, status, sentence and figures, whatever their subjects and devices. A row has each of its
subjects on each of its devices, so that two lists of names tell no more than was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, NamedTuple, Protocol, TypeVar

from eventready.core.groups import group_by
from eventready.core.language import NAMED, Language, Worded
from eventready.core.strings.texts import natural
from eventready.store.run_records import RunFinding

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
#: Check, device, subject.
Identity = tuple[str, str, str]


class About(NamedTuple):
    """Subject of a finding. `kind` is the same for alike findings."""

    check: str
    device: str
    subject: str
    kind: str

    @property
    def identity(self) -> Identity:
        """Identity of the finding across runs."""
        return self.check, self.device, self.subject


class Alike(Worded, Protocol):
    """Finding of a run or of a watch."""

    @property
    def check(self) -> str:
        """Name of the check."""

    @property
    def device(self) -> str:
        """Name of the device."""

    @property
    def subject(self) -> str:
        """Subject on the device."""

    @property
    def status(self) -> str:
        """Status of the finding."""


@dataclass(frozen=True)
class Row(Generic[T_co]):
    """Alike findings with their subjects, and the findings behind them.

    Every subject was found on every device.
    """

    members: Sequence[tuple[About, T_co]]
    behind: Sequence[T_co] = ()

    @cached_property
    def _sorted(self) -> Sequence[tuple[About, T_co]]:
        return sorted(self.members, key=lambda one: (natural(one[0].device), natural(one[0].subject)))

    @property
    def findings(self) -> Sequence[T_co]:
        """The alike findings, by device and subject."""
        return [finding for _, finding in self._sorted]

    @property
    def first(self) -> T_co:
        """The finding with the sentence for all."""
        return self._sorted[0][1]

    @property
    def devices(self) -> Sequence[str]:
        """The devices, in the order of their names."""
        return list(dict.fromkeys(one.device for one, _ in self._sorted))

    @property
    def subjects(self) -> Sequence[str]:
        """The subjects, beginning with the first finding's."""
        return list(dict.fromkeys(one.subject for one, _ in self._sorted))

    def sentence(self, language: Language, first: str, most: int = NAMED) -> str:
        """Return the sentence of the row with up to `most` subjects, from the sentence of its first finding."""
        return language.together(first, self.subjects, len(self.behind), most)

    @property
    def count(self) -> int:
        """Number of findings of the row, with those behind."""
        return len(self.members) + len(self.behind)


def about(finding: RunFinding) -> About:
    """Subject and kind of a finding of a run."""
    one = finding
    return about_any(one, one.value, one.limit, one.unit, one.waiver, one.waiver_text, one.was, one.blind)


def about_any(finding: Alike, *figures: object) -> About:
    """Subject and kind of a finding. `figures`: in which alike findings are equal beside check, status and sentence.

    The kind is the key of alike findings: all but the subject. A finding without a subject is unlike any finding with
    a subject.
    """
    params, subject = finding.params, finding.subject
    differing = [item for item in params.items() if item[1] != subject]
    masked = [name for name, value in params.items() if value == subject] if len(differing) < len(params) else ()
    words = finding.message_id or finding.message
    kind = str((finding.check, finding.status, words, figures, differing, masked, not subject))
    return About(finding.check, finding.device, subject, kind)


def rows(
    findings: Iterable[T], of: Callable[[T], About], causes: Mapping[Identity, Identity] | None = None
) -> list[Row[T]]:
    """Return the rows in the order of their first findings, with every finding once.

    `causes`: the finding from which another follows, where both are among these.
    """
    found = [(of(finding), finding) for finding in findings]
    roots, followers = _behind(found, causes or {})
    of_device = group_by(roots, lambda one: (one[0].kind, one[0].device))
    alike = group_by(of_device.values(), lambda own: (own[0][0].kind, frozenset(one.subject for one, _ in own)))
    return [_row([one for own in same for one in own], followers) for same in alike.values()]


def _row(members: Sequence[tuple[About, T]], followers: dict[Identity, list[T]]) -> Row[T]:
    behind = [finding for one, _ in members for finding in followers.pop(one.identity, ())]
    return Row(members, behind)


def _behind(
    found: Sequence[tuple[About, T]], causes: Mapping[Identity, Identity]
) -> tuple[list[tuple[About, T]], dict[Identity, list[T]]]:
    """Return the findings with a cause of their own, and the consequences of each."""
    known = {one.identity for one, _ in found}
    roots: list[tuple[About, T]] = []
    followers: dict[Identity, list[T]] = {}
    for one, finding in found:
        root = _root(one.identity, causes, known)
        if root == one.identity:
            roots.append((one, finding))
        else:
            followers.setdefault(root, []).append(finding)
    return roots, followers


def _root(identity: Identity, causes: Mapping[Identity, Identity], known: set[Identity]) -> Identity:
    """Return the first of the known findings from which a finding follows; itself in a circle of causes."""
    root, passed = identity, {identity}
    while (cause := causes.get(root)) in known:
        if cause in passed:
            return identity
        passed.add(cause)
        root = cause
    return root
