"""Assignment: the work on a device in a change, and the signals against its start and its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from eventready.change.execute.device.verify import OpenIssues
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.tree import Tree
from eventready.change.safety.way_in import WayIn
from eventready.change.times import Ask, RetryTiming, Soak
from eventready.core.messages import Message, message, rendered
from eventready.store.change_steps import Drift

#: Keeps a device in the new state: longest time in seconds, and a sleep that an interruption ends.
Hold: TypeAlias = Callable[[float, Callable[[float], None]], None]
#: Word of the operator on a device within so many seconds, with a sleep that an interruption ends; None: no word.
Word: TypeAlias = Callable[[str, float, Callable[[float], None]], bool | None]
#: Reason on record for a device whose temporary change has ended.
HOLD_OVER = rendered("change:why.hold_over")

#: Reasons for devices of an interrupted change.
INTERRUPTIONS = frozenset(
    {
        "change:why.interrupted",
        "change:why.interrupted_at",
        "change:why.interrupted_before",
        "change:why.interrupted_turn",
    }
)


@dataclass
class StopSignals:
    """Signals from the change to its devices: sentences, empty while there is none.

    `hold`: devices that have not armed a guard do not start. `abort`: devices that are not confirmed revert.
    """

    hold: str = ""
    abort: str = ""


@dataclass(frozen=True)
class Assignment:
    """Work on a device. `before` is the SHA-256 of the planned running configuration, `predicted` the fingerprint of
    the configuration after the change. `forward` is sent; `backward` is the way back as read by approvers.

    `target` computes the target tree from the present one; `refuse` raises RefusedError for forbidden lines;
    `restated` raises RefusedError for words of the plan that are not those of the change from the planned tree;
    `unrelated` returns the drift outside of the plan's sections, from the present tree and its target, None for a drift
    in a section of the plan; `explain_drift` names the change that altered the running configuration; `soak` gives the
    observation time of a change from the old to the new tree; `startup` is the fingerprint of the planned startup
    configuration, None if it does not matter. `tolerated` are the issues before a change that this one rolls back: they
    may occur again. `hold` keeps the new state for a drill, up to so many seconds and with a sleep that an interruption
    ends; the way back follows instead of verification and confirmation. `word`: the
    operator is asked before the confirmation. `soaking` is called when the soak begins. `verifies`: checks and a soak
    precede the confirmation. `check_way_in` judges the change from the present to the target tree by the route back as
    read now: it returns the risks that the plan does not state, or raises RefusedError; None where the route back is
    not read.
    """

    device: str
    form: ConfigurationForm
    before: str
    predicted: str
    forward: tuple[str, ...]
    backward: tuple[str, ...]
    target: Callable[[Tree], Tree]
    refuse: Callable[[Sequence[str], Configuration], None] = lambda _lines, _running: None
    restated: Callable[[Tree, Tree], None] = lambda _before, _target: None
    unrelated: Callable[[Tree, Tree], Drift | None] = lambda _before, _target: None
    explain_drift: Callable[[Configuration], str | Message] = lambda _found: message("change:drift.changed")
    startup: str | None = None
    tolerated: OpenIssues = ()
    hold: Hold | None = None
    word: Word | None = None
    verifies: bool = True
    check_way_in: Callable[[WayIn, Tree, Tree], tuple[str, ...]] | None = None
    settle_s: float = 90.0
    soaking: Callable[[], None] = lambda: None
    soak: Callable[[Tree, Tree, Ask], Soak] = lambda _before, _target, _ask: Soak(0.0, "none")
    timing: RetryTiming = field(default_factory=RetryTiming)
