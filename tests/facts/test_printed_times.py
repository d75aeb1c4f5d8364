"""Behind a time at the end of a line a zone, an offset and a word for daylight time may stand, and change no row.

Which of them a device prints is a setting of its own. A field that keeps the time as text has them too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from eventready.core.strings.texts import lines_of
from tests.platforms.samples import Sample, all_samples

_DATE = r"(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[/.-]\d\d?[/.-]\d{4})"
_TIME = re.compile(_DATE + r"\s.*?(?<![\d:.])\d\d:\d\d:\d\d(?:\.\d+)?\s*$")
ZONES = ["+07:00", " UTC+07:00", " UTC+07:00 DST", " ICT", " DST"]


def timed(sample: Sample) -> Iterator[int]:
    """Numbers of the lines that end with a date and a time; of lines alike, which speak of several ports, one."""
    found = {
        re.sub(r"\d+", "0", line): number for number, line in enumerate(lines_of(sample.text)) if _TIME.search(line)
    }
    yield from found.values()


SAMPLES = [one for one in all_samples() if one.case.startswith("ok") and any(timed(one))]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_a_zone_behind_a_time_changes_no_row(sample: Sample) -> None:
    whole, lines = sample.observe(), lines_of(sample.text)
    for number in timed(sample):
        for zone in ZONES:
            zoned = [*lines[:number], lines[number].rstrip() + zone, *lines[number + 1 :], ""]
            observed = sample.observe("\n".join(zoned))
            rows, others = (repr(one.rows).replace(zone, "") for one in (whole, observed))
            assert (observed.status, others) == (whole.status, rows), zoned[number]
