"""Findings of each device with their raw texts, within a size budget for a usable page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from eventready.core.language import Language, clean
from eventready.core.strings.texts import natural
from eventready.evaluation.alike import About, rows
from eventready.papers.material.excerpt import excerpt
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
