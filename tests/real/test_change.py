"""Changes on real FRR, OsmoBSC and hostapd: planned, applied, complied with, taken back to the byte, and survived.

What is refused, and what an audit says of a change: tests/behaviours, where the simulation has to do the same. Intents
one by one, taken back to the byte: the end of test_drills.py.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

import pytest
import yaml

from tests.behaviours.twin import Twin
from tests.e2e.conftest import NOW
from tests.real.network import Network

pytestmark = [pytest.mark.real, pytest.mark.timeout(900), pytest.mark.xdist_group("twin")]

INTENTS = ("load_balancing", "backup", "priority")


@pytest.fixture
def network(real_province: Twin) -> Network:
    return Network(real_province)


def until(read: Callable[[], str], is_right: Callable[[str], bool], seconds: float, wanted: str = "") -> None:
    """Wait for a device to be as it should be; where it never is, the difference to `wanted` is shown."""
    deadline = time.monotonic() + seconds
    while not is_right(text := read()):
        assert time.monotonic() < deadline, "\n".join(unified_diff(wanted.splitlines(), text.splitlines(), lineterm=""))
        time.sleep(0.2)


def there_and_back(network: Network, folder: Path, *intents: str) -> dict[str, str]:
    """Plan, apply, plan again (nothing), take back: every device is to the byte what it was; what ran between."""
    before = network.running()
    network.plan(folder / "plan.json", *intents, expect=3)
    change = network.change_of("apply", str(folder / "plan.json"))
    between = network.running()
    network.plan(folder / "again.json", *intents, expect=0)
    network.twin.call("rollback", change)
    assert network.running() == before
    return between


#: So many that a router is at them for seconds.
MANY = "".join(f"ip route 198.51.100.{number}/32 blackhole\n" for number in range(100))


MANY_WRITABLE = """\
additions:
  - {platform: frr, lines: {"ip route {prefix} blackhole": null}, by: An, reason: a change that takes seconds}
"""


WAY_IN_WRITABLE = """\
additions:
  - platform: frr
    lines:
      "interface {interface}": {"ip ospf cost {1-65535}": null}
      "router ospf": {"passive-interface {text}": null}
      "router bgp {1-4294967295}": {"neighbor {name} shutdown": null}
    by: An
    reason: the way in
"""


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ("interface eth2\n ip ospf cost 65535\n", "`ip ospf cost 65535` in `interface eth2`"),
        ("router ospf\n passive-interface eth2\n", "`passive-interface eth2` in `router ospf`"),
        ("router bgp 65000\n neighbor INNER shutdown\n", "`neighbor INNER shutdown` in `router bgp 65000`"),
        ("interface eth3\n ip ospf cost 65\n", ""),
    ],
)
def test_the_learned_route_back_is_protected(network: Network, tmp_path: Path, lines: str, refused: str) -> None:
    """FRR learns the network by BGP from a route reflector, and the way to that neighbour by OSPF."""
    inventory = network.twin.copy / "inventory"
    hosts, added = inventory / "hosts.yaml", inventory / "writable.yaml"
    template = network.twin.copy / "templates" / "backup" / "frr.j2"
    before = {path: path.read_text(encoding="utf-8") if path.exists() else None for path in (hosts, added, template)}
    entries = yaml.safe_load(hosts.read_text(encoding="utf-8"))
    entries["gw-1"]["data"]["access"] = {"seen_from": "203.0.113.77"}
    try:
        hosts.write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")
        added.write_text(WAY_IN_WRITABLE, encoding="utf-8")
        template.write_text(f"{before[template]}\n{lines}", encoding="utf-8")
        words = ("plan", "backup", "-l", "gw-1", "--out", str(tmp_path / "plan.json"))
        done = network.twin.command(*words, expect=(7 if refused else 0,))
    finally:
        for path, text in before.items():
            path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    if refused:
        route = (
            "its route back to 203.0.113.77 is bgp, 10.255.0.3 + 10.0.13.2 (eth2); 10.255.0.3: ospf, 10.0.13.2 (eth2)"
        )
        assert f"{refused} changes the way in to gw-1: {route}" in " ".join(done.stderr.split())
    else:
        assert "The route back to this machine could not be read" not in done.stdout


@pytest.mark.parametrize(
    ("device", "more", "sign"),
    [("gw-1", MANY, "ip route 198.51.100.20/32 blackhole"), ("ap-host-1", "", "max_num_sta=10")],
    ids=["gw-1", "ap-host-1"],
)
def test_a_device_goes_back_by_itself_when_we_are_killed(
    network: Network, tmp_path: Path, device: str, more: str, sign: str
) -> None:
    before = network[device].running()
    template = network.twin.copy / "templates" / "load_balancing" / f"{network[device].entry['platform']}.j2"
    good = template.read_text(encoding="utf-8")
    template.write_text(good + more, encoding="utf-8")
    added = network.twin.copy / "inventory" / "writable.yaml"
    added.write_text(MANY_WRITABLE, encoding="utf-8")
    try:
        network.plan(tmp_path / "plan.json", "load_balancing", "-l", device, expect=3)
    finally:
        template.write_text(good, encoding="utf-8")
    known = network.changes()
    killed_while_open(network, tmp_path, device, sign, 30)
    until(network[device].running, before.__eq__, 480, before)  # FRR takes back line by line, a busy host a second each
    (change,) = network.changes() - known
    network.twin.call("apply", "--resume", change, expect=(5,))
    assert network[device].running() == before


def test_what_has_no_way_back_of_its_own_is_finished_or_taken_back_afterwards(network: Network, tmp_path: Path) -> None:
    before = network["bsc"].running()
    network.plan(tmp_path / "plan.json", "load_balancing", "-l", "bsc", expect=3)
    known = network.changes()
    killed_while_open(network, tmp_path, "bsc", "handover2 congestion-check 5", 60)
    (change,) = network.changes() - known
    done = network.twin.call("apply", "--resume", change, expect=(0, 5))
    if done.returncode == 0:
        network.plan(tmp_path / "again.json", "load_balancing", "-l", "bsc", expect=0)
        network.twin.call("rollback", change)
    assert network["bsc"].running() == before


def killed_while_open(network: Network, folder: Path, device: str, sign: str, seconds: int) -> None:
    """kill -9 as soon as the device shows the new lines, which is before anything has been confirmed.

    The process stands still while we look, so that it cannot be done before we have seen it.
    """
    copy = network.twin.copy
    words = ["-w", str(copy), "--now", NOW, "apply", str(folder / "plan.json"), "--confirm-within", f"{seconds}s",
             "--soak", "3s"]  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "eventready", *words], cwd=copy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:

        def look() -> str:
            process.send_signal(signal.SIGCONT)
            time.sleep(0.3)
            assert process.poll() is None, "it came to its end"
            process.send_signal(signal.SIGSTOP)
            return network[device].running()

        try:
            until(look, lambda text: sign in text, 400)
        finally:
            process.kill()


def test_values_that_were_others_before_come_back(network: Network, tmp_path: Path) -> None:
    """All intents at once, where most of what they set had another value, set by hand and saved.

    The last test of the real lab: what is set by hand stays.
    """
    network["gw-1"].configure(
        "router ospf", "maximum-paths 2", "exit", "bfd", "profile EVENT", "transmit-interval 400",
        "detect-multiplier 5", "exit", "exit", "ip route 0.0.0.0/0 10.0.14.2 250", "interface eth1",
        "vrrp 5 priority 180", "vrrp 5 advertisement-interval 900", "exit", "interface eth2",
        "ip ospf bfd profile fast", "exit", "pbr-map EVENT-VIP seq 10", "match src-ip 10.99.0.0/24",
        "set nexthop 10.0.14.2", "exit", "router bgp 65000", "address-family ipv4 unicast", "maximum-paths 2",
    )  # fmt: skip
    network["bsc"].configure(
        "network", "handover 0", "handover algorithm 1", "handover2 congestion-check 33",
        "handover2 min-free-slots tch/f 9", "bts 0", "cell reselection hysteresis 2", "cell reselection offset 8",
        "channel allocator tch-signalling-policy never", "codec-support fr", "rach max transmission 2",
        "access-control-class-ramping", "access-control-class-ramping-step-interval 77",
        "access-control-class-ramping-chan-load 11 22", "handover2 min-free-slots tch/h 1", "exit", "bts 3",
        "cell reselection offset 4",
    )  # fmt: skip
    network["ap-host-1"].ssh(
        "cd /etc/hostapd; sed -i 's/^max_num_sta=.*/max_num_sta=99/; s/^wmm_enabled=.*/wmm_enabled=1/' press.conf; "
        "sed -i '3i bss_transition=0' gate.conf; echo ap_max_inactivity=300 >> gate.conf"
    )
    set_by_hand = network.running()
    assert "handover2 congestion-check 33" in set_by_hand["bsc"]
    assert " maximum-paths 2" in set_by_hand["gw-1"]
    saved = {name: network[name].saved() for name in ("gw-1", "bsc")}
    between = there_and_back(network, tmp_path, *INTENTS)
    assert "handover2 congestion-check 5" in between["bsc"]
    assert "max_num_sta=10" in between["ap-host-1"]
    assert {name: network[name].saved() for name in ("gw-1", "bsc")} == saved
