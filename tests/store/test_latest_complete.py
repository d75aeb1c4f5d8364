"""The run that stands for the network: the latest of all devices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eventready.store.run import Summary, latest_complete


def summary(name: str, devices: int) -> Summary:
    return Summary(name, "fair", "2033-07-25T07:00:00+07:00", rehearsal=False, needed=0, measured=0, devices=devices)


@pytest.mark.parametrize(
    ("covered", "expected"),
    [
        ([], None),
        ([3, 3], "1"),
        ([3, 1], "0"),  # the audit of a drill does not replace the audit of the network
        ([1, 2], "1"),  # no complete audit
        ([2, 3, 1, 5, 2], "3"),  # a device was removed from the inventory since
    ],
)
def test_a_partial_audit_does_not_replace_a_complete_one(covered: list[int], expected: str | None) -> None:
    found = latest_complete([summary(str(number), devices) for number, devices in enumerate(covered)], 3)
    assert (found and found.id) == expected


@pytest.mark.parametrize("covered", [[3], [3, 3], [2, 5]])
def test_an_audit_for_a_window_stands_for_the_network_with_no_number_of_devices(covered: list[int]) -> None:
    of_window = [replace(summary(str(number), devices), window="Gala") for number, devices in enumerate(covered)]
    assert latest_complete(of_window, 3) is None
    assert not any(one.full(3) for one in of_window)
    found = latest_complete([summary("network", 3), *of_window], 3)
    assert found is not None
    assert found.id == "network"
