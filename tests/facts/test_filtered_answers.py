"""Behind a filter of the device (`| include`, `| match`) a line that the filter does not let through is half of one.

It was wrapped, or another half is lost with it: what is read beside it may be cut, so it is no strange line to be kept.
"""

from __future__ import annotations

import re

import pytest

from eventready.core.strings.texts import lines_of
from eventready.facts.platform import CompiledFact
from tests.platforms.samples import Sample, all_samples

_FILTER = re.compile(r"\| (?:include|match) \"?(?P<wanted>[^\"]+)\"?$")
HALVES = ["t0/0/1", "128.9)"]


def wanted(compiled: CompiledFact) -> re.Pattern[str] | None:
    """What the filter of a fact's command lets through; None without a filter."""
    found = _FILTER.search(compiled.command)
    return re.compile(found["wanted"]) if found else None


#: Without `ok_cut`, where the template knows that the rest of a line may follow.
OK = [one for one in all_samples() if one.case.startswith("ok") and one.case != "ok_cut"]
FILTERED = [one for one in OK if wanted(one.compiled())]


@pytest.mark.parametrize("sample", FILTERED, ids=lambda sample: sample.id)
def test_a_line_that_the_filter_holds_back_is_no_noise(sample: Sample) -> None:
    filter_, lines = wanted(sample.compiled()), lines_of(sample.text)
    assert filter_ is not None
    through = [number for number, line in enumerate(lines) if filter_.search(line)]
    for number in through:
        for half in HALVES:
            assert not filter_.search(half)
            observed = sample.observe("\n".join([*lines[: number + 1], half, *lines[number + 1 :], ""]))
            assert observed.unread or not observed.status.measured, (number, half)
