"""Agreement of the operator at the keys, with the difference in view."""

from __future__ import annotations

import sys

import click

from eventready.change.document import Plan
from eventready.cli.change.plan_text import plan_lines
from eventready.cli.context import App
from eventready.core.errors import RefusedError
from eventready.core.messages import message


def require_yes(app: App, plan: Plan, *, yes: bool) -> None:
    """Show a plan on a terminal, and require a yes; scripts go on without.

    Raises RefusedError for a no, and for a terminal whose keys are elsewhere: an answer from a pipe is none.
    """
    if yes or plan.empty:
        return
    if not (sys.stdin.isatty() or sys.stdout.isatty() or sys.stderr.isatty()):
        app.notify("cli:agreement.unasked")
        return
    if not (app.shows_progress and sys.stdin.isatty()):
        raise RefusedError(message("cli:agreement.no_keys"))
    app.display(plan_lines(plan, app.lang))
    try:
        agreed = click.confirm(app.text("cli:agreement.question"), err=True)
    except click.Abort:  # Ctrl-C, or the end of the input
        agreed = False
    if not agreed:
        raise RefusedError(message("cli:agreement.declined"))
