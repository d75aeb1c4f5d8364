"""The process of a lab: `python -m eventready.lab.process`, started by `lab up`; the whole life of one lab."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from eventready.clock import Clock
from eventready.errors import EventreadyError, UsageError
from eventready.lab.book import FaultBook
from eventready.lab.control import Control
from eventready.lab.copy import refuse_foreign, write_copy
from eventready.lab.dialect import Dialect, load_dialect
from eventready.lab.fleet import fleet
from eventready.lab.health import healthy
from eventready.lab.machine import Credentials, Machine
from eventready.lab.place import Place, Running, process_mark
from eventready.lab.scene import AUTO, NONE, Scene, load_scene
from eventready.lab.server import Lab
from eventready.workspace.device import Device
from eventready.workspace.workspace import Workspace, load_workspace

#: File descriptors beside one for each listening port: sessions, the log, the interpreter's own.
_OTHER_FILES = 2_048


@dataclass(frozen=True)
class Order:
    """What lab is wanted. `scale` generates that many routers in place of the workspace's devices."""

    workspace: Path
    out: Path
    scene: str = AUTO
    scale: int = 0
    offset_s: float = 0.0


@dataclass(frozen=True)
class Cast:
    """What an order comes to: the devices that are played, those that nobody can play, and the scene."""

    workspace: Workspace
    devices: tuple[Device, ...]
    left_out: tuple[Device, ...]
    scene: Scene


def cast(order: Order) -> Cast:
    """Resolve an order. Raises UsageError or WorkspaceError with all that would go wrong later."""
    workspace = load_workspace(order.workspace)
    if workspace.event.lab:
        raise UsageError(f"{order.workspace} is a lab's copy", do="Run `lab up` in the workspace that it was made of.")
    refuse_foreign(order.out)
    devices = fleet(order.scale, workspace.event.venue_ids) if order.scale else workspace.devices
    playable = [device for device in devices if dialect_of(device.platform) is not None]
    if not playable:
        raise UsageError("the lab can play none of the workspace's devices", do="Give its hosts a known platform.")
    name = NONE if order.scale and order.scene == AUTO else order.scene

    def rehearse(scene: Scene) -> None:
        machines = machines_of(playable, Credentials("", ""), Clock())
        scene.seed(FaultBook({machine.state.name: machine for machine in machines}))

    scene = load_scene(name, {device.name for device in playable}, rehearse)
    left_out = tuple(device for device in devices if device not in playable)
    return Cast(workspace, tuple(playable), left_out, scene)


def dialect_of(platform: str) -> Dialect | None:
    """The dialect of a platform; None where the lab has none."""
    try:
        return load_dialect(platform)
    except UsageError:
        return None


def machines_of(devices: Sequence[Device], credentials: Credentials, clock: Clock) -> list[Machine]:
    """A healthy machine for every device; one whose host has a shell of its own lets a second user in to it."""
    states = healthy(devices)
    beside = Credentials(f"{credentials.username}-shell", credentials.password)
    machines = []
    for device in devices:
        dialect = load_dialect(device.platform)
        machines.append(
            Machine(
                states[device.name],
                dialect,
                credentials,
                clock,
                element=device.element,
                endpoint=device.endpoint or device.name,
                host=beside if dialect.host and not dialect.host.main else None,
            )
        )
    return machines


async def serve(order: Order, place: Place, *, ready: asyncio.Event | None = None) -> None:
    """Start the lab, write its workspace copy, and serve until told to stop."""
    told = cast(order)
    _allow_files(len(told.devices) + _OTHER_FILES)
    credentials = Credentials("lab-netops", secrets.token_urlsafe(15))
    lab = Lab(machines_of(told.devices, credentials, Clock(timedelta(seconds=order.offset_s))))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    control, socket = Control(lab, stop.set), place.socket()
    try:
        told.scene.seed(lab.faults)
        await lab.start()
        await lab.refresh()
        write_copy(told.workspace, (*told.devices, *told.left_out), lab, credentials, order.out)
        await control.open(socket)
        pid = os.getpid()
        place.write(
            Running(
                pid=pid,
                mark=process_mark(pid),
                socket=str(socket),
                devices=len(told.devices),
                endpoints=lab.endpoints,
                scene=told.scene.title,
                workspace=str(order.workspace.resolve()),
                finds=tuple(sorted(told.scene.finds)),
            )
        )
        if ready:
            ready.set()
        await stop.wait()
    finally:
        control.close()
        lab.stop()
        place.tidy()


def _allow_files(wanted: int) -> None:
    """Raise this process's limit of open files. Raises UsageError where the system does not let it."""
    try:
        import resource  # noqa: PLC0415  not on every system
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted - _OTHER_FILES // 2:
        raise UsageError(f"the system allows {hard} open files, and the lab needs {wanted}", do="Raise `ulimit -n`.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry of the detached process; errors go to its log as one sentence."""
    parser = argparse.ArgumentParser(prog="eventready.lab.process")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scene", default=AUTO)
    parser.add_argument("--scale", type=int, default=0)
    parser.add_argument("--offset", type=float, default=0.0)
    given = parser.parse_args(arguments)
    os.umask(0o077)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    order = Order(given.workspace, given.out, given.scene, given.scale, given.offset)
    try:
        asyncio.run(serve(order, Place(given.out)))
    except EventreadyError as error:
        print(f"error: {error}", file=sys.stderr)
        return int(error.exit)
    return 0


if __name__ == "__main__":
    sys.exit(main())
