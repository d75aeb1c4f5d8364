"""What a plan says of a guard is true of the platform: nobody is promised a startup configuration that is not there."""

from __future__ import annotations

import pytest

from eventready.change.guard import gap, protects
from eventready.core.messages import in_english, term
from eventready.facts.platform import load_platform
from eventready.platforms.loader import allows, platform_names

CHANGED = [name for name in platform_names() if load_platform(name).spec.change]


@pytest.mark.parametrize("name", CHANGED)
def test_the_startup_configuration_is_named_only_where_there_is_one(name: str) -> None:
    spec = load_platform(name).spec.change
    assert spec is not None
    for guard in spec.guards:
        saves = bool(spec.save)
        output = in_english(protects(guard, 600, saves=saves)) + in_english(gap(guard, saves=saves))
        assert saves or "startup" not in output
        assert term("change:guard", guard.kind, "en") != guard.kind


def test_what_is_kept_over_a_restart_is_reported_of_those_that_have_nothing_else() -> None:
    hostapd, mml = load_platform("linux_hostapd").spec.change, load_platform("huawei_mml").spec.change
    assert hostapd is not None
    assert mml is not None
    assert "starts with the new configuration" in in_english(gap(hostapd.guards[0], saves=bool(hostapd.save)))
    assert "also after a restart" in in_english(gap(mml.guards[0], saves=bool(mml.save)))


@pytest.mark.parametrize("name", CHANGED)
def test_every_guard_on_the_device_is_probed_with_read_only_commands(name: str) -> None:
    platform = load_platform(name)
    assert platform.spec.change is not None
    for guard in platform.spec.change.guards:
        assert bool(guard.probes) == (guard.kind != "inverse")
        for probe in guard.probes:
            assert guard.kind == "dead_man" or allows(platform.spec, probe.command)


@pytest.mark.parametrize("name", CHANGED)
def test_platforms_with_adjacencies_or_a_broadcast_name_their_times(name: str) -> None:
    platform = load_platform(name)
    assert platform.spec.change is not None
    followed = {"ospf_neighbour", "vrrp_group", "cell"} & set(platform.facts)  # by neighbours, or by phones
    assert bool(platform.spec.change.hold_times) == bool(followed)
