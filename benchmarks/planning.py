"""CPU time of planning 1,000 new lines on configurations of 5,000 and of 20,000 lines, and the ratio of the two.

`python -m benchmarks.planning [--json]`. No device and no lab: merge, commands there and back, writable lines, effects,
fingerprint and diff, as `plan` computes them for one device. A ratio above 4 would be worse than linear.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from time import process_time

from eventready.change.forms.known_forms import form_of
from eventready.change.safety.effects import effects_of
from eventready.change.safety.forbidden import refuse_forbidden
from eventready.change.safety.writable import WritableLines
from eventready.platforms.loader import describe
from eventready.workspace.devices.intents import INTENTS

SIZES = (5_000, 20_000)
NEW_LINES = 1_000


def _cisco_xe(number: int) -> tuple[list[str], list[str]]:
    """Return the lines of one subinterface and its route, and the new lines for it."""
    port = f"GigabitEthernet0/{number // 1000}/{number % 1000}.{number}"
    net = f"10.{number // 250 % 250}.{number % 250}"
    now = [f"interface {port}", f" description port {number}", f" ip address {net}.1 255.255.255.252",
           " standby 1 priority 100", f"ip route {net}.0 255.255.255.0 10.0.0.{number % 250}"]  # fmt: skip
    return now, [f"interface {port}", " standby 1 priority 120", f"ip route 0.0.0.0 0.0.0.0 172.16.{net[3:]}"]


def _frr(number: int) -> tuple[list[str], list[str]]:
    net = f"10.{number // 250 % 250}.{number % 250}"
    now = [f"interface eth{number}", f" ip address {net}.1/30", " vrrp 1", " vrrp 1 priority 110", "exit",
           f"ip route {net}.0/24 10.0.0.{number % 250}"]  # fmt: skip
    return now, [f"interface eth{number}", " vrrp 1 priority 120", f"ip route 0.0.0.0/0 172.16.{net[3:]}"]


def _juniper_junos(number: int) -> tuple[list[str], list[str]]:
    net = f"10.{number // 250 % 250}.{number % 250}"
    now = [f"set interfaces ge-0/0/{number} unit 0 family inet address {net}.1/30",
           f"set routing-options static route {net}.0/24 next-hop 10.0.0.1"]  # fmt: skip
    route = f"set routing-options static route 0.0.0.0/0 qualified-next-hop 172.16.{net[3:]} preference"
    return now, [f"{route} {number % 250 + 1}"]


PLATFORMS: dict[str, Callable[[int], tuple[list[str], list[str]]]] = {
    "cisco_xe": _cisco_xe, "frr": _frr, "juniper_junos": _juniper_junos,
}  # fmt: skip


def texts(platform: str, size: int) -> tuple[str, str]:
    """Return a configuration with `size` lines, and a template with NEW_LINES lines."""
    now, new = list[str](), list[str]()
    for number in range(1, size):
        lines, wanted = PLATFORMS[platform](number)
        now += lines
        new += wanted if len(new) < NEW_LINES else []
        if len(now) >= size:
            break
    return "\n".join([*now, "end\n" if platform != "juniper_junos" else ""]), "\n".join([*new, ""])


def plan_seconds(platform: str, size: int) -> float:
    """Return the CPU seconds of planning one device."""
    spec = describe(platform).spec
    change = spec.change
    if change is None:
        raise ValueError(f"{platform} is read-only")
    text, template = texts(platform, size)
    start = process_time()
    writable = WritableLines.of(platform, spec, INTENTS, ())
    fragment = form_of(change).parse(writable.canonical_text(template, "template"), "template")
    running = form_of(change).read({change.read: text}, device="device")
    predicted = form_of(change).merge(running.tree, fragment)
    for now, then in ((running.tree, predicted), (predicted, running.tree)):
        lines = form_of(change).commands_between(now, then)
        refuse_forbidden(spec, lines, device="device", running=running, address="192.0.2.9")
        writable.refuse_commands(lines, "device")
        effects_of(change.effects, now)
    form_of(change).recreated(running.tree, predicted)
    form_of(change).fingerprint(predicted)
    form_of(change).diff(running.tree, predicted)
    return process_time() - start


def measure() -> Iterator[dict[str, object]]:
    """Yield the seconds of each platform by size, and their ratio; the better of two runs counts."""
    for platform in PLATFORMS:
        small, large = (min(plan_seconds(platform, size) for _ in range(2)) for size in SIZES)
        yield {
            "platform": platform,
            "s_5k": round(small, 2),
            "s_20k": round(large, 2),
            "ratio": round(large / small, 2),
        }


def main() -> None:
    """Print a table, or one object with --json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    rows = list(measure()) if not parser.parse_args().json else None
    if rows is None:
        print(json.dumps({"planning": list(measure())}))
        return
    for row in rows:
        print(f"{row['platform']:<14} {row['s_5k']:>6} s {row['s_20k']:>6} s  ratio {row['ratio']}")


if __name__ == "__main__":
    main()
