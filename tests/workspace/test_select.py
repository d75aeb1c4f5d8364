"""`-l`: which devices an expression means."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.errors import UsageError
from eventready.workspace.devices.device import ROLES, SERVICES, Device
from eventready.workspace.devices.select import select

DEVICES = (
    Device("core-1", "router", "cisco_xe", "192.0.2.1", venues=("hoi-nghi", "van-hoa"), endpoint="192.0.2.1"),
    Device("core-2", "router", "cisco_xe", "192.0.2.2", venues=("hoi-nghi",), endpoint="192.0.2.2"),
    Device("edge-1", "router", "frr", "192.0.2.3", venues=("van-hoa",), endpoint="192.0.2.3", services=("internet",)),
    Device("bsc-1", "bts_controller", "osmocom_bsc", "192.0.2.4", venues=("van-hoa",), endpoint="mae-1"),
    Device("wlc-1", "wifi_controller", "cisco_9800", "192.0.2.5", venues=("hoi-nghi",), endpoint="192.0.2.5"),
)

CASES = {
    None: "core-1 core-2 edge-1 bsc-1 wlc-1",
    "role=router": "core-1 core-2 edge-1",
    "role=router,venue=hoi-nghi": "core-1 core-2",
    " role = router , venue = hoi-nghi ": "core-1 core-2",
    "core-1": "core-1",
    "core-2,core-1": "core-1 core-2",
    "core-*": "core-1 core-2",
    "core-*,role=router,venue=van-hoa": "core-1",
    "venue=hoi-nghi,venue=van-hoa": "core-1 core-2 edge-1 bsc-1 wlc-1",
    "role=*controller": "bsc-1 wlc-1",
    "role!=router": "bsc-1 wlc-1",
    "!role=router": "bsc-1 wlc-1",
    "role=router,!venue=van-hoa": "core-2",
    "!core-*": "edge-1 bsc-1 wlc-1",
    "role=router,!core-*": "edge-1",
    "platform=frr": "edge-1",
    "service=mobile": "core-1 core-2 bsc-1",
    "service=wifi,venue=hoi-nghi": "core-1 core-2 wlc-1",
    "endpoint=mae-1": "bsc-1",
    "name=wlc-1,": "wlc-1",
}


@pytest.mark.parametrize(("expression", "names"), CASES.items())
def test_meant(expression: str | None, names: str) -> None:
    assert " ".join(device.name for device in select(DEVICES, expression)) == names


REFUSED = {
    "": "the expression of -l is empty. Name devices, or leave -l out for all of them.",
    " , ": "the expression of -l is empty. Name devices, or leave -l out for all of them.",
    "core-3": "no device has the name 'core-3'. Did you mean 'core-2'?",
    "role=ruoter": "no device has the role 'ruoter'. Did you mean 'router'?",
    "venue=den-tho": "no device has the venue 'den-tho'. Known: hoi-nghi, van-hoa.",
    "roel=router": "devices cannot be selected by 'roel'. Did you mean 'role'?",
    "role=": "'role=' has no value. Write role=value.",
    "role=router,endpoint=mae-1": "no device matches 'role=router,endpoint=mae-1'. Remove a condition.",
    "!core-9": "no device has the name 'core-9'. Did you mean 'core-2'?",
}


@pytest.mark.parametrize(("expression", "sentence"), REFUSED.items())
def test_refused(expression: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        select(DEVICES, expression)
    assert str(raised.value) == sentence


WORDS = st.sampled_from(["a", "b", "ab", "a*", "*b", "?", "*"])
FLEETS = st.lists(
    st.builds(
        Device,
        name=st.text("ab", min_size=1, max_size=3),
        role=st.sampled_from(ROLES),
        platform=st.sampled_from(["a", "b"]),
        hostname=st.just("192.0.2.1"),
        venues=st.lists(st.sampled_from(["a", "b", "ab"]), max_size=2).map(tuple),
        services=st.lists(st.sampled_from(SERVICES), max_size=2).map(tuple),
        endpoint=st.just("x"),
    ),
    max_size=6,
).map(tuple)


def chosen(devices: tuple[Device, ...], expression: str) -> tuple[Device, ...]:
    try:
        return select(devices, expression)
    except UsageError:
        return ()


@given(devices=FLEETS, one=WORDS, other=WORDS)
def test_laws(devices: tuple[Device, ...], one: str, other: str) -> None:
    found = chosen(devices, one)
    assert found == tuple(device for device in devices if fnmatchcase(device.name, one)), "a bare word is a glob"
    either = set(chosen(devices, f"{one},{other}"))
    if found and chosen(devices, other):
        assert either == set(found) | set(chosen(devices, other)), "one key: alternatives"
    both = set(chosen(devices, f"venue={one},platform={other}"))
    assert both == set(chosen(devices, f"venue={one}")) & set(chosen(devices, f"platform={other}")), "two keys: both"
    rest = set(chosen(devices, f"!{one}"))
    if found:
        assert rest == set(devices) - set(found), "without"


@given(devices=FLEETS, expression=st.text("ab=!,* role", max_size=12))
def test_a_selection_is_part_of_the_fleet_in_its_order_and_never_empty(
    devices: tuple[Device, ...], expression: str
) -> None:
    found = chosen(devices, expression)
    remaining = iter(devices)
    assert all(device in remaining for device in found)
    if not found and devices:
        with pytest.raises(UsageError):
            select(devices, expression)
