"""The workspace: the folder an engineer edits, loaded, validated and frozen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from nornir.core import Nornir
from nornir.core.configuration import Config, LoggingConfig
from nornir.plugins.runners import ThreadedRunner

from eventready.collector import calm
from eventready.errors import WorkspaceError
from eventready.workspace.device import Device
from eventready.workspace.duties import Duty, load_duties
from eventready.workspace.event import Event, load_event
from eventready.workspace.inventory import Files, load_inventory
from eventready.workspace.limits import Limits, load_limits
from eventready.workspace.secrets import VAULT, is_reference, resolve
from eventready.workspace.waivers import Waiver, load_waivers
from eventready.workspace.yaml import several

T = TypeVar("T")

#: The name of our Nornir connection, under which a host's `connection_options` tell it what Nornir has no word for.
CONNECTION = "eventready"


@dataclass(frozen=True)
class Workspace:
    """Everything under a folder's `inventory/`, consistent with itself."""

    path: Path
    event: Event
    devices: tuple[Device, ...]
    duties: tuple[Duty, ...] = ()
    limits: Limits = field(default_factory=Limits)
    waivers: tuple[Waiver, ...] = ()
    files: Files = field(default_factory=Files, repr=False)

    @property
    def platform_dirs(self) -> tuple[Path, ...]:
        """Folders with platforms of the workspace's own."""
        own = self.path / "inventory" / "platforms"
        return (own,) if own.is_dir() else ()

    @property
    def known_hosts(self) -> Path:
        """The recorded host keys."""
        return self.path / "known_hosts"

    @property
    def vault(self) -> Path:
        """The ansible-vault file that `vault:` references mean."""
        return self.path / VAULT

    def device(self, name: str) -> Device:
        """The device of that name. Raises KeyError."""
        return {device.name: device for device in self.devices}[name]

    def check_secrets(self, devices: Iterable[str]) -> None:
        """Look every reference of these devices up once, and forget the values. Raises WorkspaceError."""
        hosts = self.files.inventory().hosts
        wanted: dict[str, str] = {}
        for name in devices:
            host = hosts[name]
            extras = host.get_connection_parameters(CONNECTION).extras or {}
            more = (extras.get(name) for name in ("secret", "shell_username", "shell_password"))
            for reference in (host.username, host.password, *more):
                if is_reference(reference):
                    wanted.setdefault(str(reference), name)
        problems: list[WorkspaceError] = []
        for reference, name in wanted.items():
            _or_problem(partial(resolve, reference, self.path, where=name), problems)
        if problems:
            raise several(problems)

    def nornir(self, workers: int = 32) -> Nornir:
        """A Nornir over this inventory with a runner of `workers` threads, and without its log (it writes secrets).

        Every host's extras for our connection say `workspace` (folder), `name`, `endpoint`, `element` and
        `allow_cleartext`, beside what the inventory has there (`secret`).
        """
        logging.getLogger("nornir").setLevel(logging.CRITICAL + 1)
        inventory = self.files.inventory()
        for device in self.devices:
            host = inventory.hosts[device.name]
            options = host.get_connection_parameters(CONNECTION)
            options.extras = {
                **(options.extras or {}),
                "workspace": str(self.path),
                "name": device.name,
                "endpoint": device.endpoint,
                "element": device.element,
                "allow_cleartext": device.allow_cleartext,
            }
            host.connection_options[CONNECTION] = options
        config = Config(logging=LoggingConfig(enabled=False))
        return Nornir(inventory=inventory, config=config, runner=ThreadedRunner(num_workers=workers))


@calm()
def load_workspace(path: Path) -> Workspace:
    """Load and validate the workspace in a folder. Raises WorkspaceError that names every line that does not hold."""
    folder = path / "inventory"
    if not (folder / "event.yaml").is_file():
        raise WorkspaceError(
            f"{path.resolve()} is not a workspace: it has no inventory/event.yaml",
            do="Make one with `eventready init DIR`, or name one with -w DIR.",
        )
    event = load_event(folder / "event.yaml")
    files, devices = load_inventory(folder, event)
    names = tuple(device.name for device in devices)
    problems: list[WorkspaceError] = []
    duties = _or_problem(lambda: load_duties(folder / "duties.yaml"), problems)
    limits = _or_problem(lambda: load_limits(folder / "limits.yaml", venues=event.venue_ids, devices=names), problems)
    waivers = _or_problem(lambda: load_waivers(folder / "waivers.yaml", devices=names), problems)
    if duties is None or limits is None or waivers is None:
        raise several(problems)
    return Workspace(path, event, devices, duties, limits, waivers, files)


def _or_problem(load: Callable[[], T], problems: list[WorkspaceError]) -> T | None:
    try:
        return load()
    except WorkspaceError as error:
        problems.append(error)
        return None
