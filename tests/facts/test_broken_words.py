"""A log line that a device prints inside a word of an answer gives no other rows.

Once it is removed, the word stands in halves on two lines. Descriptions are prose: nothing tells where they end.
"""

from __future__ import annotations

import random

import pytest

from eventready.core.strings.texts import lines_of
from tests.facts.test_mutations import Printed, complaint
from tests.platforms.samples import Sample, all_samples, platform_of
from tests.proofs.size import one_each

LOG_LINES = {
    "cisco_xr": "RP/0/RP0/CPU0:Apr 25 07:00:00.123 ICT: ifmgr[257]: %PKT_INFRA-LINK-3-UPDOWN : Te0/0/0/9 is down",
    "cisco_xe": "*Apr 25 07:00:00.123 ICT: %LINK-3-UPDOWN: Interface Te0/0/9, changed state to down",
    "cisco_wlc": "*apfMsConnTask_0: Apr 25 07:00:00.123: #APF-3-VALIDATE: apf.c:1 a frame was dropped",
}
LOG_LINES |= {"cisco_ios": LOG_LINES["cisco_xe"], "cisco_9800": LOG_LINES["cisco_xe"]}
PLACES = 8
#: Facts in whose output half a word is a word too, and why.
EXEMPT = {("cisco_xe", "temperature"): "the name of a sensor has several words"}
SAMPLES = [one for one in all_samples() if one.platform in LOG_LINES and one.case.startswith("ok")]


@pytest.mark.slow
@pytest.mark.parametrize("sample", one_each(SAMPLES, platform_of, "broken"), ids=lambda sample: sample.id)
def test_a_log_line_inside_a_word_gives_no_other_rows(sample: Sample) -> None:
    output = Printed(sample.id, sample.compiled(), lambda: sample.text, sample.observe)
    whole = sample.observe()
    lines = lines_of(sample.text)
    inside = [
        (number, place)
        for number, line in enumerate(lines)
        for place in range(1, len(line))
        if line[place - 1 : place + 1].isalnum() and "Description" not in line
    ]
    found = []
    for number, place in random.Random(sample.id).sample(inside, min(PLACES, len(inside))):
        line = lines[number]
        broken = [line[:place], LOG_LINES[sample.platform], line[place:]]
        wrong = complaint(output, whole.rows, "\n".join([*lines[:number], *broken, *lines[number + 1 :]]) + "\n")
        if wrong and (sample.platform, sample.fact) not in EXEMPT:
            found.append(f"{line[:place]!r} {line[place:]!r}: {wrong}")
    assert not found
