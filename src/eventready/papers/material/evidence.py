"""Findings of each device with their raw texts, within a size budget for a usable page."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from eventready.core.language import Language, clean
from eventready.core.strings.texts import lines_of, natural
from eventready.evaluation.alike import About, rows
from eventready.papers.material.findings import (
    FindingLine,
    LineRow,
    Passes,
    RunContext,
    RunFindings,
    count_by_status,
)
from eventready.store.run import Run
from eventready.store.run_records import RunDevice

#: Shorter outputs are shown whole.
WHOLE = 30

#: Lines shown of a longer one, and how far a line may run.
MATCHES, WIDTH = 40, 180

#: Lines before and after one that names the subject; the first lines are a table's head.
AROUND, HEAD = 1, 4


def excerpt(text: str, subjects: Iterable[str], language: Language) -> tuple[str, bool]:
    """Return the lines with the name of a subject, with the head of the output, and a flag for omitted lines."""
    lines = [clean(line[: WIDTH * 2], keep="\t") for line in lines_of(text)]
    chosen = list(range(len(lines))) if len(lines) <= WHOLE else _choose(lines, subjects)
    shown: list[str] = []
    last = -1
    for index in chosen:
        if index > last + 1:
            shown.append(_gap(index - last - 1, language))
        shown.append(_short(lines[index]))
        last = index
    if last < len(lines) - 1:
        shown.append(_gap(len(lines) - 1 - last, language))
    cut = len(chosen) < len(lines) or any(len(line) > WIDTH for line in lines)
    return "\n".join(shown), cut


def _choose(lines: list[str], subjects: Iterable[str]) -> list[int]:
    words = {word for subject in subjects for word in _words(subject)}
    wanted = set(range(HEAD))
    if words:
        named = re.compile("|".join(rf"(?<![\w.]){re.escape(word)}(?!\w)" for word in sorted(words)), re.I)
        for index, line in enumerate(lines):
            if len(wanted) >= MATCHES:
                break
            if named.search(line):
                wanted |= set(range(max(0, index - AROUND), min(len(lines), index + AROUND + 1)))
    if len(wanted) <= HEAD:
        wanted = set(range(WHOLE))
    return sorted(wanted)[:MATCHES]


def _words(subject: str) -> Iterable[str]:
    """Yield the subject as a whole and its parts usable as names: with a digit, at least three characters."""
    subject = clean(subject).strip()
    if len(subject) >= 3:
        yield subject
    yield from (part for part in subject.split() if len(part) >= 3 and any(c.isdigit() for c in part))


def _short(line: str) -> str:
    return line if len(line) <= WIDTH else line[:WIDTH] + " …"


def _gap(count: int, language: Language) -> str:
    return f"  ⋯ {language.phrase('page:lines_left_out', count=count)}"


#: Findings shown line by line and characters of raw text on a page; the rest is counted.
LINES, CHARACTERS = 2_500, 1_500_000


@dataclass(frozen=True)
class RawExcerpt:
    """Shown part of a raw text, and the command for the whole text."""

    anchor: str
    command: str
    outcome: str
    text: str
    cut: bool
    get: str


@dataclass(frozen=True)
class DeviceFindings:
    """Findings of a device; `left_out` lines are not shown."""

    anchor: str
    name: str
    role: str
    platform: str
    venues: tuple[str, ...]
    lines: tuple[FindingLine, ...]
    passes: tuple[Passes, ...]
    excerpts: tuple[RawExcerpt, ...]
    left_out: int

    @property
    def merged(self) -> Sequence[LineRow]:
        """Return the lines in rows; those of the same message about the whole device are together, for any check."""
        return rows(self.lines, _about)


def _about(line: FindingLine) -> About:
    return line.about if line.subject else line.about._replace(kind=f"{line.status} {line.message}")


@dataclass(frozen=True)
class Evidence:
    """Devices with findings except passes, the most urgent first, the other devices, and the omitted numbers."""

    devices: tuple[DeviceFindings, ...]
    healthy: tuple[DeviceFindings, ...]
    lines_left_out: int
    texts_left_out: int


class ExcerptBudget:
    """Excerpts of raw texts within a budget of characters; a single anchor per device and text."""

    def __init__(self, run: Run, texts: Mapping[str, str], language: Language, wanted: set[str]) -> None:
        self._run = clean(run.id)
        self._texts = texts
        self._language = language
        self._observed = {
            (one.device, one.evidence): (one.command, one.status)
            for one in (run.observations() if wanted else ())
            if one.evidence in wanted
        }
        self._left = CHARACTERS
        self._count = 0
        self.left_out = 0

    def excerpts(self, device: str, lines: Sequence[FindingLine]) -> tuple[dict[str, str], tuple[RawExcerpt, ...]]:
        """The raw texts under a device's lines: hash to anchor, and the excerpts."""
        subjects: dict[str, list[str]] = {}
        for line in lines:
            for name in line.evidence:
                subjects.setdefault(name, []).append(line.subject)
        anchors: dict[str, str] = {}
        shown = []
        for name, about in subjects.items():
            if self._left <= 0:
                self.left_out += 1
                continue
            made = self._excerpt(device, name, about)
            anchors[name] = made.anchor
            shown.append(made)
        return anchors, tuple(shown)

    def _excerpt(self, device: str, name: str, subjects: Sequence[str]) -> RawExcerpt:
        command, status = self._observed.get((device, name), ("", ""))
        text, cut = "", False
        if name in self._texts:
            text, cut = excerpt(self._texts[name], subjects, self._language)
            self._left -= len(text)
        self._count += 1
        return RawExcerpt(
            anchor=f"e{self._count}",
            command=clean(command),
            outcome=self._language.observation(status),
            text=text,
            cut=cut,
            get=f"eventready runs show {self._run} --evidence {clean(name)[:16]}",
        )


def evidence(
    run: Run, findings: RunFindings, context: RunContext, texts: Callable[[Collection[str]], Mapping[str, str]]
) -> Evidence:
    """The findings by device; over the budget the least urgent lines are left out. `texts` returns those of hashes."""
    shown = {line.anchor for line in findings.lines[:LINES]}
    by_device: dict[str, list[FindingLine]] = {clean(name): [] for name in sorted(context.devices, key=natural)}
    for line in findings.lines:
        by_device.setdefault(line.device, []).append(line)
    for name in findings.passes:
        by_device.setdefault(name, [])
    wanted = {name for line in findings.lines[:LINES] for name in line.evidence}
    budget = ExcerptBudget(run, texts(wanted), context.language, wanted)
    known = {clean(name): device for name, device in context.devices.items()}
    made = []
    for number, name in enumerate(sorted(by_device, key=lambda name: _urgency(by_device[name])), 1):
        lines = [line for line in by_device[name] if line.anchor in shown]
        device = known.get(name, RunDevice(name))
        anchors, excerpts = budget.excerpts(device.name, lines)
        made.append(
            DeviceFindings(
                anchor=f"d{number}",
                name=clean(device.name),
                role=context.language.role(device.role) if device.role else "",
                platform=clean(device.platform),
                venues=context.names(device.venues),
                lines=tuple(
                    line._replace(evidence=tuple(anchors[raw] for raw in line.evidence if raw in anchors))
                    for line in lines
                ),
                passes=findings.passes.get(name, ()),
                excerpts=excerpts,
                left_out=len(by_device[name]) - len(lines),
            )
        )
    return Evidence(
        devices=tuple(one for one in made if one.lines or one.left_out),
        healthy=tuple(one for one in made if not one.lines and not one.left_out),
        lines_left_out=max(0, len(findings.lines) - LINES),
        texts_left_out=budget.left_out,
    )


def _urgency(lines: Sequence[FindingLine]) -> tuple[int, ...]:
    return tuple(-count for count in list(count_by_status(lines).values())[:3])
