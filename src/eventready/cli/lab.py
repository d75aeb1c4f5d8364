"""`eventready lab`: a province to rehearse on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.errors import Exit, UsageError

_OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="EVENTREADY_LAB_OUT",
    show_envvar=True,
    help="The lab's folder.  [default: .eventready/lab in the workspace]",
)


@click.group()
def command() -> None:
    """A province to rehearse on: every device of the workspace, simulated on loopback."""


@command.command()
@_OUT
@click.option("--foreground", is_flag=True, envvar="EVENTREADY_LAB_FOREGROUND", show_envvar=True,
              help="Stay in this terminal; Ctrl-C stops the lab.")  # fmt: skip
@click.option("--scale", type=click.IntRange(1, 10_000), envvar="EVENTREADY_LAB_SCALE", show_envvar=True,
              help="A generated fleet of that many routers in place of the workspace's devices.")  # fmt: skip
@click.option("--scene", default="auto", show_default=True, envvar="EVENTREADY_LAB_SCENE", show_envvar=True,
              help="The faults to begin with: a name, a YAML file, `none`, or `auto`: the one that fits.")  # fmt: skip
@click.option("--real", is_flag=True, envvar="EVENTREADY_LAB_REAL", show_envvar=True,
              help="Real router, base-station and WiFi software at the workspace's venues (root, Debian).")  # fmt: skip
@click.option("--no-wifi", is_flag=True, envvar="EVENTREADY_LAB_NO_WIFI", show_envvar=True,
              help="With --real: leave out the emulated machine with the radios.")  # fmt: skip
@click.pass_obj
def up(
    app: App, *, out: Path | None, foreground: bool, scale: int | None, scene: str, real: bool, no_wifi: bool
) -> None:
    """Start the lab, and write the copy of the workspace to audit it by."""
    if real:
        _up_real(app, out, simulated=foreground or scale is not None or scene not in ("auto", "none"), no_wifi=no_wifi)
        return
    from eventready.lab.manage import start  # noqa: PLC0415  asyncssh is loaded when it is needed
    from eventready.lab.place import Place  # noqa: PLC0415
    from eventready.lab.process import Order  # noqa: PLC0415

    place = Place.of(app.workspace_path, out)
    order = Order(app.workspace_path, place.folder, scene, scale or 0, app.clock.offset.total_seconds())
    if foreground:
        _serve_here(app, order, place)
        return
    running, told = start(order)
    if app.output != "table":
        app.emit(
            {
                "copy": str(place.folder),
                "pid": running.pid,
                "devices": running.devices,
                "endpoints": running.endpoints,
                "scene": running.scene,
                "left_out": [device.name for device in told.left_out],
                "finds": _finds(told.scene),
            }
        )
        return
    app.say(f"The lab is up: {running.devices} devices at {running.endpoints} addresses, {running.scene}.")
    for device in told.left_out:
        app.say(f"Nobody answers for {device.name}: the lab cannot play the platform {device.platform}.")
    app.say(f"\nNext:\n  eventready -w {place.folder} audit\n  eventready lab fault --list\n  eventready lab down")


def _up_real(app: App, out: Path | None, *, simulated: bool, no_wifi: bool) -> None:
    from eventready.lab.place import Place  # noqa: PLC0415
    from eventready.lab.real.manage import start  # noqa: PLC0415

    if simulated:
        raise UsageError(
            "--foreground, --scale and --scene are of the simulated lab",
            do="Leave them out; make faults with `eventready lab fault`.",
        )
    place = Place.of(app.workspace_path, out)
    running = start(app.workspace_path, place, without_wifi=no_wifi)
    if app.output != "table":
        app.emit(
            {
                "copy": str(place.folder),
                "pid": running.pid,
                "devices": running.devices,
                "endpoints": running.endpoints,
                "scene": running.scene,
                "left_out": list(running.left_out),
                "finds": [dict(zip(("check", "device", "subject", "status"), f, strict=True)) for f in running.finds],
            }
        )
        return
    app.say(f"The real province is up: {running.devices} devices at {running.endpoints} addresses.")
    for left_out in running.left_out:
        app.say(f"Left out: {left_out}.")
    app.say(f"\nNext:\n  eventready -w {place.folder} audit\n  eventready lab fault --list\n  eventready lab down")


def _finds(scene: Any) -> list[Mapping[str, str]]:
    from eventready.lab.scene import finds_as_data  # noqa: PLC0415

    return finds_as_data(scene)


def _serve_here(app: App, order: Any, place: Any) -> None:
    from eventready.lab.process import serve  # noqa: PLC0415

    running = place.running()
    if running:
        raise UsageError(
            f"a lab runs here already ({running.devices} devices, process {running.pid})",
            do="Stop it first with `eventready lab down`.",
        )
    os.umask(0o077)

    async def run() -> None:
        ready = asyncio.Event()
        serving = asyncio.create_task(serve(order, place, ready=ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if ready.is_set():
            app.say(f"The lab is up; in another terminal: eventready -w {place.folder} audit\nCtrl-C stops it.")
        await serving

    asyncio.run(run())


@command.command()
@_OUT
@click.pass_obj
def status(app: App, out: Path | None) -> None:
    """Say what runs: devices, sessions, faults."""
    from eventready.lab.manage import status as ask_status  # noqa: PLC0415
    from eventready.lab.place import Place  # noqa: PLC0415

    told = ask_status(Place.of(app.workspace_path, out))
    if app.output != "table":
        app.emit(told)
    elif not told["running"]:
        click.echo("No lab is running.")
    else:
        click.echo(f"{told['devices']} devices at {told['endpoints']} addresses, {told['sessions']} sessions open, "
                   f"up for {told['up_s']:.0f} s (process {told['pid']})")  # fmt: skip
        click.echo(f"scene: {told['scene']}\nworkspace: {told['workspace']}\ncopy: {told['copy']}")
        click.echo("faults:" if told["faults"] else "no faults")
        for made in told["faults"]:
            click.echo(f"  {_spoken(made)}")


def _spoken(made: Mapping[str, Any]) -> str:
    args = " ".join(f"{name}={value}" for name, value in made["args"].items())
    return f"{made['device']} {made['fault']} {args}".rstrip()


@command.command()
@_OUT
@click.pass_obj
def down(app: App, out: Path | None) -> None:
    """Stop the lab."""
    from eventready.lab.manage import stop  # noqa: PLC0415
    from eventready.lab.place import Place  # noqa: PLC0415

    how = stop(Place.of(app.workspace_path, out))
    if app.output != "table":
        app.emit({"down": how})
        return
    app.say(
        {
            "stopped": "The lab is down.",
            "killed": "The lab did not stop when asked, and was killed.",
            "remains": "The lab had ended without tidying up; what it left is removed.",
            "nothing": "No lab is running.",
        }[how]
    )


@command.command("score")
@click.argument("run", default="latest")
@_OUT
@click.pass_obj
def score_run(app: App, run: str, out: Path | None) -> int:
    """Hold a run against the scene: what was found, missed, and found although nobody put it there.

    Exit code 3 when anything was missed or is surplus.
    """
    from eventready.lab.place import Place  # noqa: PLC0415
    from eventready.lab.score import score  # noqa: PLC0415
    from eventready.store.store import Store  # noqa: PLC0415  no other lab command needs a database

    place = Place.of(app.workspace_path, out)
    running = place.running()
    if running is None:
        raise UsageError("no lab is running", do="Start one with `eventready lab up`.")
    with Store.of_workspace(place.folder) as store:
        result = score(store.get(run).document["findings"], running.finds)
    if app.output != "table":
        keys = ("check", "device", "subject", "status")
        app.emit(
            {kind: [dict(zip(keys, find, strict=True)) for find in finds] for kind, finds in asdict(result).items()}
        )
    else:
        click.echo(f"{len(result.found)} of {len(result.found) + len(result.missed)} seeded findings were found.")
        for title, finds in (("Missed", result.missed), ("Found, and not seeded", result.surplus)):
            for check, device, subject, status in finds:
                click.echo(f"{title}: {device} {check} {subject} ({status})")
    return Exit.OK if result.perfect else Exit.FINDINGS


@command.command()
@click.argument("device", required=False)
@click.argument("name", metavar="FAULT", required=False)
@click.argument("args", nargs=-1)
@click.option("--clear", is_flag=True, help="Clear it instead; without FAULT all of them.")
@click.option("--list", "listing", is_flag=True, help="Say which faults there are.")
@_OUT
@click.pass_obj
def fault(
    app: App,
    *,
    device: str | None,
    name: str | None,
    args: tuple[str, ...],
    clear: bool,
    listing: bool,
    out: Path | None,
) -> None:
    """Make or clear a fault while the lab runs.

    ARGS are written NAME=VALUE; the first may be the value alone: `lab fault core-1 link-down Te0/1/0`.
    With --clear, DEVICE alone clears all of its faults, and neither clears every fault of the lab.
    """
    from eventready.lab.control import ask  # noqa: PLC0415
    from eventready.lab.place import Place  # noqa: PLC0415

    running = Place.of(app.workspace_path, out).running()
    known = _known(real=running is not None and running.real)
    if listing:
        _list(app, known)
        return
    if not clear and (not device or not name):
        raise UsageError("a fault needs a device and a name", do="See `eventready lab fault --list`.")
    if running is None:
        raise UsageError("no lab is running", do="Start one with `eventready lab up`.")
    if device and name:
        asked = [(device, name, _arguments(known, name, args))]
    else:
        standing = [made for made in ask(running, do="status")["faults"] if device in (None, made["device"])]
        if not standing:
            app.say(f"Nothing to clear: no fault stands {f'on {device}' if device else 'in this lab'}.")
        asked = [(made["device"], made["fault"], made["args"]) for made in standing]
    done = [
        made
        for on, kind, values in asked
        for made in ask(running, do="fault", device=on, fault=kind, args=values, clear=clear)["done"]
    ]
    if app.output != "table":
        app.emit(done)
        return
    for made in done:
        app.say(f"{'Cleared' if clear else 'Made'}: {_spoken(made)}")


def _known(*, real: bool) -> Mapping[str, Any]:
    """The kinds of fault that the lab which runs can make."""
    if real:
        from eventready.lab.real.faults import FAULTS as REAL  # noqa: PLC0415

        return REAL
    from eventready.lab.faults import FAULTS  # noqa: PLC0415

    return FAULTS


def _arguments(known: Mapping[str, Any], name: str, args: tuple[str, ...]) -> dict[str, str]:
    read = {}
    for place, text in enumerate(args):
        key, sign, value = text.partition("=")
        if not sign and place == 0 and name in known and known[name].parameters:
            key, value = next(iter(known[name].parameters)), text
        elif not sign:
            raise UsageError(f"{text!r} is not NAME=VALUE", do="See `eventready lab fault --list`.")
        read[key] = value
    return read


def _list(app: App, faults: Mapping[str, Any]) -> None:
    known = [faults[name] for name in sorted(faults)]
    if app.output != "table":
        app.emit([{"fault": kind.name, "help": kind.help, "args": dict(kind.parameters)} for kind in known])
        return
    for kind in known:
        args = " ".join(f"{name}={default}" for name, default in kind.parameters.items())
        click.echo(f"{kind.name:20} {kind.help}" + (f"\n{'':20} {args}" if args else ""))
