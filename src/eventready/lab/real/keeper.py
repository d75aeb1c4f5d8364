"""The keeper of the real province: `python -m eventready.lab.real.keeper`, the first program inside an enclosure."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from eventready.errors import EventreadyError
from eventready.lab.control import Control
from eventready.lab.copy import refuse_foreign, write_played
from eventready.lab.machine import Credentials
from eventready.lab.place import Place, Running, process_mark
from eventready.lab.real import enclosure
from eventready.lab.real.plan import air_of, devices, standing_finds
from eventready.lab.real.province import Province
from eventready.workspace.workspace import load_workspace

WORK = "real"
_TEND_S = 1.0
_USER = "lab-netops"


async def serve(workspace_path: Path, place: Place, outside: int, mark: str, without: str) -> None:
    """Start the province, write its workspace copy, and keep it until told to stop.

    `without` says why there is no WiFi; it is empty when there is.
    """
    workspace = load_workspace(workspace_path)
    refuse_foreign(place.folder)
    enclosure.remove(place.folder, [WORK])
    work = place.folder / WORK
    work.mkdir(mode=0o700)
    air = () if without else air_of(workspace.event)
    province = Province(work, Credentials(_USER, secrets.token_urlsafe(15)), air)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    control, socket = Control(province, stop.set), place.socket()
    try:
        await asyncio.to_thread(province.start)
        tending = asyncio.create_task(_tend(province))
        await asyncio.to_thread(province.ready)
        answers = province.answers()
        played = devices(workspace.event, core=province.stations.core, air=air)
        write_played(workspace, {device: answers[device.name] for device in played}, {}, place.folder)
        await control.open(socket)
        place.write(
            Running(
                pid=outside, mark=mark, socket=str(socket), devices=len(played), endpoints=province.endpoints,
                scene="the real province, in order", workspace=str(workspace_path), finds=standing_finds(air),
                real=True, left_out=_left_out(province, without),
            )
        )  # fmt: skip
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting, tending}, return_when=asyncio.FIRST_COMPLETED)
        if tending.done():
            tending.result()
    finally:
        control.close()
        province.close()
        place.tidy()
        enclosure.remove(place.folder, [WORK])


def _left_out(province: Province, without: str) -> tuple[str, ...]:
    told = [f"the WiFi machine ({without})"] if without else []
    if not province.stations.core:
        told.append("the MSC (this kernel has no SCTP, and there is no compiler to stand in for it)")
    return tuple(told)


async def _tend(province: Province) -> None:
    while True:
        await asyncio.sleep(_TEND_S)
        province.stations.tend()


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry inside the enclosure; errors go to the lab's log as one sentence."""
    parser = argparse.ArgumentParser(prog="eventready.lab.real.keeper")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--outside", type=int, required=True)
    parser.add_argument("--without-wifi", default="", help="why there is no WiFi")
    given = parser.parse_args(arguments)
    os.umask(0o022)  # daemons and sshds with users of their own read what is written inside
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    mark = process_mark(given.outside)  # before /proc is that of the enclosure
    try:
        enclosure.settle_in(given.out)
        asyncio.run(serve(given.workspace, Place(given.out), given.outside, mark, given.without_wifi))
    except EventreadyError as error:
        print(f"error: {error}", file=sys.stderr)
        return int(error.exit)
    return 0


if __name__ == "__main__":
    sys.exit(main())
