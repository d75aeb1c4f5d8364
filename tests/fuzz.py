"""All property tests with random examples, in random order, until the time is used: `make fuzz`.

    python -m tests.fuzz SECONDS

Each test has a few examples in the first round, and in later rounds as many as fit into its share of the time left. The
first failure ends the run with exit code 1; the test and its falsifying example are printed.
"""

from __future__ import annotations

import faulthandler
import os
import random
import sys
from time import monotonic

import pytest
from hypothesis import settings

_APART = ("real", "browser")
#: Examples of a test in the first round, and the most in a later one.
_FIRST, _MOST = 2, 2000
#: Private name of hypothesis, also used by its plugin for pytest.
_SETTINGS = "_hypothesis_internal_use_settings"
#: Seconds beyond the time of the run after which a test hangs.
_HANGING_S = 1200


class Rounds:
    """Plugin of pytest: the property tests only, in rounds of random order.

    `ran`: tests so far, over all rounds. `reached`: different tests, of `tests` in all.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds  # without the collection
        self._cost: dict[str, float] = {}  # seconds of an example, by test
        self.ran = self.rounds = self.tests = 0

    @property
    def reached(self) -> int:
        """Number of different tests so far."""
        return len(self._cost)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the property tests."""
        chosen = [item for item in items if item.get_closest_marker("hypothesis") and not _apart(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen
        self.tests = len(chosen)

    @pytest.hookimpl(tryfirst=True)
    def pytest_timeout_set_timer(self) -> bool:
        """No time limit per test: the examples are random and many. `main` ends a test that hangs."""
        return True

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run rounds until the time is used or a test fails."""
        end = monotonic() + self._seconds
        while session.items and monotonic() < end and not session.testsfailed:
            items = random.sample(session.items, len(session.items))
            for item, after in zip(items, [*items[1:], None], strict=True):
                last = monotonic() >= end
                self._run(item, None if last else after, (end - monotonic()) / len(items))
                if last or session.testsfailed:
                    break
            else:
                self.rounds += 1
        return True

    def _run(self, item: pytest.Item, following: pytest.Item | None, share_s: float) -> None:
        """Run a test once more, with the examples for `share_s` seconds."""
        cost = self._cost.get(item.nodeid)
        examples = _FIRST if cost is None else max(1, min(_MOST, int(share_s / cost)))
        if isinstance(item, pytest.Function):
            item._initrequest()  # pytest has no public way to run a test once more
            own = getattr(item.obj, _SETTINGS, None)
            function = getattr(item.obj, "__func__", item.obj)
            if own is not None:
                setattr(function, _SETTINGS, settings(own, max_examples=examples))
        started = monotonic()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        self._cost[item.nodeid] = max(1e-3, (monotonic() - started) / examples)
        self.ran += 1


def _apart(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(mark) for mark in _APART)


def main(seconds: float) -> int:
    """Run the rounds; 0, or 1 for a failed test, or pytest's code for an error before the first test."""
    os.environ["EVENTREADY_FUZZ"] = "1"
    os.environ.pop("CI", None)
    rounds = Rounds(seconds)
    faulthandler.dump_traceback_later(seconds + _HANGING_S, exit=True)
    code = pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", "--maxfail=1"], plugins=[rounds])
    reached = f"{rounds.reached} of {rounds.tests} property tests"
    print(f"make fuzz: {reached}, {rounds.ran} runs in {rounds.rounds} whole rounds, {seconds:g} s, exit {int(code)}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
