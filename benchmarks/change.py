"""How long a safe change takes, as a ratio: ours against a plain Nornir loop over send_config_set, in one run.

`make bench` prints a table, `python -m benchmarks.change --json` one object. The devices are simulated by the embedded
lab (`lab up --scale`) in a process of its own on the same machine, so that only the ratio travels. Both send the same
lines to the same devices: in between, ours takes them back.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
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


#: What the templates want of a host besides what all have alike, by platform. A fleet's Huawei routers are left out:
#: Netmiko waits there for seconds of silence (11 s for 18 lines and their commit), which would flatter us.
INTENTS: dict[str, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {"cisco_xe": _cisco_xe, "frr": _frr}


def scale(devices: int) -> int:
    """How large a generated fleet must be for `devices` of it to be on platforms that we have values for."""
    taking = sum(name in INTENTS for name in PLATFORMS)
    return ceil(devices * len(PLATFORMS) / taking) + 2 * len(PLATFORMS)


def with_intents(copy: Path) -> None:
    """Give the routers of a generated fleet, which has no intents of its own, two each."""
    path = copy / "inventory" / "hosts.yaml"
    hosts = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    for host in hosts.values():
        if host["platform"] in INTENTS:
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
    """All figures: plan, apply, take back, then the plain loop, on a fleet that is made anew for each round."""
    turns: dict[str, list[dict[str, Any]]] = {"plan": [], "apply": [], "take_back": [], "send_config": []}
    for _ in range(rounds):
        with lab(ROOT, "--scale", str(scale(devices))) as copy:
            with_intents(copy)
            for step, told in turns.items():
                told.append(measure(step, copy, devices, "changing"))
                _refuse_failure(step, devices, told[-1])
    seconds = {step: [turn["seconds"] for turn in told] for step, told in turns.items()}
    applied = turns["apply"][0]
    return {
        "devices": devices,
        "lines": applied["lines"],
        "waves": applied["waves"],
        "workers": WORKERS,
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}",
        "plan_s": round(median(seconds["plan"]), 2),
        "ours_s": round(median(seconds["apply"]), 2),
        "take_back_s": round(median(seconds["take_back"]), 2),
        "plain_s": round(median(seconds["send_config"]), 2),
        "ratio": round(
            median(ours / plain for ours, plain in zip(seconds["apply"], seconds["send_config"], strict=True)), 2
        ),
        "outcomes": applied["outcomes"],
    }


def _refuse_failure(step: str, devices: int, told: Mapping[str, Any]) -> None:
    """A time counts only where every device is proven to be what it was to become."""
    if told["failed"] or told["devices"] != devices:
        raise SystemExit(f"{step}: {told['failed']} of {told['devices']} devices did not take it ({told['outcomes']})")


ROWS = (
    ("eventready apply: guard, journal, compare, verify, confirm, save", "ours_s"),
    ("the same lines by a plain Nornir loop, send_config_set, no safety", "plain_s"),
    ("eventready plan, made before", "plan_s"),
    ("eventready rollback of it all", "take_back_s"),
)


def table(told: Mapping[str, Any]) -> str:
    """The figures for a person, in Markdown."""
    return "\n".join(
        [
            f"{told['machine']}; {told['devices']} simulated devices, {told['lines']} lines, "
            f"{told['workers']} workers; ours in {told['waves']} waves",
            "",
            "| | s | against plain |",
            "|---|---:|---:|",
            *(f"| {title} | {told[key]:.1f} | {told[key] / told['plain_s']:.2f} x |" for title, key in ROWS),
            "",
            f"{told['outcomes']['new']} of {told['devices']} devices are new, verified and saved; in between all are "
            "taken back",
        ]
    )


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    told = run(devices=given.devices, rounds=given.rounds)
    print(json.dumps(told) if given.json else table(told))


if __name__ == "__main__":
    main()
