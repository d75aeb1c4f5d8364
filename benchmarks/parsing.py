"""Processor time of hostile answers near 8 MB, beside the limit of an answer: `python -m benchmarks.parsing [MB]`.

A row per answer: its size, the processor time of the reading, and its share of the limit; 1.0 is the limit.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import count, islice
from time import thread_time

from eventready.facts.interpret import interpret
from eventready.facts.parsing.parsed import PARSING_SECONDS
from eventready.facts.platform import load_platform
from eventready.session.reply import Reply

MEGABYTES = 8
OSPF = "Neighbor ID     Pri   State           Dead Time   Address         Interface\n"


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _neighbour(number: int) -> str:
    return f"{_address(number)}      1   FULL/DR         00:00:31    {_address(number)}     Vlan{number}\n"


def _static(number: int) -> str:
    return f"set routing-options static route {_address(number)}/32 next-hop 10.0.0.1\n"


def _off(number: int) -> str:
    return f"deactivate routing-options static route {_address(number)}/32\n"


def _filled(line: Callable[[int], str], size: int) -> str:
    lines = islice(map(line, count()), size // len(line(0)) + 1)
    return "".join(lines)[:size]


def _peers(size: int) -> str:
    peers = {_address(n): {"state": "Established", "remoteAs": n} for n in range(size // 60)}
    return json.dumps({"ipv4Unicast": {"peers": peers}, "vrf": "default"})


def _cases(size: int) -> dict[str, tuple[str, str, str, tuple[int, ...]]]:
    """Platform, fact, text, and the lines behind a log line, by name."""
    rows = OSPF + _filled(_neighbour, size)
    table = "+++    BSC        2022-04-25 07:00:00\nRETCODE = 0  ok\n\nList\n----\n"
    return {
        "a long list": ("cisco_xe", "ospf_neighbour", rows, ()),
        "a long list with a log line": ("cisco_xe", "ospf_neighbour", rows, (400,)),
        "8,000 rows with a log line": ("cisco_xe", "ospf_neighbour", OSPF + _filled(_neighbour, 640_000), (400,)),
        "a long list with a strange line": ("cisco_xe", "ospf_neighbour", rows.replace("FULL/DR", "FULL", 1), ()),
        "lines of a letter": ("cisco_xe", "ospf_neighbour", "x\n" * (size // 2), ()),
        "one line": ("cisco_xe", "interface", "x " * (size // 2), ()),
        "statements": ("juniper_junos", "static_route", _filled(_static, size), ()),
        "deactivated statements": ("juniper_junos", "static_route", _filled(_off, size), ()),
        "objects": ("frr", "bgp_neighbour", _peers(size), ()),
        "a report": ("huawei_mml", "cell", table + "a  " * 900 + "\n" + ("a  " * 900 + "\n") * (size // 2_700), ()),
    }


def main(megabytes: float) -> None:
    """Print a row per answer."""
    print(f"{'answer':34}{'MB':>6}{'s':>8}{'of limit':>10}  status")
    for name, (platform, fact, text, breaks) in _cases(int(megabytes * 1_000_000)).items():
        compiled = load_platform(platform).facts[fact]
        started = thread_time()
        seen = interpret("r1", fact, compiled, Reply(compiled.command, text, breaks=breaks))
        spent = thread_time() - started
        print(f"{name:34}{len(text) / 1e6:>6.1f}{spent:>8.2f}{spent / PARSING_SECONDS:>10.2f}  {seen.status}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES)
