"""Sane values: every number and every choice that an intent may write is stated, with the harm of another value."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from eventready.platforms.loader import describe, platform_names
from eventready.platforms.model import ChangeSpec, LinePatterns
from eventready.platforms.writable_pattern import variants
from eventready.workspace.devices.intents import INTENTS

SAMPLES = {
    "address": "192.0.2.1", "host": "192.0.2.1", "prefix": "192.0.2.0/24", "interface": "GigabitEthernet0/0/1",
    "name": "EVENT", "own": "EVENT", "path": "a/b", "text": "EVENT", "dscp": "46",
}  # fmt: skip
CHANGEABLE = [name for name in platform_names() if describe(name).spec.change is not None]


def change_of(platform: str) -> ChangeSpec:
    spec = describe(platform).spec.change
    assert spec is not None
    return spec


def with_choices(pattern: str) -> str:
    """The pattern with each keyword of `(a|b)` as a choice of its own: `({a|a}|{b|b})`."""

    def named(group: re.Match[str]) -> str:
        words = group[1].split("|")
        if any(" " in word.strip() for word in words):
            return group[0]
        return "(" + "|".join(word if "{" in word else f"{{{word}|{word}}}" for word in words) + ")"

    return re.sub(r"\(([^()\[\]]*\|[^()\[\]]*)\)", named, pattern)


def values_of(value: str) -> tuple[str, ...]:
    if match := re.fullmatch(r"(-?\d+)-(-?\d+)", value):
        return match[1], match[2]
    return tuple(value.split("|")) if "|" in value else ()


def written(lines: LinePatterns, section: str = "") -> Iterator[tuple[str, str, slice]]:
    """Each line with one number or choice in it: the section, the line, and where the value stands."""
    for pattern, beneath in lines.items():
        first = section
        for variant in variants(with_choices(str(pattern))):
            samples = [SAMPLES.get(word.value) or next(iter(values_of(word.value)), "") for word in variant]
            words = [f"{word.before}{sample}{word.after}" for word, sample in zip(variant, samples, strict=True)]
            first = " ".join(words)
            for place, word in enumerate(variant):
                for value in values_of(word.value):
                    line = " ".join([*words[:place], f"{word.before}{value}{word.after}", *words[place + 1 :]])
                    start = len(" ".join([*words[:place], ""])) + len(word.before)
                    yield section, line, slice(start, start + len(value))
        yield from written(beneath or {}, first)


def is_stated(spec: ChangeSpec, section: str, line: str, at: slice) -> bool:
    values = spec.values
    patterns = [
        *(one.line for one in values.ranges if not one.within or re.fullmatch(one.within, section)),
        *values.free,
        *filter(None, [values.min_links]),
        *(pattern for kind in values.names for pattern in (*kind.used, *kind.defined)),
    ]
    found = filter(None, (re.fullmatch(pattern, line) for pattern in patterns))
    spans = [match.span(group) for match in found for group in match.groupdict()]
    return any(start <= at.start and at.stop <= end for start, end in spans)


@pytest.mark.parametrize("platform", CHANGEABLE)
def test_no_writable_value_is_without_a_sane_range(platform: str) -> None:
    spec = change_of(platform)
    unstated = {
        f"{section} > {line} [{line[at]}]"
        for intent in ("shared", *INTENTS)
        for section, line, at in written(getattr(spec.writable, intent))
        if line.split()[0] not in (spec.negation, "delete") and not is_stated(spec, section, line, at)
    }
    assert not unstated, "\n".join(sorted(unstated))


def test_a_harm_is_a_clause_in_both_languages() -> None:
    stated = [change_of(name).values for name in CHANGEABLE]
    harms = {one.harm for values in stated for one in values.ranges} | {
        one.harm for values in stated for one in values.sections
    }
    assert len(harms) > 50
    assert not [one for one in harms if one.en.endswith(".") or one.vi.endswith(".") or one.en == one.vi]
