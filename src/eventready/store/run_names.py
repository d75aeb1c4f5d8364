"""Names of runs: `latest`, `previous`, an id, or its first characters."""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import few


def new_run_id(moment: datetime) -> str:
    """New id, sortable by event time, such as `20330725-070000-a3f2`."""
    return f"{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def find_run(name: str, states: Mapping[str, str]) -> str:
    """Resolve a name to an id. `states`: by id, in the order of the chain. Raises UsageError with a suggestion."""
    finished = [run_id for run_id, state in states.items() if state == "finished"]
    if name in ("latest", "previous"):
        back = 1 if name == "latest" else 2
        if len(finished) < back:
            raise UsageError(message("store:run.only_one") if finished else message("store:run.none"))
        return finished[-back]
    if name in finished:
        return name
    if name in states:
        without = "store:run.pruned" if states[name] == "pruned" else "store:run.unfinished"
        raise UsageError(message(without, name=name), do=_choose(name, finished))
    matches = [run_id for run_id in finished if name and run_id.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(message("store:run.ambiguous", name=name, count=len(matches), runs=few(matches, 5)))
    raise UsageError(message("store:run.unknown", name=name), do=_choose(name, finished))


def _choose(name: str, finished: Sequence[str]) -> Message:
    close = difflib.get_close_matches(name, ("latest", "previous", *finished), n=1, cutoff=0.6)
    if close:
        return message("store:run.did_you_mean", name=close[0])
    return message("store:run.list") if finished else message("store:run.first")
