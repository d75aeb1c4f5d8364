"""Finds the samples that platform folders bring, and runs them.

    samples/<fact>/<case>.txt     what a device printed
    samples/<fact>/<case>.yaml    what it must give:

        status: parsed            the observation's status
        rows:                     the records, all of them, in order; a field left out must have its default
                                  (may be left out where the status is no measurement)
          - {peer: 10.0.0.1, state: up}
        unmatched: 0              strange lines kept beside the rows (default 0)
        unread: [Null0]           subjects of the records that cannot be read while the others can (default none)
        never_empty: why          only in an `ok` case: an honestly empty answer cannot occur, and needs no case

Every fact that a platform's own facts.yaml reads needs a case whose name begins with `ok` (parsed), one with `empty`
(empty) and one with `junk` (measured as nothing: unparsed, unsupported or denied). Facts that come from `extends` are
covered where they come from. The text goes through the platform's own noise, refused and denied patterns, as it would
in a session. It may begin with the prompt and the command, and end with the prompt, as a terminal's log: a heading
without rows is `empty` only where a prompt (or a count, or a trailer) proves the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from eventready.core.errors import PlatformError
from eventready.facts.observation import Observation, Status
from eventready.facts.platform import CompiledFact, Platform, load_platform
from eventready.facts.saved import asking, parse_saved
from eventready.platforms.loader import platform_names
from eventready.workspace.files.yaml_document import load_yaml

#: Samples of answers about the route back (`test_way_in.py`), which is no fact.
WAY_IN = "way_in"


class Expected(BaseModel):
    """A case's YAML."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Status
    rows: tuple[dict[str, Any], ...] = ()
    unmatched: int = 0
    unread: tuple[str, ...] = ()
    never_empty: str = ""


@dataclass(frozen=True)
class Sample:
    """One case of one fact of one platform."""

    platform: str
    fact: str
    text_file: Path

    @property
    def case(self) -> str:
        """The file's name without its ending."""
        return self.text_file.stem

    @property
    def text(self) -> str:
        """What the device printed."""
        return self.text_file.read_text(encoding="utf-8")

    @property
    def expected(self) -> Expected:
        """What it must give."""
        return load_yaml(self.text_file.with_suffix(".yaml")).validate(Expected)

    @property
    def id(self) -> str:
        """For test reports."""
        return f"{self.platform}-{self.fact}-{self.case}"

    def compiled(self) -> CompiledFact:
        """How the platform reads the fact; of a fact with questions an example of one."""
        fact = self.with_question().facts[self.fact]
        return fact.questions[0] if fact.questions else fact

    def with_question(self) -> Platform:
        """The platform, with an example of a question for a fact with questions."""
        return asking(load_platform(self.platform), self.fact)

    def observe(self, text: str | None = None) -> Observation:
        """What the platform makes of the sample, or of `text` in its place."""
        (observed,) = parse_saved(load_platform(self.platform), self.fact, self.text if text is None else text)
        return observed

    def complaint(self, observed: Observation) -> str:
        """Return what differs from the expected observation; empty where nothing does."""
        expected = self.expected
        if observed.status is not expected.status:
            return f"{observed.status}, not {expected.status}: {observed.reason} {observed.unmatched[:3]}"
        record = self.compiled().kind.record
        if expected.rows or expected.status.measured:
            wanted = [record.model_validate(row) for row in expected.rows]
            if list(observed.rows) != wanted:
                strange = [row for row in observed.rows if row not in wanted]
                missing = [row for row in wanted if row not in observed.rows]
                return f"other rows: {strange[:1]}, not {missing[:1]} ({len(observed.rows)}, not {len(wanted)})"
        if expected.status.measured and len(observed.unmatched) != expected.unmatched:
            return f"unmatched: {observed.unmatched[:3]}"
        if tuple(record.subject for record in observed.unread) != expected.unread:
            return f"unread: {observed.unread[:3]}, not {expected.unread}"
        return ""


def own_facts(platform: Platform) -> dict[str, CompiledFact]:
    """Facts of the platform's own folder."""
    return {name: fact for name, fact in platform.facts.items() if fact.home == platform.name}


def samples_of(name: str) -> list[Sample]:
    """A platform's samples in a stable order."""
    home = load_platform(name).folder / "samples"
    files = (file for file in sorted(home.glob("*/*.txt")) if file.parent.name != WAY_IN)
    return [Sample(name, file.parent.name, file) for file in files]


def platform_of(sample: Sample) -> str:
    """Its platform: `make test` tries each damage on one sample of each."""
    return sample.platform


def complaints(name: str) -> list[str]:
    """What a platform's samples lack."""
    platform = load_platform(name)
    samples = samples_of(name)
    facts = own_facts(platform)
    cases: dict[str, list[str]] = {fact: [] for fact in facts}
    found = []
    for sample in samples:
        if sample.fact not in facts:
            found.append(f"{sample.fact}: samples of a fact that {name} does not read itself")
        elif not sample.text_file.with_suffix(".yaml").is_file():
            found.append(f"{sample.fact}/{sample.case}.txt has no .yaml beside it")
        else:
            cases[sample.fact].append(sample.case)
    texts = {sample.text_file.with_suffix(".yaml") for sample in samples}
    home = platform.folder / "samples"
    found += [
        f"{file.relative_to(home)} has no .txt beside it"
        for file in home.glob("*/*.yaml")
        if file not in texts and file.parent.name != WAY_IN
    ]
    for fact, names in cases.items():
        exempt = any(s.expected.never_empty for s in samples if s.fact == fact and s.case in names)
        for kind in ("ok", "junk") if exempt else ("ok", "empty", "junk"):
            if not any(case.startswith(kind) for case in names):
                found.append(f"{fact}: no sample {kind!r}")
    return found


@cache
def all_samples() -> tuple[Sample, ...]:
    """Every sample of every platform whose folder holds; the others fail in a test of their own."""
    return tuple(sample for name in platform_names() for sample in _samples_or_none(name))


def _samples_or_none(name: str) -> list[Sample]:
    try:
        samples = samples_of(name)
        facts = load_platform(name).facts
    except PlatformError:  # test_platform_holds tells it
        return []
    return [sample for sample in samples if sample.fact in facts and sample.text_file.with_suffix(".yaml").is_file()]
