"""The revert timer of IOS XE: `configure terminal revert timer`, which needs an archive."""

from __future__ import annotations

from datetime import datetime

from eventready_lab.device.dialect import Action, Refused
from eventready_lab.device.view import View
from eventready_lab.device.zone import abbreviation

_NONE = "%No Rollback Confirmed Change pending"
#: Written to the arming session one minute before the revert, possibly behind the prompt.
_WARNING = (
    "Rollback Confirmed Change: Rollback will begin in one minute.\n"
    'Enter "configure confirm" if you wish to keep what you\'ve configured\n'
)
_ENTERED = "Enter configuration commands, one per line.  End with CNTL/Z."


def _path(view: View) -> str:
    lines = view.config.running.get("archive", {})
    return next((line.removeprefix("path ") for line in lines if line.startswith("path ")), "")


def _copy(path: str, since: datetime) -> str:
    """The name of the archive copy; blanks in the date become hyphens, `May--4`."""
    return f"{path}-{since:%b}-{since.day:>2}-{since:%H-%M-%S}.000-0".replace(" ", "-")


def _arm(view: View) -> str:
    minutes, path = int(view.match[1]), _path(view)
    if not path:
        raise Refused("%Turn config archive on before using Rollback Confirmed Change")
    if view.revert_timer.pending:
        raise Refused("%Rollback Confirmed Change is already pending. Confirm or revert it first")
    pending = view.revert_timer.arm(view.config.running, minutes * 60, since=view.now, by=view.user, session=-1)
    write = view.session_writer()

    def warn() -> None:
        if write and view.revert_timer.pending is pending:
            write(_WARNING)

    view.timers.after((minutes - 1) * 60, warn)
    return f"Rollback Confirmed Change: Backing up current running config to {_copy(path, view.now)}\n\n{_ENTERED}"


def _confirm(view: View) -> str:
    return "" if view.revert_timer.confirm() else _NONE


def _revert(view: View) -> str:
    path, pending = _path(view), view.revert_timer.pending
    if pending is None or not view.revert_timer.revert():
        return _NONE
    copy = _copy(path, pending.since)
    return f"Rollback Confirmed Change: Rolling to:{copy}\n\nTotal number of passes: 1\nRollback Done\n"


def archive(view: View) -> str:
    """`show archive`."""
    if not view.config.running.get("archive", {}):
        return "Archive feature not enabled"
    return (
        "The maximum archive configurations allowed is 5.\nThere are currently 0 archive configurations saved.\n"
        f"The next archive file will be named {_path(view)}-<timestamp>-0\n Archive #  Name"
    )


def timer(view: View) -> str:
    """`show archive config rollback timer`."""
    pending = view.revert_timer.pending
    if pending is None:
        return _NONE
    return (
        f"Time configured(or reconfigured): {pending.since:%H:%M:%S} {abbreviation(pending.since)} "
        f"{pending.since:%a %b %d %Y}\n"
        f"Timer type: absolute timer\nTimer value: {pending.seconds // 60} min\nUser: {pending.by}"
    )


ACTIONS = (
    Action(r"configure terminal revert timer ([1-9]\d?|1[01]\d|120)", _arm, modes=("enabled",), enters=True),
    Action(r"configure confirm", _confirm, modes=("enabled",)),
    Action(r"configure revert now", _revert, modes=("enabled",)),
)
