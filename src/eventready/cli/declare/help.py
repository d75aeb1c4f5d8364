"""Commands of the section Help, which the list of commands leaves out: options and help."""

from __future__ import annotations

import click

from eventready.cli.declare.work import work


@click.command()
@click.argument("page", default="index")
@click.option("--list", "listing", is_flag=True, help="List all pages.")
@work("eventready.cli.workspace.docs:command")
def docs() -> None:
    """Show a page of the documentation, `index` by default."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "words"]), metavar="bash|zsh|fish")
@work("eventready.cli.workspace.completion:command")
def completion() -> None:
    """Print the completion script of a shell: commands, options, devices, runs, clauses, venues and faults."""
