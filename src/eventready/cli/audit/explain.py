"""Explanation of a verdict: `audit --explain` by the last full audit, `runs show --explain` by any run."""

from __future__ import annotations

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.strings.texts import short

with deferred():
    from eventready.cli.render.auditing.walk import Explanation
    from eventready.core.validation_messages import suggest
    from eventready.store.run import Run


def explain(app: App, run: Run, name: str) -> None:
    """Print the walk of a service, named VENUE/SERVICE. Raises UsageError for an unknown name."""
    known = {f"{one.venue}/{one.service}": one.place for one in run.verdicts()}
    if name not in known:
        cause = message("cli:walk.unknown" if known else "cli:walk.none", run=run.id, name=short(name))
        raise UsageError(cause, do=suggest(name, known))
    verdict = next(one for one in run.verdicts(whole=True) if one.place == known[name])
    if verdict.walk is None:
        raise UsageError(message("cli:walk.none", run=run.id, name=short(name)))
    found = Explanation.of(run, verdict, verdict.walk)
    if app.output == "table":
        with app.tolerate_closed_pipe():
            found.show(app.lang)
    else:
        app.emit(found.as_json())
