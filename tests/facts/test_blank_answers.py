"""A blank answer among those of a fact of two commands: the fact is not measured, unless the platform declares that the
second command prints nothing where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.facts.interpret import interpret
from eventready.facts.observation import Observation, Status
from eventready.facts.observe import observe
from eventready.facts.parsing.two_answers import join_answers
from eventready.facts.platform import load_platform
from eventready.facts.saved import saved_reply
from eventready.session.reply import Reply
from tests.platforms.samples import Sample, all_samples

BLANKS = st.text(alphabet=" \t\r\n\u00a0", max_size=8)


def of_two_commands(sample: Sample) -> bool:
    spec = sample.compiled().spec
    return bool(spec.also or spec.against) and not sample.case.startswith("junk")


SAMPLES = [sample for sample in all_samples() if of_two_commands(sample)]


def observed(sample: Sample, replies: Sequence[Reply]) -> Observation:
    (seen,) = observe("r1", sample.with_question(), [sample.fact], lambda _: replies)
    return seen


@given(sample=st.sampled_from(SAMPLES), blank=BLANKS, place=st.sampled_from([0, 1, None]))
def test_a_blank_answer_is_neither_empty_nor_complete(sample: Sample, blank: str, place: int | None) -> None:
    compiled, platform = sample.compiled(), load_platform(sample.platform)
    replies = [saved_reply(platform, command, sample.text) for command in compiled.commands]
    replies = [
        Reply(one.command, blank) if place in (number, None) else replace(one, complete=True)
        for number, one in enumerate(replies)
    ]
    seen = observed(sample, replies)
    if place == 1 and "silent" in compiled.spec.also_absent:
        assert seen.status is not Status.UNREACHABLE
        return
    assert seen.status is not Status.EMPTY
    assert not (seen.status.measured and seen.complete), seen.rows
    assert not seen.rows
    assert seen.reason


def test_every_fact_of_two_commands_has_a_sample() -> None:
    assert {("nokia_bsc", "alarm"), ("cisco_xe", "bgp_neighbour"), ("osmocom_bsc", "saved_config")} <= {
        (sample.platform, sample.fact) for sample in SAMPLES
    }


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.case.startswith("empty")], ids=lambda sample: sample.id)
def test_a_blank_part_of_a_text_is_no_word_for_none(sample: Sample) -> None:
    compiled, platform = sample.compiled(), load_platform(sample.platform)
    parts = [reply.text for command in compiled.commands for reply in [saved_reply(platform, command, sample.text)]]
    silent = "silent" in compiled.spec.also_absent
    for first, second in (("", parts[1]), *([] if silent else [(parts[0], "")])):
        text = join_answers(first, compiled.commands[1], second)
        seen = interpret("r1", sample.fact, compiled, Reply(compiled.command, text))
        assert seen.status is not Status.EMPTY
