"""Behind a printed time a zone, an offset and a word for daylight saving may stand; the rows are the same."""

from __future__ import annotations

import pytest

from tests.platforms.samples import all_samples

SAMPLES = {sample.id: sample for sample in all_samples()}
ZONES = [" ICT", " UTC+07:00", " +07:00", "+07:00", "+07:00 DST", " ICT DST"]
XE_LOG = "*Apr 25 07:00:00.123{}: %LINK-3-UPDOWN: Interface GigabitEthernet0/0/9, changed state to down\n"
#: Sample, a piece of it, and what a device prints in its place; the zone stands in the braces.
PRINTED = [
    ("cisco_xr-hsrp_group-ok", "00:12:19.913 ICT ", "00:12:19.913{} "),
    ("cisco_xr-hsrp_failover-ok", "Mon Apr 25 07:00:00.123 ICT", "Mon Apr 25 07:00:00.123{}"),
    ("cisco_xr-address-ok", "Mon Apr 25 07:00:00.123 ICT", "Mon Apr 25 07:00:00.123{}"),
    ("cisco_wlc-time_sync-ok", "07:00:00 2022", "07:00:00{} 2022"),
    ("cisco_wlc-time_sync-ok", "NTP Servers\n", "*tRRM: Apr 25 07:00:00.123{}: %RRM-3-LOG: a radio\nNTP Servers\n"),
    ("cisco_xe-address-ok", "NVI0 is up", XE_LOG + "NVI0 is up"),
    ("cisco_9800-wlan-ok", "1    quay", XE_LOG + "1    quay"),
    (
        "cisco_xr-ospf_neighbour-ok",
        "\nNeighbor ID ",
        "\nRP/0/RP0/CPU0:Apr 25 07:00:00.123{}: ifmgr[1]: %PKT\nNeighbor ID ",
    ),
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("name", "piece", "printed"), PRINTED)
def test_a_zone_behind_a_time_changes_no_row(name: str, piece: str, printed: str, zone: str) -> None:
    sample = SAMPLES[name]
    assert piece in sample.text
    seen = sample.observe(sample.text.replace(piece, printed.format(zone), 1))
    assert seen.rows == sample.observe().rows, seen.unmatched
    assert seen.status is sample.expected.status
    assert not seen.unread


@pytest.mark.parametrize("zone", ZONES)
def test_the_time_of_a_commit_is_kept_with_its_zone(zone: str) -> None:
    sample = SAMPLES["cisco_xr-saved_config-ok"]
    (row,) = sample.observe(sample.text.replace("22:15:03 2022", f"22:15:03{zone} 2022")).rows
    assert f"22:15:03{zone}" in str(row)
