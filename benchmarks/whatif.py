"""CPU time and memory of all single failures of a network with 3 links a device, from a stored run, import included.

`python -m benchmarks.whatif [--json]`. Half of the devices are at 20 venues with two services each; a risk group for
every hundredth link and the next.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

SIZES = (2_000, 10_000)
_VENUES = 20


def _links(size: int) -> list[tuple[int, int]]:
    """Return a tree, and as many links again twice between devices near to each other."""
    random = Random(7)
    tree = [(max(0, number // 3 - random.randrange(2)), number) for number in range(1, size)]
    return tree + [(number, (number + random.randrange(2, 200)) % size) for number in range(size) for _ in range(2)]


def document(size: int) -> dict[str, Any]:
    """Return the part of a run that the graph reads: ports, neighbours and adjacencies of routers."""
    ports: list[list[tuple[str, int, str]]] = [[] for _ in range(size)]
    for place, (one, other) in enumerate(_links(size)):
        ports[one].append((f"Gi0/{place}", other, f"Gi0/{place}"))
        ports[other].append((f"Gi0/{place}", one, f"Gi0/{place}"))
    observations = []
    for number, own in enumerate(ports):
        rows: dict[str, list[dict[str, Any]]] = {
            "interface": [{"name": port, "admin": "up", "oper": "up"} for port, _far, _there in own],
            "neighbour": [{"interface": port, "device": f"r{far}", "port": there} for port, far, there in own],
            "ospf_neighbour": [
                {"protocol": "ospf", "peer": f"10.{far // 250}.{far % 250}.1", "interface": port, "state": "Full",
                 "up": True}
                for port, far, _there in own
            ],
        }  # fmt: skip
        observations += [
            {"device": f"r{number}", "fact": fact, "status": "parsed", "rows": found} for fact, found in rows.items()
        ]
    return {"id": "bench", "observations": observations, "findings": []}


def measure(path: Path, size: int) -> dict[str, object]:
    """Read the run, and find what every device, link and group takes; figures of this process, import included."""
    from eventready.audit.run_builder import recorded_network
    from eventready.evaluation.verdicts import verdicts_of
    from eventready.network.graph.outcome import WhatIf
    from eventready.network.setting import NetworkSetting
    from eventready.store.run import Run
    from eventready.workspace.devices.device import Device
    from eventready.workspace.settings.event import ServiceOrigin, Venue
    from eventready.workspace.settings.risk import RiskGroup

    names = [f"venue-{number}" for number in range(_VENUES)]
    venues = [Venue(id=name, name=name, name_vi=name, services=("fixed", "internet")) for name in names]
    devices = [
        Device(f"r{number}", "router", "frr", f"r{number}", venues=(names[number % _VENUES],) if number % 2 else ())
        for number in range(size)
    ]
    groups = [
        RiskGroup(name=f"duct {place}", kind="duct", members=(f"r{one}:Gi0/{place}", f"r{_next[0]}:Gi0/{place + 1}"))
        for place, ((one, _other), _next) in enumerate(zip(_links(size), _links(size)[1:], strict=False))
        if place % 100 == 0
    ]
    origins = [ServiceOrigin(kind="upstream", device="r0"), ServiceOrigin(kind="upstream", device="r1")]
    network = recorded_network(devices, Run.of(json.loads(path.read_bytes())))
    whatif = WhatIf(network, NetworkSetting(venues, origins, groups))
    outcomes = list(whatif.single())
    found = verdicts_of(venues, devices, (), network=whatif)
    ways = [whatif.walks.of(number) for number in range(len(whatif.users)) if whatif.state(number) == "served"]
    return {
        "devices": size, "links": len(_links(size)), "groups": len(groups), "with_a_loss": len(outcomes),
        "verdicts": len(found), "ways": len(ways),
        "cpu_s": round(process_time(), 1),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def main() -> None:
    """Print a table, or an object with --json; `--child FILE SIZE` is a measurement in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("FILE", "SIZE"))
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(measure(Path(chosen.child[0]), int(chosen.child[1]))))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            path = Path(folder) / f"{size}.json"
            path.write_text(json.dumps(document(size)), encoding="utf-8")
            words = [sys.executable, "-m", "benchmarks.whatif", "--child", str(path), str(size)]
            rows.append(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
    print(json.dumps({"whatif": rows}) if chosen.json else "\n".join(map(_line, rows)))


def _line(row: dict[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in row.items())


if __name__ == "__main__":
    main()
