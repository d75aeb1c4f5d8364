"""Answers known but for their figures: the observation is that of reading the answer anew, whatever else differs."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from eventready.facts.moved_figures import ReadAnswer
from eventready.facts.observation import Observation
from eventready.facts.observe import observe
from eventready.facts.parsing.parsers import TemplateParser
from eventready.facts.platform import load_platform
from eventready.session.reply import Reply
from tests.platforms.samples import Sample, all_samples

_NUMBER, _WORD = re.compile(r"\d+"), re.compile(r"[A-Za-z]+")
TURNS = 16


def _altered(text: str, rng: random.Random) -> str:
    """Another answer: mostly figures moved, at times a word, a blank, a line or a rule of the format."""
    lines = text.split("\n")
    for act in rng.choice(("f", "fff", "f", "f", "fw", "fb", "fk", "fd", "fn", "fs")):
        place = rng.randrange(len(lines))
        if act == "f":
            numbers = [*_NUMBER.finditer(lines[place])][-2:]
            for one in rng.sample(numbers, min(1, len(numbers))):
                number = str(int(one[0]) + rng.choice((1, 7, 10**9)))
                lines[place] = lines[place][: one.start()] + number + lines[place][one.end() :]
        elif act == "w":
            lines[place] = _WORD.sub(lambda match: rng.choice((match[0], "up", "down", "never", "")), lines[place])
        elif act == "b":
            lines[place] = rng.choice((lines[place] + "  ", lines[place].replace(" ", "\u00a0"), ""))
        elif act == "k":
            lines[place] = lines[rng.randrange(len(lines))]
        elif act == "d":
            del lines[place]
            lines = lines or [""]
        elif act == "n":
            lines.insert(place, lines[rng.randrange(len(lines))])
        else:
            lines[place] = lines[place].replace("0", "-1", 1)
    return "\n".join(lines)


def _anew(sample: Sample, reply: Reply) -> Observation:
    (found,) = observe("d", load_platform(sample.platform), [sample.fact], lambda _commands: [reply])
    return replace(found, raw="")


def _known_again(sample: Sample, rng: random.Random) -> int:
    compiled, text, read, known = sample.compiled(), sample.text, None, 0
    for _ in range(TURNS):
        reply = Reply(compiled.command, text)
        anew = _anew(sample, reply)
        found = read.again(reply) if read else None
        if found is not None:
            assert (found, [row.model_fields_set for row in found.rows]) == (
                anew, [row.model_fields_set for row in anew.rows]), (sample.id, text)  # fmt: skip
            known += 1
        else:
            read = ReadAnswer.of(compiled, reply, anew)
        text = _altered(text if found else sample.text, rng)
    return known


@pytest.mark.slow
def test_figures_moved_in_an_answer_give_the_observation_of_reading_anew() -> None:
    known: dict[str, int] = {}
    for sample in all_samples():
        read = sample.case == "ok" or (sample.case.startswith("ok") and sample.fact == "interface")
        if read and isinstance(sample.compiled().parser, TemplateParser):
            name = sample.compiled().name
            known[name] = known.get(name, 0) + _known_again(sample, random.Random(sample.id))
    assert known["interface"] > 20
    assert sum(map(bool, known.values())) > 20
