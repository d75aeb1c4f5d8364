"""The way back of IOS XE: `configure terminal revert timer`, which needs an archive to go back to."""

from __future__ import annotations

from datetime import datetime

from eventready.lab.dialect import Action, Refused, View

_NONE = "%No Rollback Confirmed Change pending"
#: Written to whoever armed the timer when a minute is left, which may be right behind the prompt.
_WARNING = (
    "Rollback Confirmed Change: Rollback will begin in one minute.\n"
    'Enter "configure confirm" if you wish to keep what you\'ve configured\n'
)
_ENTERED = "Enter configuration commands, one per line.  End with CNTL/Z."


def _path(view: View) -> str:
    lines = view.config.running.get("archive", {})
    return next((line.removeprefix("path ") for line in lines if line.startswith("path ")), "")


def _copy(path: str, since: datetime) -> str:
    """The name of the copy: blanks of the time are hyphens, `May--4`."""
    return f"{path}-{since:%b}-{since.day:>2}-{since:%H-%M-%S}.000-0".replace(" ", "-")


def _arm(view: View) -> str:
    minutes, path = int(view.match[1]), _path(view)
    if not path:
        raise Refused("%Turn config archive on before using Rollback Confirmed Change")
    if view.way_back.waiting:
        raise Refused("%Rollback Confirmed Change is already pending. Confirm or revert it first")
    waiting = view.way_back.arm(view.config.running, minutes * 60, since=view.now, by=view.user, session=-1)
    voice = view.machine.voices.get(view.session)

    def warn() -> None:
        if voice and view.way_back.waiting is waiting:
            voice(_WARNING)

    view.timers.after((minutes - 1) * 60, warn)
    return f"Rollback Confirmed Change: Backing up current running config to {_copy(path, view.now)}\n\n{_ENTERED}"


def _confirm(view: View) -> str:
    return "" if view.way_back.confirm() else _NONE


def _revert(view: View) -> str:
    path, waiting = _path(view), view.way_back.waiting
    if waiting is None or not view.way_back.take():
        return _NONE
    copy = _copy(path, waiting.since)
    return f"Rollback Confirmed Change: Rolling to:{copy}\n\nTotal number of passes: 1\nRollback Done\n"


def timer(view: View) -> str:
    """`show archive config rollback timer`."""
    waiting = view.way_back.waiting
    if waiting is None:
        return _NONE
    return (
        f"Time configured(or reconfigured): {waiting.since:%H:%M:%S} ICT {waiting.since:%a %b %d %Y}\n"
        f"Timer type: absolute timer\nTimer value: {waiting.seconds // 60} min\nUser: {waiting.by}"
    )


ACTIONS = (
    Action(
        r"configure terminal revert timer ([1-9]\d?|1[01]\d|120)",
        _arm,
        modes=("enabled",),
        enters=True,
    ),
    Action(r"configure confirm", _confirm, modes=("enabled",)),
    Action(r"configure revert now", _revert, modes=("enabled",)),
)
