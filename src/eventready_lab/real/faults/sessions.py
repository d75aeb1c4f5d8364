"""Faults of the sessions on a device: hanging, silent, refused, unexpected host key."""

from __future__ import annotations

import signal
from pathlib import Path

from eventready_lab.real.faults.target import FaultSteps, RealFaultTarget, Role, fault, immediately
from eventready_lab.real.machinery.commands import run

_ROUTER: tuple[Role, ...] = ("router",)


@fault("hang", _ROUTER)
def hang(target: RealFaultTarget) -> FaultSteps:
    """The router accepts logins and commands, and never answers: all its daemons are stopped."""
    pids = [pid for pid in run("ip", "netns", "pids", target.device).split() if _is_daemon(pid)]
    _signal(pids, signal.SIGSTOP)
    yield immediately
    _signal(pids, signal.SIGCONT)


def _is_daemon(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/usr/lib/frr/")
    except OSError:
        return False


def _signal(pids: list[str], number: signal.Signals) -> None:
    if pids:
        run("kill", f"-{number.name.removeprefix('SIG')}", *pids)


@fault("silent", ("router", "bts_controller"))
def silent(target: RealFaultTarget) -> FaultSteps:
    """The device accepts connections and sends nothing."""
    target.equipment.listeners[target.device].silent = True
    yield immediately
    target.equipment.listeners.end_silence(target.device)


@fault("auth-refused", _ROUTER)
def auth_refused(target: RealFaultTarget) -> FaultSteps:
    """Every password is refused."""
    target.equipment.logins.refuse(target.device, True)
    yield immediately
    target.equipment.logins.refuse(target.device, False)


@fault("changed-host-key", _ROUTER)
def changed_host_key(target: RealFaultTarget) -> FaultSteps:
    """The device presents another host key than the recorded key."""
    target.equipment.logins.exchange_key(target.device, True)
    yield immediately
    target.equipment.logins.exchange_key(target.device, False)
