"""Two answers of one fact, held against each other."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts.observation import Status
from eventready.facts.observe import commands_for, observe
from eventready.facts.parsing.two_answers import ComparisonParser, join_answers
from eventready.facts.platform import load_platform
from eventready.facts.records import SavedConfig
from eventready.session.reply import Reply, ReplyStatus

RUNNING, STARTUP = "show running-config", "show startup-config"
BSC = load_platform("osmocom_bsc")
LINES = st.lists(st.sampled_from(["network", " handover 1", " handover 0", "!", "", "end", " bts 0"]), max_size=8)


def row(one: str, other: str) -> list[list[str]]:
    return [list(row) for row in ComparisonParser(STARTUP, r"!.*|end").parse(join_answers(one, STARTUP, other)).rows]


@given(LINES, LINES)
def test_same_means_the_same_lines_but_for_those_that_do_not_count(one: list[str], other: list[str]) -> None:
    counting = [[line for line in lines if line not in ("!", "", "end")] for lines in (one, other)]
    found = row("\n".join(one), "\n".join(other))
    if not all(counting):
        assert found == []
    else:
        assert [same for same, _ in found] == ["yes" if counting[0] == counting[1] else "no"]


def test_the_first_difference_is_reported() -> None:
    assert row("network\n handover 1", "network\n handover 0") == [["no", "handover 1"]]
    assert row("network", "network\n handover 0") == [["no", "handover 0"]]


def test_what_has_no_second_half_says_nothing() -> None:
    assert not ComparisonParser(STARTUP, "").parse("network\n handover 1").rows


def test_a_parser_that_compares_needs_something_to_compare_with() -> None:
    with pytest.raises(ValueError, match="against"):
        ComparisonParser("", "")


def saved(running: Reply, startup: Reply) -> tuple[Status, list[bool]]:
    def ask(commands: Sequence[str]) -> list[Reply]:
        assert list(commands) == [RUNNING, STARTUP] == list(commands_for(BSC, ["saved_config"]))
        return [running, startup]

    [seen] = observe("bsc-1", BSC, ["saved_config"], ask)
    return seen.status, [row.saved for row in seen.rows if isinstance(row, SavedConfig)]


def test_both_answers_are_needed() -> None:
    good = Reply(RUNNING, "network\n handover 1"), Reply(STARTUP, "network\n handover 1")
    assert saved(*good) == (Status.PARSED, [True])
    assert saved(good[0], Reply(STARTUP, "network\n handover 0")) == (Status.PARSED, [False])
    refused = Reply(STARTUP, "% Unknown command.", ReplyStatus.REFUSED, "The device does not know the command.")
    assert saved(good[0], refused) == (Status.UNSUPPORTED, [])
    assert saved(Reply(RUNNING, "", ReplyStatus.TIMEOUT), good[1]) == (Status.TIMEOUT, [])
    assert saved(good[0], Reply(STARTUP, "")) == (Status.UNPARSED, [])
