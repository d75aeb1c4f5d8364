"""A column with a closed vocabulary is closed: a word that is none of the equipment's costs its record."""

from __future__ import annotations

import pytest

from tests.platforms.samples import all_samples

SAMPLES = {sample.id: sample for sample in all_samples()}
#: Sample, and a piece of it with the word of a closed vocabulary in braces.
CLOSED = [
    ("cisco_xe-default_route-ok", 'Known via "{bgp} 65000"'),
    ("cisco_xe-interface-ok_kinds", "GigabitEthernet1/0/2 is up, line {protocol} is down (suspended)"),
    ("cisco_xe-hsrp_failover-ok_nameless", "Track object 1 ({unknown})"),
    ("cisco_xe-link_bundle-ok", "Po1(RU)\t\t{LACP}\t"),
    ("cisco_xe-link_bundle-ok", "Te0/0/1({susp})"),
    ("cisco_xe-ospf_neighbour-ok", "2WAY/{DROTHER}"),
    ("cisco_xr-default_route-ok", 'Known via "{static}"'),
    ("cisco_xr-link_bundle-ok", "Te0/0/0/3             Local            {Configured}   0x8000"),
    ("cisco_xr-ospf_neighbour-ok", "2WAY/{DROTHER}"),
    ("cisco_xr-system-ok", "Cisco IOS XR Software, Version {7.5.2}\n"),
    ("cisco_9800-controller_pair-ok", "Operating Redundancy Mode = {sso}"),
    ("cisco_9800-controller_pair-ok", "Communications = {Up}"),
    ("cisco_9800-radius_server-ok", "WNCD (2) : current {DEAD}"),
    ("cisco_wlc-controller_pair-ok", "Redundancy Mode = {SSO ENABLED}"),
    ("cisco_wlc-controller_pair-ok", "Local State = {ACTIVE}"),
    ("cisco_wlc-controller_pair-ok", "Peer State = {STANDBY HOT}"),
    ("cisco_wlc-controller_pair-ok", "BulkSync Status = {Complete}"),
    ("cisco_wlc-time_sync-ok", "10.255.255.1     {In} Sync"),
]


@pytest.mark.parametrize("strange", ["zork!", "Zork"])
@pytest.mark.parametrize(("name", "piece"), CLOSED)
def test_a_word_that_is_none_is_no_value(name: str, piece: str, strange: str) -> None:
    sample = SAMPLES[name]
    before, _, rest = piece.partition("{")
    word, _, after = rest.partition("}")
    whole = sample.observe()
    assert before + word + after in sample.text
    seen = sample.observe(sample.text.replace(before + word + after, before + strange + after, 1))
    assert set(map(str, seen.rows)) < set(map(str, whole.rows))
    assert bool(seen.unread) or not seen.status.measured
