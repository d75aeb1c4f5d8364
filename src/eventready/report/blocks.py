"""Every finding under its device with the raw text it rests on, within a budget that keeps the page usable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eventready.report.excerpt import excerpt
from eventready.report.language import Language, clean
from eventready.report.lines import natural
from eventready.report.model import DeviceBlock, Document, Line, Passed, Place, Raw, counted

#: Findings shown line by line, characters of raw text, and passed subjects named: more is folded and said to be.
LINES, RAW_CHARACTERS, PASSED_NAMED = 2_500, 1_500_000, 2_000


@dataclass(frozen=True)
class Blocks:
    """The devices with something to report, those without, and how much was left out."""

    loud: tuple[DeviceBlock, ...]
    quiet: tuple[DeviceBlock, ...]
    lines_left_out: int
    raws_left_out: int


class Shelf:
    """Raw texts as far as the budget goes; one anchor per device and text."""

    def __init__(self, document: Document, texts: Mapping[str, str], language: Language) -> None:
        self._run = clean(document["id"])
        self._texts = texts
        self._language = language
        self._asked = {(str(o["device"]), str(o["evidence"])): o for o in document.get("observations", ())}
        self._left = RAW_CHARACTERS
        self._count = 0
        self.left_out = 0

    def raws(self, device: str, lines: Sequence[Line]) -> tuple[dict[str, str], tuple[Raw, ...]]:
        """The raw texts that a device's lines rest on: hash to anchor, and the texts."""
        subjects: dict[str, list[str]] = {}
        for line in lines:
            for name in line.evidence:
                subjects.setdefault(name, []).append(line.subject)
        anchors: dict[str, str] = {}
        shown = []
        for name, about in subjects.items():
            raw = self._raw(device, name, about)
            if raw is None:
                self.left_out += 1
                continue
            anchors[name] = raw.anchor
            shown.append(raw)
        return anchors, tuple(shown)

    def _raw(self, device: str, name: str, subjects: Sequence[str]) -> Raw | None:
        if self._left <= 0:
            return None
        observation = self._asked.get((device, name), {})
        text, cut = "", False
        if name in self._texts:
            text, cut = excerpt(self._texts[name], subjects, self._language)
            self._left -= len(text)
        self._count += 1
        return Raw(
            anchor=f"e{self._count}",
            command=clean(observation.get("command", "")),
            outcome=self._language.observation(str(observation.get("status", ""))),
            text=text,
            cut=cut,
            get=f"eventready runs show {self._run} --evidence {clean(name)[:16]}",
        )


def blocks(lines: Sequence[Line], shelf: Shelf, place: Place) -> Blocks:
    """A block per device, the most urgent devices first; lines over the budget are the least urgent ones."""
    told = [line for line in lines if line.status != "pass"]
    shown = {line.anchor for line in told[:LINES]}
    by_device: dict[str, list[Line]] = {clean(name): [] for name in sorted(place.devices, key=natural)}
    for line in lines:
        by_device.setdefault(line.device, []).append(line)
    known = {clean(name): device for name, device in place.devices.items()}
    made = [
        _block(
            anchor=f"d{number}",
            device=known.get(name, {"name": name}),
            lines=by_device[name],
            shown=[line for line in by_device[name] if line.anchor in shown],
            name_passed=len(lines) - len(told) <= PASSED_NAMED,
            shelf=shelf,
            place=place,
        )
        for number, name in enumerate(sorted(by_device, key=lambda name: _rank(by_device[name])), 1)
    ]
    return Blocks(
        loud=tuple(block for block in made if block.lines or block.left_out),
        quiet=tuple(block for block in made if not block.lines and not block.left_out),
        lines_left_out=max(0, len(told) - LINES),
        raws_left_out=shelf.left_out,
    )


def _rank(lines: Sequence[Line]) -> tuple[int, ...]:
    return tuple(-count for count in counted(lines)[:3])


def _block(
    *,
    anchor: str,
    device: Document,
    lines: Sequence[Line],
    shown: Sequence[Line],
    name_passed: bool,
    shelf: Shelf,
    place: Place,
) -> DeviceBlock:
    anchors, raws = shelf.raws(str(device["name"]), shown)
    return DeviceBlock(
        anchor=anchor,
        name=clean(device["name"]),
        role=place.language.role(str(device["role"])) if "role" in device else "",
        platform=clean(device.get("platform", "")),
        venues=place.names(map(str, device.get("venues", ()))),
        counts=counted(lines),
        lines=tuple(
            replace(line, evidence=tuple(anchors[name] for name in line.evidence if name in anchors)) for line in shown
        ),
        passed=_passed(lines, named=name_passed),
        raws=raws,
        left_out=sum(line.status != "pass" for line in lines) - len(shown),
    )


def _passed(lines: Sequence[Line], *, named: bool) -> tuple[Passed, ...]:
    checks: dict[str, list[str]] = {}
    for line in lines:
        if line.status == "pass":
            checks.setdefault(line.check_title, []).append(line.subject)
    return tuple(
        Passed(title, len(subjects), ", ".join(filter(None, subjects)) if named else "")
        for title, subjects in checks.items()
    )
