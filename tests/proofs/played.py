"""The example's devices simulated in this process, read without sessions; faults are made in their state.

A device reads as `audit` reads it: each command once, counters a second time. Only devices whose state a fault changed
are read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eventready.core.clock import Clock
from eventready.core.messages import message
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation
from eventready.facts.observe import observe, unreached
from eventready.facts.platform import Platform, load_platform
from eventready.facts.ports import port_key
from eventready.facts.questions import with_questions
from eventready.network.setting import NetworkSetting
from eventready.session.reply import Reply, ReplyStatus, Unreachable
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.event import ServiceOrigin
from eventready.workspace.settings.limits import LimitOverrides
from eventready.workspace.workspace import Workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.embedded.process import simulate
from eventready_lab.faults.simulated.injector import FaultInjector
from tests.lab.console import Console
from tests.proofs.product import Element, Network, elements, ports_of

NOW = "2022-04-25 07:00"
_INTERVAL_S = 10.0
_KNOWN = Credentials("netops", "lab-only")


class Played:
    """Simulated devices of a workspace; `devices` and `origins`: others in place of the workspace's."""

    def __init__(
        self, workspace: Workspace, devices: Sequence[Device] = (), origins: Sequence[ServiceOrigin] = ()
    ) -> None:
        self.workspace, self.devices = workspace, tuple(devices or workspace.devices)
        names = dict.fromkeys(device.platform for device in self.devices)
        self._platforms: Mapping[str, Platform] = {name: load_platform(name) for name in names}
        self._with_questions = {one.name: with_questions(self._platforms[one.platform], one) for one in self.devices}
        self._clock = Clock.starting(NOW)
        event = workspace.event
        setting = NetworkSetting(
            event.venues, origins or event.origins, () if devices else workspace.risks, windows=event.windows
        )
        limits = LimitOverrides() if devices else workspace.limits
        network = Network(
            event, self.devices, setting, self._platforms, (), self._clock.now(), limits, workspace.waivers
        )
        self._facts = {one.name: network.matrix.facts_for(one.name) for one in self.devices}
        self._restart()
        self._healthy = {name: machine.state for name, machine in self.machines.items()}
        self._in_order = {name: self._read(name) for name in self.machines}
        self.healthy = network.reading(one for of in self._in_order.values() for one in of)

    def _restart(self) -> None:
        machines = simulate(self.devices, _KNOWN, self._clock)
        self.machines: dict[str, SimulatedDevice] = {one.state.name: one for one in machines}
        for machine in machines:
            machine.monotonic = lambda: 0.0
            machine._started = machine.seconds()
        self._faults = FaultInjector(self.machines)
        self._down: set[str] = set()

    # --- reading -----------------------------------------------------------------------------------------------------

    def _read(self, name: str) -> tuple[Observation, ...]:
        """What an audit reads of a device: all facts, and the counters a second time."""
        facts, platform = self._facts[name], self._with_questions[name]
        if name in self._down:
            return unreached(name, platform, facts, Unreachable(message("audit:cluster.nobody")))
        twice = [fact for fact in facts if CATALOGUE[fact].counter or CATALOGUE[fact].twice]
        machine = self.machines[name]
        with Console(machine) if machine.dialect.transport == "mml" else _Shows(machine) as say:
            first = observe(name, platform, facts, lambda commands: [_reply(say, one) for one in commands])
            machine.advance_clock(_INTERVAL_S)
            again = observe(name, platform, twice, lambda commands: [_reply(say, one) for one in commands], reading=2)
        measured = {one.fact for one in first if one.status.measured}
        return (*first, *(one for one in again if one.fact in measured))

    def reading(self) -> Network:
        """The network as it is now."""
        changed = {name for name, one in self.machines.items() if one.state != self._healthy[name]} | self._down
        found = {name: self._read(name) if name in changed else known for name, known in self._in_order.items()}
        return self.healthy.reading((one for of in found.values() for one in of), self._down)

    # --- faults ------------------------------------------------------------------------------------------------------

    def broken(self, names: Sequence[str]) -> Network:
        """The network with failures made, from a state in order: of elements by name, or `device:part`."""
        self._restart()
        for name in names:
            self._break(name)
        return self.reading()

    def _break(self, name: str) -> None:
        kinds = {one.name: one for one in elements(self.healthy)}
        element = kinds.get(name)
        if element is None:
            self._part(*name.split(":", 1))
        elif element.kind == "device":
            self._switch_off(name)
        elif element.kind == "link":
            self._cut(*ports_of(self.healthy, name)[0])
        elif element.kind == "part":
            self._part(*name.split(" ", 1)) if " " in name else self._server(element)
        else:
            for member in next(one.members for one in self.workspace.risks if one.name == name):
                self._break(member)

    def _cut(self, device: str, port: str) -> None:
        self._faults.inject(device, "link-down", {"port": port})

    def _server(self, element: Element) -> None:
        for device in element.devices:
            self._faults.inject(device, "radius-down", {"host": element.name})

    def _part(self, device: str, name: str) -> None:
        state = self.machines[device].state
        for fault, key, known in (
            ("link-down", "port", state.ports), ("core-link-down", "link", state.core_links),
            ("bts-link-lost", "site", [one.name for one in state.sites]),
            ("cell-down", "cell", [one.name for one in state.cells]),
            ("ap-lost", "ap", [one.name for one in state.aps]),
        ):  # fmt: skip
            if spelled := next((one for one in known if port_key(one) == port_key(name)), None):
                self._faults.inject(device, fault, {key: spelled})
                self._hand_over(device, spelled)
                return
        raise LookupError(f"{device} has no {name}")

    def _switch_off(self, device: str) -> None:
        """All cables of a device are dark, its groups go to the others, and it answers nobody."""
        state = self.machines[device].state
        for name, port in state.ports.items():
            if port.neighbour or port.description == "uplink":
                self._cut(device, name)
            self._hand_over(device, name)
        self._down.add(device)

    def _hand_over(self, device: str, port: str) -> None:
        """A gateway whose port is down gives its address to the other member."""
        for own in (one for one in self.machines[device].state.gateways if one.interface == port):
            own.state = "init"
            for other in (one for name, one in self.machines.items() if name != device):
                for gateway in other.state.gateways:
                    if (gateway.group, gateway.virtual_ip) == (own.group, own.virtual_ip) and gateway.state != "init":
                        gateway.state = "master"


class _Shows:
    """Show commands of a device, as a session that says nothing else."""

    def __init__(self, machine: SimulatedDevice) -> None:
        self._machine = machine

    def __enter__(self) -> _Shows:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def __call__(self, command: str) -> str | None:
        """What the device prints; None for an unknown command."""
        return self._machine.show(command)


def _reply(say: Console | _Shows, command: str) -> Reply:
    text = say(command)
    return Reply(command, "", ReplyStatus.REFUSED) if text is None else Reply(command, text)
