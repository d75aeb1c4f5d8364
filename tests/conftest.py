"""For all rooms: property tests say nothing about time, and in CI try the same examples each time; cases that a test
has proved are counted, and the counts stand at the end of the run."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol, cast

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "eventready",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("eventready")

#: What a proved case is called among a test's properties. They travel with its report, from xdist's workers too.
_PROPERTY = "proved"


class Proved(Protocol):
    """Counts one case as proved: its kind, what the counts are broken down by, and what else tells it apart."""

    def __call__(self, kind: str, *of: str) -> None: ...


@pytest.fixture
def proved(request: pytest.FixtureRequest) -> Proved:
    """`proved("there and back", "frr", "backup")` after the last assertion of a case; it counts if the test passes."""

    def count(kind: str, *of: str) -> None:
        request.node.user_properties.append((_PROPERTY, [kind, *of]))

    return count


def counts(cases: Iterable[list[str]]) -> Mapping[str, Counter[str]]:
    """Per kind, how many cases there are of each first word."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for kind, *of in cases:
        found[kind][of[0] if of else ""] += 1
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The counts of the tests that passed."""
    passed: list[pytest.TestReport] = terminalreporter.stats.get("passed", [])
    proved = counts(
        [str(word) for word in cast("list[object]", case)]
        for report in passed
        for name, case in report.user_properties
        if name == _PROPERTY
    )
    if not proved:
        return
    terminalreporter.section("cases proved")
    for kind, by in sorted(proved.items()):
        parts = ", ".join(f"{word} {number}" for word, number in sorted(by.items()) if word)
        terminalreporter.write_line(f"{kind}: {by.total()}" + (f" ({parts})" if parts else ""))
