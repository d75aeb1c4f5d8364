"""Command with the options of a first week in its help; `--help --all` has the others and the exit codes."""

from __future__ import annotations

from collections.abc import Collection
from inspect import cleandoc
from typing import Any

import click

from eventready.cli.context import App

_EXIT_CODES = "\n\n\b\nExit codes"
#: Last line of the short help.
MORE = "All options, and the exit codes: `--help --all`."


class FirstWeek(click.Command):
    """Command with a short help. `first`: names of the parameters there."""

    def __init__(self, *arguments: Any, first: Collection[str], **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._first = first

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help without the exit codes."""
        whole = self.help or ""
        if not ctx.ensure_object(App).whole_help:
            self.help = cleandoc(whole).partition(_EXIT_CODES)[0]
        super().format_help_text(ctx, formatter)
        self.help = whole

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of a first week."""
        if ctx.ensure_object(App).whole_help:
            super().format_options(ctx, formatter)
            return
        shown = [one for one in self.get_params(ctx) if one.name in self._first]
        with formatter.section("Options"):
            formatter.write_dl([record for one in shown if (record := one.get_help_record(ctx))])
        formatter.write_paragraph()
        formatter.write_text(MORE)
