"""Workspace: folder of the engineer, loaded and validated."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from shlex import quote
from typing import Any, TypeVar

from nornir.core import Nornir
from nornir.core.configuration import Config, LoggingConfig
from nornir.plugins.runners import ThreadedRunner

from eventready.core.errors import WorkspaceError
from eventready.core.files import require_confined, stamp_of
from eventready.core.messages import message
from eventready.core.this_process import relaxed_gc
from eventready.workspace.devices.access import Access, JumpHost, chain, load_jump_hosts
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.intents import intent_names
from eventready.workspace.event_devices import with_origin_addresses, with_questions, with_users
from eventready.workspace.files.yaml_document import combine_errors, raise_errors
from eventready.workspace.inventory import InventoryFiles, load_inventory
from eventready.workspace.keys.secrets import is_reference, resolve
from eventready.workspace.loads import with_loads, with_windows
from eventready.workspace.model import Title
from eventready.workspace.settings.capacity import load_capacity
from eventready.workspace.settings.circuits import Circuits, load_circuits
from eventready.workspace.settings.duties import Duty, load_duties
from eventready.workspace.settings.event import Event, check_origins, kept_place, load_event
from eventready.workspace.settings.forms import BUILT_IN, FormSpec, load_forms
from eventready.workspace.settings.intent_folders import (
    IntentFolder,
    WritableAddition,
    load_intent_folders,
    load_writable,
)
from eventready.workspace.settings.limits import LimitOverrides, load_limits
from eventready.workspace.settings.risk import RiskGroup, load_risks
from eventready.workspace.settings.waivers import Waiver, load_waivers
from eventready.workspace.settings.works import Work, load_works

T = TypeVar("T")

#: Name of our Nornir connection, used as a key of `connection_options`.
CONNECTION = "eventready"


#: Parts of a workspace that are read or written.
CONFINED = ("inventory", "templates", "playbooks", "known_hosts", "ssh_config", ".eventready", "reports")


#: Files of devices, checks and times: a watch has what they said at its begin.
_KEPT = ("event", "hosts", "groups", "defaults", "limits", "waivers", "risk", "capacity", "circuits", "performance")
Stamps = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True)
class Workspace:
    """Validated content of the `inventory/` folder of a workspace. `stamps`: state of its files when read."""

    path: Path
    event: Event
    devices: tuple[Device, ...]
    duties: tuple[Duty, ...] = ()
    documents: Mapping[str, Title] = field(default_factory=dict)
    forms: Mapping[str, FormSpec] = field(default_factory=dict)
    limits: LimitOverrides = field(default_factory=LimitOverrides)
    waivers: tuple[Waiver, ...] = ()
    risks: tuple[RiskGroup, ...] = ()
    circuits: Circuits = field(default_factory=Circuits, repr=False)
    works: tuple[Work, ...] = ()
    writable: tuple[WritableAddition, ...] = ()
    jump_hosts: Mapping[str, JumpHost] = field(default_factory=dict)
    files: InventoryFiles = field(default_factory=InventoryFiles, repr=False)
    intents: Mapping[str, IntentFolder] = field(default_factory=dict, repr=False)
    stamps: Stamps = ()

    @property
    def changed(self) -> bool:
        """True with other devices, checks or times in the files than were read."""
        return bool(self.stamps) and self.stamps != _stamps(self.path / "inventory")

    def intent(self, name: str) -> IntentFolder:
        """Return an intent; without values for a name without a folder."""
        return self.intents.get(name) or IntentFolder(name)

    @property
    def platform_dirs(self) -> tuple[Path, ...]:
        """Folders with platforms of the workspace."""
        own = self.path / "inventory" / "platforms"
        return (own,) if own.is_dir() else ()

    @property
    def known_hosts(self) -> Path:
        """File of recorded host keys."""
        return self.path / "known_hosts"

    @property
    def unmapped(self) -> tuple[tuple[str, str], ...]:
        """Provider and id of the unmapped objects of works."""
        objects = ((work.provider, one.id) for work in self.works if not work.over for one in work.objects)
        return tuple(one for one in dict.fromkeys(objects) if not self.circuits.members(*one))

    def device(self, name: str) -> Device:
        """Device by name. Raises KeyError."""
        return {device.name: device for device in self.devices}[name]

    def left_out(self, devices: Collection[Device]) -> tuple[Device, ...]:
        """Return the devices of the inventory beside `devices`."""
        names = {device.name for device in devices}
        return tuple(device for device in self.devices if device.name not in names)

    def check_secrets(self, devices: Iterable[str]) -> None:
        """Resolve the references of these devices once, without keeping values. Raises WorkspaceError."""
        hosts = self.files.inventory().hosts
        access = {device.name: device.access for device in self.devices}
        wanted: dict[str, str] = {}
        for name in devices:
            host = hosts[name]
            extras = host.get_connection_parameters(CONNECTION).extras or {}
            more = (extras.get(name) for name in ("secret", "shell_username", "shell_password"))
            for reference in (host.username, host.password, *more, *self._access_references(access[name])):
                if is_reference(reference):
                    wanted.setdefault(str(reference), name)
        problems: list[WorkspaceError] = []
        for reference, name in wanted.items():
            _or_problem(partial(resolve, reference, self.path, where=name), problems)
        raise_errors(problems)

    def _access_references(self, access: Access) -> tuple[str, ...]:
        jumps = chain(access.jump_host or "", self.jump_hosts)
        return (*access.references(), *(ref for name in jumps for ref in self.jump_hosts[name].references()))

    def nornir(self, workers: int = 32, *, not_after: float = inf) -> Nornir:
        """Nornir over this inventory with `workers` threads, without its log (task arguments contain secrets).

        Extras of our connection per host: `workspace` (folder), `name`, `endpoint`, `element`, `allow_cleartext`,
        `access`, `jump_hosts`, `not_after` (monotonic time of the run's end), and those of the
        inventory (`secret`).
        """
        logging.getLogger("nornir").setLevel(logging.CRITICAL + 1)
        inventory = self.files.inventory()
        for device in self.devices:
            host = inventory.hosts[device.name]
            options = host.get_connection_parameters(CONNECTION)
            options.extras = {**(options.extras or {}), **self.connection_extras(device), "not_after": not_after}
            host.connection_options[CONNECTION] = options
        config = Config(logging=LoggingConfig(enabled=False))
        return Nornir(inventory=inventory, config=config, runner=ThreadedRunner(num_workers=workers))

    def connection_extras(self, device: Device) -> dict[str, Any]:
        """Return the extras of our Nornir connection to a device, as listed in `session.plugin`."""
        return {
            "workspace": str(self.path),
            "name": device.name,
            "endpoint": device.endpoint,
            "element": device.element,
            "allow_cleartext": device.allow_cleartext,
            "access": device.access,
            "jump_hosts": self.jump_hosts,
        }


def require_workspace(path: Path) -> None:
    """Raise WorkspaceError for a folder without inventory/event.yaml."""
    if (path / "inventory" / "event.yaml").is_file():
        return
    lab = path.resolve().parts[-2:] == (".eventready", "lab")
    folder = quote(str(path.parent.parent))
    raise WorkspaceError(
        message("workspace:none", path=str(path.resolve())),
        do=message("workspace:start_lab", folder=folder) if lab else "",
    )


@relaxed_gc()
def load_workspace(path: Path) -> Workspace:
    """Load and validate the workspace in a folder. Raises WorkspaceError with every invalid line.

    The process takes zone and country of a valid workspace.
    """
    with kept_place():
        return _load(path)


def _load(path: Path) -> Workspace:
    """Return the valid workspace in a folder. Raises WorkspaceError."""
    require_workspace(path)
    folder = path / "inventory"
    require_confined(path, CONFINED)
    stamps = _stamps(folder)
    event = load_event(folder / "event.yaml")
    files, devices = load_inventory(folder, event)
    devices = with_users(event, with_questions(event, devices))
    names = tuple(device.name for device in devices)
    problems: list[WorkspaceError] = []
    _or_problem(lambda: check_origins(folder / "event.yaml", event, names), problems)
    duties = _or_problem(
        lambda: load_duties(folder / "duties.yaml", windows=event.windows, venues=event.venue_ids), problems
    )
    forms = _or_problem(lambda: load_forms(folder / "forms", reserved=BUILT_IN), problems)
    limits = _or_problem(lambda: load_limits(folder / "limits.yaml", venues=event.venue_ids, devices=names), problems)
    waivers = _or_problem(lambda: load_waivers(folder / "waivers.yaml", devices=names), problems)
    risks = _or_problem(lambda: load_risks(folder / "risk.yaml", devices=names, lab=event.lab), problems)
    circuits = _or_problem(
        lambda: load_circuits(folder / "circuits.yaml", devices=names, risks=risks or (), lab=event.lab), problems
    )
    works = _or_problem(lambda: load_works(folder / "works", devices=names, risks=risks or (), lab=event.lab), problems)
    intents = _or_problem(lambda: load_intent_folders(path / "templates"), problems)
    writable = _or_problem(lambda: load_writable(folder / "writable.yaml", intent_names(path / "templates")), problems)
    capacity = _or_problem(lambda: load_capacity(folder / "capacity.yaml", event, devices), problems)
    jump_hosts = _or_problem(lambda: load_jump_hosts(folder / "jump_hosts.yaml", lab=event.lab), problems)
    if (
        duties is None or forms is None or limits is None or waivers is None or writable is None or jump_hosts is None
        or intents is None or capacity is None
    ):  # fmt: skip
        raise combine_errors(problems)
    if problems:
        raise combine_errors(problems)
    return Workspace(
        path=path,
        event=event,
        devices=with_origin_addresses(
            event.origins, with_windows(with_loads(capacity, devices, risks or ()), event.windows)
        ),
        duties=duties.duties,
        documents=duties.documents,
        forms=forms,
        limits=limits,
        waivers=waivers,
        risks=risks or (),
        circuits=circuits or Circuits(),
        works=works or (),
        writable=(*writable, *(addition for intent in intents.values() for addition in intent.writable)),
        intents=intents,
        jump_hosts=jump_hosts,
        files=files,
        stamps=stamps,
    )


def _stamps(folder: Path) -> Stamps:
    return tuple(stamp_of(folder / name) for name in (*(f"{name}.yaml" for name in _KEPT), "works"))


def _or_problem(load: Callable[[], T], problems: list[WorkspaceError]) -> T | None:
    try:
        return load()
    except WorkspaceError as error:
        problems.append(error)
        return None
