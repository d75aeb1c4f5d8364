"""One port has one key, whatever the spelling; two ports never share one."""

from __future__ import annotations

import pytest

from eventready.facts.ports import optic_key, port_key


@pytest.mark.parametrize(
    "spellings",
    [
        ("TenGigabitEthernet0/0/1", "Te0/0/1", "TenGigE0/0/1", "tengigabitethernet 0/0/1"),
        ("GigabitEthernet0/1/0", "Gi0/1/0", "GE0/1/0", "Gig 0/1/0"),
        ("XGigabitEthernet0/0/1", "XGE0/0/1", "XGigabitEthernet0/0/1(10G)"),
        ("100GE1/0/1", "100ge1/0/1"),
        ("Port-channel1", "Po1", "port-channel 1"),
        ("Eth-Trunk1", "eth-trunk1"),
        ("eth1", "Ethernet1"),
    ],
)
def test_spellings_of_one_port(spellings: tuple[str, ...]) -> None:
    assert len({port_key(name) for name in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Te0/0/1", "Te0/0/11"),
        ("Te0/0/1", "Gi0/0/1"),
        ("eth1", "eth-trunk1"),
        ("Po1", "Eth-Trunk1"),
        ("100GE1/0/1", "GE1/0/1"),
        ("GigabitEthernet0/0/1.100", "GigabitEthernet0/0/1"),
        ("Vlan100", "Vlanif100"),
    ],
)
def test_ports_that_are_not_one(one: str, other: str) -> None:
    assert port_key(one) != port_key(other)


@pytest.mark.parametrize("odd", ["", " ", "(10G)", "ether1 bridge", "é", "1" * 10_000])
def test_odd_names_stay_as_they_are(odd: str) -> None:
    assert port_key(odd) == port_key(port_key(odd))


@pytest.mark.parametrize("port", ["TenGigE0/2/0/4", "Te0/2/0/4", "HundredGigE0/2/0/4", "Optics0/2/0/4"])
def test_a_port_and_its_transceiver_have_one_number(port: str) -> None:
    assert optic_key(port) == port_key("Optics0/2/0/4")
