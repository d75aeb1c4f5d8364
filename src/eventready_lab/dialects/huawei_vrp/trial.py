"""Two stages of VRP 8: a candidate, and its commit, permanent or on trial.

A trial belongs to its session: it ends with the session, and no other session can commit or roll back. A named trial
(`persist`) outlives its session, and is confirmed by its name.
"""

from __future__ import annotations

import copy
from dataclasses import replace

from eventready_lab.device.dialect import Action, ConfigMode, Refused
from eventready_lab.device.view import View
from eventready_lab.dialects.huawei_vrp.release import Vrp

_DEFAULT_S, _LEAST_S, _MOST_S = 600, 60, 65_535
_IN_TRIAL = "Error: The system is in trial configuration mode."
_NO_TRIAL = "Error: The system is not in trial configuration mode."
_WRONG = "Error: Wrong parameter found at '^' position."
_COMMIT = r"commit(?P<trial> trial(?: (?P<seconds>\d+))?)?(?: label \S+)?{persist}(?: description .{{1,60}})?"
_PERSIST = r"(?: persist (?P<persist>[A-Za-z_]\S{0,255}))?"


def two_stage(config: ConfigMode, system: Vrp) -> ConfigMode:
    """The configuration mode with a commit."""
    commit = _COMMIT.format(persist=_PERSIST if system.persists else "")
    return replace(config, candidate=True, commit=commit, commit_command=_commit)


def _commit(view: View) -> str:
    groups = view.match.groupdict()
    name, pending = groups.get("persist") or "", view.revert_timer.pending
    if not _owns_trial(view, name):
        raise Refused(_IN_TRIAL)
    if not groups.get("trial"):
        view.revert_timer.confirm()
        view.config.commit()
        return ""
    seconds = int(groups["seconds"] or _DEFAULT_S)
    if not _LEAST_S <= seconds <= _MOST_S:
        raise Refused(_WRONG)
    before = pending.tree if pending else copy.deepcopy(view.config.running)
    if not view.config.commit() and not pending:
        return ""
    session = -1 if name else view.session
    view.revert_timer.arm(before, seconds, since=view.now, by=view.user, session=session, name=name)
    return (
        "Info: The system enters the trial configuration mode.\nThe system will revert to previous configuration if "
        f"the trial configuration is not confirmed in {seconds} seconds."
    )


def _owns_trial(view: View, name: str) -> bool:
    """Return True without a pending trial, or for a trial of this session or of this name."""
    pending = view.revert_timer.pending
    if pending is None:
        return True
    return pending.name == name and (bool(name) or pending.session == view.session)


def _abort(view: View) -> str:
    pending, name = view.revert_timer.pending, view.match.groupdict().get("persist") or ""
    if pending is None:
        raise Refused(_NO_TRIAL)
    if not _owns_trial(view, name):
        raise Refused(_IN_TRIAL)
    view.revert_timer.revert()
    return "Info: The trial configuration rollback succeeded."


def status(view: View) -> str:
    """`display configuration trial status`."""
    pending = view.revert_timer.pending
    if pending is None:
        return "Trial status: INACTIVE\nTrial time left (sec): 0"
    named = [f"Persist id: {pending.name}"] if pending.name else []
    return "\n".join(["Trial status: ACTIVE", *named, f"Trial time left (sec): {pending.left_s(view.timers)}"])


def abort(modes: tuple[str, ...], system: Vrp) -> Action:
    """`abort trial`, in every view except the user view."""
    return Action(
        rf"abort trial{_PERSIST if system.persists else ''}",
        _abort,
        question="Warning: The trial configuration will be rolled back. Continue? [Y/N]:",
        modes=modes,
    )
