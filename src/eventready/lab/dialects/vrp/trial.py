"""The two stages of VRP 8: a candidate that is committed, for good or on trial.

A trial is its session's own: it ends with it, nobody else can commit or go back. One with a name (`persist`) outlives
its session, and whoever gives the name confirms it.
"""

from __future__ import annotations

import copy
from dataclasses import replace

from eventready.lab.dialect import Action, ConfigMode, Refused, View
from eventready.lab.dialects.vrp.system import Vrp

_DEFAULT_S, _LEAST_S, _MOST_S = 600, 60, 65_535
_IN_TRIAL = "Error: The system is in trial configuration mode."
_NO_TRIAL = "Error: The system is not in trial configuration mode."
_WRONG = "Error: Wrong parameter found at '^' position."
_COMMIT = r"commit(?P<trial> trial(?: (?P<seconds>\d+))?)?(?: label \S+)?{persist}(?: description .{{1,60}})?"
_PERSIST = r"(?: persist (?P<persist>[A-Za-z_]\S{0,255}))?"


def two_stage(config: ConfigMode, system: Vrp) -> ConfigMode:
    """A way of being configured, with a commit."""
    commit = _COMMIT.format(persist=_PERSIST if system.persists else "")
    return replace(config, candidate=True, commit=commit, commits=_commit)


def _commit(view: View) -> str:
    said = view.match.groupdict()
    name, waiting = said.get("persist") or "", view.way_back.waiting
    if not _may(view, name):
        raise Refused(_IN_TRIAL)
    if not said.get("trial"):
        view.way_back.confirm()
        view.config.commit()
        return ""
    seconds = int(said["seconds"] or _DEFAULT_S)
    if not _LEAST_S <= seconds <= _MOST_S:
        raise Refused(_WRONG)
    before = waiting.tree if waiting else copy.deepcopy(view.config.running)
    if not view.config.commit() and not waiting:
        return ""
    session = -1 if name else view.session
    view.way_back.arm(before, seconds, since=view.now, by=view.user, session=session, name=name)
    return (
        "Info: The system enters the trial configuration mode.\nThe system will revert to previous configuration if "
        f"the trial configuration is not confirmed in {seconds} seconds."
    )


def _may(view: View, name: str) -> bool:
    """Whether what waits, if anything does, is this session's, or is called by its name."""
    waiting = view.way_back.waiting
    if waiting is None:
        return True
    return waiting.name == name and (bool(name) or waiting.session == view.session)


def _abort(view: View) -> str:
    waiting, name = view.way_back.waiting, view.match.groupdict().get("persist") or ""
    if waiting is None:
        raise Refused(_NO_TRIAL)
    if not _may(view, name):
        raise Refused(_IN_TRIAL)
    view.way_back.take()
    return "Info: The trial configuration rollback succeeded."


def status(view: View) -> str:
    """`display configuration trial status`."""
    waiting = view.way_back.waiting
    if waiting is None:
        return "Trial status: INACTIVE\nTrial time left (sec): 0"
    named = [f"Persist id: {waiting.name}"] if waiting.name else []
    return "\n".join(["Trial status: ACTIVE", *named, f"Trial time left (sec): {waiting.left_s(view.timers)}"])


def abort(modes: tuple[str, ...], system: Vrp) -> Action:
    """`abort trial`, known in every view but the user's."""
    return Action(
        rf"abort trial{_PERSIST if system.persists else ''}",
        _abort,
        question="Warning: The trial configuration will be rolled back. Continue? [Y/N]:",
        modes=modes,
    )
