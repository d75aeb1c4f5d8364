"""Import of the work of a declared command, when the command runs: help, version and completion need none."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module
from typing import Any

import click

from eventready.cli.context import App
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.this_process import ONCE, relaxed_gc


def work(place: str, **given: str) -> Callable[[Callable[[], None]], Callable[..., Any]]:
    """Return a decorator of a declaration, for the work of the command.

    `place`: `module:function` of the work, which takes the context of commands, `given` and the options by name. The
    work of a group runs without a subcommand only.
    """

    def decorate(declaration: Callable[[], None]) -> Callable[..., Any]:
        def run(**options: Any) -> Any:
            context = click.get_current_context()
            if context.invoked_subcommand:
                return None
            app = context.ensure_object(App)
            app.take_place()
            if app.output == "ndjson" and place != WATCH:
                raise UsageError(message("cli:main.ndjson"))
            return function(place)(context.obj, **given, **options)

        update_wrapper(run, declaration)
        setattr(run, PLACE, place)
        return run

    return decorate


#: Work with an entry at a time, the only one for `-o ndjson`.
WATCH = "eventready.cli.night.watch:command"
#: Attribute of the callback of a command with the place of its work.
PLACE = "place"


def function(place: str) -> Callable[..., Any]:
    """Import the work of a command."""
    module, _, name = place.partition(":")
    with relaxed_gc(ONCE):
        found: Callable[..., Any] = getattr(import_module(module), name)
    return found
