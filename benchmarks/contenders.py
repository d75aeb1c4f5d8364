"""The four contenders, each in a process of its own: python -m benchmarks.contenders NAME COPY DEVICES WORKERS [S]

All send the same nine commands to the same simulated devices with the same number of workers; eventready and the limit
check host keys. The time is from the first step for a device to the last, without the start of the interpreter and the
loading of the workspace. The output is one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Commands of Cisco IOS-XE; `fleet.MEASURED` has their facts.
COMMANDS = (
    "show interfaces",
    "show ip ospf neighbor",
    "show ip bgp summary",
    "show bgp vpnv4 unicast all neighbors | include ^BGP neighbor is|BGP state",
    "show standby brief",
    "show vrrp brief",
    "show etherchannel summary",
    "show lldp neighbors detail",
    "show platform",
)


#: Least number of characters of the nine answers.
LEAST = 45_000


@dataclass(frozen=True)
class Measured:
    """Number of devices, seconds and CPU seconds, and number of healthy devices without an answer."""

    devices: int
    seconds: float
    failed: int
    cpu_s: float = field(default=0.0, kw_only=True)

    def to_json(self) -> str:
        """Figures as one JSON object."""
        return json.dumps(
            {**self.__dict__, "rate": self.devices / self.seconds, "cpu_ms": 1_000 * self.cpu_s / self.devices}
        )


def clocks() -> tuple[float, float]:
    """Return seconds, and CPU seconds of this process and of its ended children."""
    used = [resource.getrusage(which) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used)


def measured(devices: int, begin: tuple[float, float], end: tuple[float, float], failed: int) -> Measured:
    """Return the figures between two readings of the clocks."""
    return Measured(devices, end[0] - begin[0], failed, cpu_s=end[1] - begin[1])


def ours(copy: Path, devices: int, workers: int, interval_s: float = 0.0) -> Measured:
    """Audit of eventready: sessions, parsing, records, checks, verdicts, evidence, store.

    `interval_s`: seconds between two readings of counters, 0 for one reading.
    """
    from eventready.audit.audit import AuditOptions, audit
    from eventready.core.clock import Clock
    from eventready.facts.equipment import Equipment
    from eventready.store.store import Store
    from eventready.workspace.workspace import load_workspace

    class NoProgress:
        def stage(self, name: str, total: int) -> None:
            """Show nothing."""

        def done(self, device: str, trouble: object) -> None:
            """Show nothing."""

    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "bench.db") as store:
        workspace = load_workspace(copy)
        begin = clocks()
        options = AuditOptions(workers=workers, interval_s=interval_s)
        done = audit(
            workspace,
            Equipment.of(workspace).only(workspace.devices[:devices]),
            store=store,
            clock=Clock(),
            options=options,
            progress=NoProgress(),
        )
        end = clocks()
        unmeasured = {
            o["device"]
            for o in done.run.document["observations"]
            if o["command"] and o["status"] not in ("parsed", "empty")
        }
    return measured(devices, begin, end, len(unmeasured))


def plain(copy: Path, devices: int, workers: int, *, parsed: bool = False) -> Measured:
    """Plain loop with Nornir and nornir_netmiko over send_command, with or without use_textfsm.

    The loop goes on after a line that ntc-templates does not know (`show platform` of an ASR).
    """
    from nornir.core.exceptions import NornirSubTaskError
    from nornir.core.plugins.connections import ConnectionPluginRegister
    from nornir.core.task import Result, Task
    from nornir_netmiko import netmiko_send_command
    from textfsm import TextFSMError

    from eventready.workspace.workspace import load_workspace

    ConnectionPluginRegister.auto_register()
    workspace = load_workspace(copy)
    nornir = workspace.nornir(workers)
    wanted = {device.name for device in workspace.devices[:devices]}
    for host in nornir.inventory.hosts.values():
        host.platform = "cisco_xe"

    def read(task: Task) -> Result:
        for command in COMMANDS:
            with suppress(NornirSubTaskError):
                task.run(netmiko_send_command, command_string=command, use_textfsm=parsed)
        task.host.close_connection("netmiko")
        return Result(host=task.host)

    begin = clocks()
    outcome = nornir.filter(filter_func=lambda host: host.name in wanted).run(task=read)
    end = clocks()
    failed = {
        host
        for host, results in outcome.items()
        if any(result.exception and not isinstance(result.exception, TextFSMError) for result in results)
    }
    return measured(devices, begin, end, len(failed))


def limit(copy: Path, devices: int, workers: int) -> Measured:
    """Practical limit: an asyncssh client that writes all commands at once and searches for prompts only.

    Its algorithms are the first choices of asyncssh, those of the plain loops the first of paramiko. With the preferred
    algorithms of eventready (X25519, AES-GCM) its rate is up to 1.5 times as high, mostly for the simulated devices.
    """
    import asyncssh

    from eventready.workspace.workspace import load_workspace

    workspace = load_workspace(copy)
    hosts = list(workspace.nornir(1).inventory.hosts.values())[:devices]
    known_hosts = asyncssh.read_known_hosts(str(workspace.known_hosts))
    lines = ("terminal length 0", *COMMANDS)

    async def one(host: Any, gate: asyncio.Semaphore) -> bool:
        prompt = f"{host.name}#"
        async with (
            gate,
            asyncssh.connect(
                host.hostname, host.port, username=host.username, password=host.password, known_hosts=known_hosts
            ) as connection,
            connection.create_process(term_type="vt100") as process,
        ):
            process.stdin.write("".join(f"{line}\n" for line in lines))
            text = ""
            while text.count(prompt) < len(lines) + 1:
                text += await process.stdout.read(65_536)
        return len(text) > LEAST

    async def all_hosts() -> list[Any]:
        gate = asyncio.Semaphore(workers)
        return await asyncio.gather(*(one(host, gate) for host in hosts), return_exceptions=True)

    begin = clocks()
    outcomes = asyncio.run(all_hosts())
    return measured(devices, begin, clocks(), sum(outcome is not True for outcome in outcomes))


CONTENDERS: dict[str, Callable[..., Measured]] = {
    "ours": ours,
    "plain": plain,
    "plain_parsed": lambda copy, devices, workers: plain(copy, devices, workers, parsed=True),
    "limit": limit,
}

if __name__ == "__main__":
    name, folder, count, threads, *interval = sys.argv[1:]
    print(CONTENDERS[name](Path(folder), int(count), int(threads), *map(float, interval)).to_json())
