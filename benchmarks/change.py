"""Time of a safe change, as a ratio in one run: eventready against a plain Nornir loop over send_config_set.

`make bench` prints a table, `python -m benchmarks.change --json` one object. The devices are simulated by the embedded
lab (`lab up --scale`) in a process of its own on the same machine, so that only the ratio is comparable elsewhere. Both
send the same lines to the same devices; in between, eventready rolls its change back.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any, Final

import yaml

from benchmarks.fleet import ROOT, WORKERS, lab, measure
from eventready_lab.embedded.fleet import PLATFORMS

_AS: Final = 65000


def _cisco_xe(expect: Mapping[str, Any], hop: str) -> dict[str, Any]:
    return {
        "load_balancing": {
            "ospf": {"process": 1, "maximum_paths": 8},
            "bgp": {"as": _AS, "maximum_paths": 4},
        },
        "backup": {"uplink": {"interface": expect["uplinks"][0], "next_hop": hop, "sla": 10, "track": 10}},
    }


def _frr(expect: Mapping[str, Any], hop: str) -> dict[str, Any]:
    return {
        "load_balancing": {"ospf": {"maximum_paths": 8}},
        "backup": {"uplink": {"next_hop": hop}, "bfd_ms": 250, "ospf_interfaces": expect["uplinks"]},
    }


#: Values of the templates by platform, beside the common ones. Huawei routers of the fleet are left out: Netmiko waits
#: there for seconds of silence (11 s for 18 lines and their commit), and the ratio would be too good.
INTENTS: dict[str, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {"cisco_xe": _cisco_xe, "frr": _frr}


def scale(devices: int) -> int:
    """Size of a generated fleet with at least `devices` devices on the platforms of INTENTS."""
    taking = sum(name in INTENTS for name in PLATFORMS)
    return ceil(devices * len(PLATFORMS) / taking) + 2 * len(PLATFORMS)


def with_intents(copy: Path) -> None:
    """Add two intents to each router of a generated fleet, which has none and serves no radio."""
    path = copy / "inventory" / "hosts.yaml"
    hosts = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    for host in hosts.values():
        if host["platform"] in INTENTS:
            host["data"]["services"] = ["fixed", "internet"]
            host["data"]["intents"] = _intents(host["platform"], host["data"]["expect"])
    path.write_text(json.dumps(hosts), encoding="utf-8")  # which is YAML


def _intents(name: str, expect: Mapping[str, Any]) -> dict[str, Any]:
    hop = expect["ospf"][0]
    intents = INTENTS[name](expect, hop)
    backup = {
        "priority": {"master": 120, "backup": 105},
        "decrement": 30,
        "gateway_groups": [gateway["group"] for gateway in expect.get("gateways", ())],
        "floating": [{"next_hop": str(ip_address(hop) + 1), "distance": 200}],
    }
    return {**intents, "backup": {**backup, **intents["backup"]}}


def run(*, devices: int, rounds: int) -> dict[str, Any]:
    """Return all figures: plan, apply, rollback, then the plain loop, on a new fleet for each round."""
    turns: dict[str, list[dict[str, Any]]] = {"plan": [], "apply": [], "rollback": [], "send_config": []}
    for number in range(1, rounds + 1):
        with lab(ROOT, "--scale", str(scale(devices))) as copy:
            with_intents(copy)
            measure("audited", copy, scale(devices), "changing")
            for step, figures in turns.items():
                figures.append(measure(step, copy, devices, "changing"))
                _refuse_failure(step, devices, figures[-1])
                print(f"round {number}, {step}: {figures[-1]['seconds']:.1f} s", file=sys.stderr, flush=True)
    seconds = {step: [turn["seconds"] for turn in figures] for step, figures in turns.items()}
    applied = turns["apply"][0]
    return {
        "devices": devices,
        "lines": applied["lines"],
        "waves": applied["waves"],
        "workers": WORKERS,
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}",
        "plan_s": round(median(seconds["plan"]), 2),
        "ours_s": round(median(seconds["apply"]), 2),
        "rollback_s": round(median(seconds["rollback"]), 2),
        "plain_s": round(median(seconds["send_config"]), 2),
        "ratio": round(
            median(ours / plain for ours, plain in zip(seconds["apply"], seconds["send_config"], strict=True)), 2
        ),
        "outcomes": applied["outcomes"],
    }


def _refuse_failure(step: str, devices: int, figures: Mapping[str, Any]) -> None:
    """Exit unless every device is proven to be in its new state."""
    if figures["failed"] or figures["devices"] != devices:
        raise SystemExit(f"{step}: {figures['failed']} of {figures['devices']} devices failed ({figures['outcomes']})")


ROWS = (
    ("eventready apply: guard, journal, compare, verify, confirm, save", "ours_s"),
    ("the same lines by a plain Nornir loop, send_config_set, no safety", "plain_s"),
    ("eventready plan, made before", "plan_s"),
    ("eventready rollback of the whole change", "rollback_s"),
)


def table(figures: Mapping[str, Any]) -> str:
    """Figures as text in Markdown."""
    return "\n".join(
        [
            f"{figures['machine']}; {figures['devices']} simulated devices, {figures['lines']} lines, "
            f"{figures['workers']} workers; eventready in {figures['waves']} waves",
            "",
            "| | s | against plain |",
            "|---|---:|---:|",
            *(f"| {title} | {figures[key]:.1f} | {figures[key] / figures['plain_s']:.2f} x |" for title, key in ROWS),
            "",
            f"{figures['outcomes']['new']} of {figures['devices']} devices are new, verified and saved; in between "
            "all are rolled back",
        ]
    )


def main() -> None:
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1, help="a round takes some minutes")
    given = parser.parse_args()
    figures = run(devices=given.devices, rounds=given.rounds)
    print(json.dumps(figures) if given.json else table(figures))


if __name__ == "__main__":
    main()
