"""What a plan says of a guard is true of the platform: nobody is promised a startup configuration that is not there."""

from __future__ import annotations

import pytest

from eventready.change.guard import gap, protects
from eventready.change.story import GUARDS
from eventready.facts.platform import load_platform
from eventready.platforms.loader import platform_names


@pytest.mark.parametrize("name", platform_names())
def test_the_startup_configuration_is_named_only_where_there_is_one(name: str) -> None:
    spec = load_platform(name).spec.change
    assert spec is not None
    for guard in spec.guards:
        saves = bool(spec.save)
        said = protects(guard, 600, saves=saves) + gap(guard, saves=saves)
        assert saves or "startup" not in said
        assert guard.kind in GUARDS


def test_what_is_kept_over_a_restart_is_told_of_those_that_have_nothing_else() -> None:
    hostapd, mml = load_platform("linux_hostapd").spec.change, load_platform("huawei_mml").spec.change
    assert hostapd is not None
    assert mml is not None
    assert "comes up with the new configuration" in gap(hostapd.guards[0], saves=bool(hostapd.save))
    assert "over a restart too" in gap(mml.guards[0], saves=bool(mml.save))
