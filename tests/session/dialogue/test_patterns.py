"""The one search through a text that spares a search in each of its lines must never miss a log line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.platforms.loader import describe, platform_names
from eventready.platforms.model import SessionSpec
from eventready.session.dialogue.patterns import patterns

LOG_LINES = (
    "*Apr 25 07:00:00.123: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down",
    "000123: Apr 25 2022 07:00:00: %SYS-5-CONFIG_I: Configured from console",
    "%SYS-5-RESTART: System restarted",
    "Apr 25 2022 07:00:00+07:00 AGG-1 %%01IFNET/4/LINK_STATE(l)[1]: down",
    "#Apr 25 2022 07:00:00 AGG-1 IFNET/4/IF_PVCDOWN:OID",
    "2022-04-25 07:00:00+07:00",
    "2022/04/25 07:00:00 BGP: neighbor down",
    "<0004> abis_nm.c:123 OC=BTS",
    "Load for five secs: 1%/0%; one minute: 1%",
)
ORDINARY = ("", " ", "GigabitEthernet0/1 is up, line protocol is up", "  5 minute input rate 1000 bits/sec", "%", "#")


@pytest.mark.slow
@pytest.mark.parametrize("platform", platform_names())
@given(lines=st.lists(st.one_of(st.sampled_from(LOG_LINES + ORDINARY), st.text(max_size=20))))
def test_the_hint_never_misses_a_log_line(platform: str, lines: list[str]) -> None:
    found = patterns(describe(platform, ()).spec.session)
    text = "\n".join(lines)
    noise = found.noise_text
    assert found.without_log_lines(text) == "\n".join(
        line for line in text.split("\n") if noise is None or not noise.search(line)
    )


@pytest.mark.parametrize(
    ("noise", "hinted"),
    [
        ("^%a", True),
        (r"^(?:%a|%b) *$", True),
        (r"^(?:%a|%b)\s*$", False),
        (r"^%a[^b]*b", False),
        (r"^a\|b", True),
        ("%a", False),
        ("^%a|%b", False),
        ("^(?:%a)|%b", False),
        (r"^%a(?!\s)", False),
        (r"^%a\Z", False),
        ("^%a++b", False),
    ],
)
def test_only_patterns_that_look_at_one_line_make_a_hint(noise: str, *, hinted: bool) -> None:
    spec = describe("cisco_xe", ()).spec.session.model_copy(update={"noise": (noise,)})
    assert isinstance(spec, SessionSpec)
    assert (patterns(spec).noise_hint is not None) is hinted
