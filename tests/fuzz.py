"""All property tests with random examples, in random order, until the time is used: `make fuzz`.

    python -m tests.fuzz SECONDS

Each test has EVENTREADY_EXAMPLES examples (default 50) in a round. The first failure ends the run with exit code 1; the
test and its falsifying example are printed.
"""

from __future__ import annotations

import faulthandler
import os
import random
import sys
from time import monotonic

import pytest

_APART = ("real", "browser")
#: Seconds beyond the time of the run after which a test hangs.
_HANGING_S = 1200


class Rounds:
    """Plugin of pytest: the property tests only, in rounds of random order. `ran`: tests so far, over all rounds."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds  # with the collection
        self.ran = 0
        self.rounds = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the property tests."""
        chosen = [item for item in items if item.get_closest_marker("hypothesis") and not _apart(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen

    @pytest.hookimpl(tryfirst=True)
    def pytest_timeout_set_timer(self) -> bool:
        """No time limit per test: the examples are random and many. `main` ends a test that hangs."""
        return True

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run rounds until the time is used or a test fails."""
        end = self._end
        while session.items and monotonic() < end and not session.testsfailed:
            items = random.sample(session.items, len(session.items))
            for item, after in zip(items, [*items[1:], None], strict=True):
                last = monotonic() >= end
                if isinstance(item, pytest.Function):
                    item._initrequest()  # pytest has no public way to run a test once more
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None if last else after)
                self.ran += 1
                if last or session.testsfailed:
                    break
            self.rounds += 1
        return True


def _apart(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(mark) for mark in _APART)


def main(seconds: float) -> int:
    """Run the rounds; 0, or 1 for a failed test, or pytest's code for an error before the first test."""
    os.environ["EVENTREADY_FUZZ"] = "1"
    os.environ.pop("CI", None)
    rounds = Rounds(seconds)
    faulthandler.dump_traceback_later(seconds + _HANGING_S, exit=True)
    code = pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", "--maxfail=1"], plugins=[rounds])
    print(f"make fuzz: {rounds.ran} property tests in {rounds.rounds} rounds, {seconds:g} s, exit {int(code)}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
