"""Cost of the routes to the origins in an audit of the example: commands more per router, and CPU time of an answer.

`python -m benchmarks.routes` prints a table; the default and static routes count where no other check asks for them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import mean

from eventready.evaluation.matrix import build_matrix
from eventready.facts.observe import commands_for, observe
from eventready.facts.platform import ROUTE, load_platform
from eventready.facts.questions import with_example, with_questions
from eventready.facts.saved import saved_reply
from eventready.network.setting import NetworkSetting
from eventready.workspace.examples.example import example_home
from eventready.workspace.workspace import load_workspace

_ROUNDS = 200


def commands() -> Iterator[tuple[str, int, int]]:
    """Yield the platform of each router of the example, with its commands without and with the asked facts."""
    workspace = load_workspace(example_home())
    platforms = {device.platform: load_platform(device.platform) for device in workspace.devices}
    setting = NetworkSetting(workspace.event.venues, workspace.event.origins, workspace.risks)
    matrix = build_matrix(workspace.devices, platforms, network=setting)
    without = replace(matrix, witnesses={})
    for device in workspace.devices:
        if device.role == "router":
            platform = with_questions(platforms[device.platform], device)
            few, all_ = (len(commands_for(platform, one.requested(device.name))) for one in (without, matrix))
            yield device.platform, few, all_


def cpu_ms(platform: str) -> float:
    """Milliseconds of CPU for reading the answer about one origin."""
    example = with_example(load_platform(platform), ROUTE)
    text = (example.folder / "samples" / ROUTE / "ok.txt").read_text(encoding="utf-8")
    replies = [saved_reply(example, command, text) for command in commands_for(example, [ROUTE])]
    begin = time.process_time()
    for _ in range(_ROUNDS):
        observe("r1", example, [ROUTE], lambda _: replies)
    return 1000 * (time.process_time() - begin) / _ROUNDS


def main() -> None:
    """Print the figures."""
    found: dict[str, list[tuple[int, int]]] = {}
    for platform, few, all_ in commands():
        found.setdefault(platform, []).append((few, all_))
    print("| routes to origins | routers | commands without | commands with | CPU ms per origin |")
    print("|---|---:|---:|---:|---:|")
    for platform, counts in found.items():
        without, wanted = (mean(count[place] for count in counts) for place in (0, 1))
        print(f"| {platform} | {len(counts)} | {without:.1f} | {wanted:.1f} | {cpu_ms(platform):.2f} |")


if __name__ == "__main__":
    main()
