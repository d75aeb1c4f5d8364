"""Naming a run: `latest`, `previous`, its id, or the first letters of it."""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Sequence
from datetime import datetime

from eventready.errors import UsageError


def new_id(moment: datetime) -> str:
    """A name that sorts by the event's time and reads as it: `20220425-070000-a3f2`."""
    return f"{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def find(name: str, finished: Sequence[str], unfinished: Sequence[str]) -> str:
    """The id that `name` means. `finished` is in the order of the chain. Raises UsageError with a suggestion."""
    if name in ("latest", "previous"):
        back = 1 if name == "latest" else 2
        if len(finished) < back:
            told = "No run is stored yet" if not finished else "There is only one run, and none before it"
            raise UsageError(told, do="Run `eventready audit`.")
        return finished[-back]
    if name in finished:
        return name
    if name in unfinished:
        raise UsageError(f"The run {name} did not finish, and has no findings", do=_choose(name, finished))
    matches = [run_id for run_id in finished if name and run_id.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        some = ", ".join(matches[:5]) + (", ..." if len(matches) > 5 else "")
        raise UsageError(f"{name!r} begins the names of {len(matches)} runs: {some}", do="Write more of it.")
    raise UsageError(f"There is no run {name!r}", do=_choose(name, finished))


def _choose(name: str, finished: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, ("latest", "previous", *finished), n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]}?"
    return "See `eventready runs list`." if finished else "Run `eventready audit` first."
