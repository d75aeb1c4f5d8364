"""Usage errors of click in the language of the terminal, found by their English form in `cli:click`."""

from __future__ import annotations

import re

import click

from eventready.core.messages import ids, parameters, text


def show_click_error(error: click.ClickException, lang: str) -> None:
    """Print usage, hint and error in the layout of click."""
    if lang == "en" or isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    context = getattr(error, "ctx", None)
    if context is not None:
        click.echo(context.get_usage(), err=True)
        click.echo(text("cli:usage.help", lang, command=context.command_path), err=True)
    click.echo(text("cli:usage.error", lang, reason=translated(error.format_message(), lang)), err=True)


def translated(sentence: str, lang: str) -> str:
    """Return a sentence of click, and its parts, in a language; unchanged outside the catalogue."""
    for key in (key for key in ids("cli") if key.startswith("click.")):
        msgid = f"cli:click.{key.removeprefix('click.')}"
        marks = {name: f"<{name}>" for name in parameters(msgid, "en")}
        pattern = re.sub(r"<(\w+)>", r"(?P<\1>.+?)", re.escape(text(msgid, "en", **marks)))
        if found := re.fullmatch(pattern, sentence, re.DOTALL):
            return text(msgid, lang, **{name: translated(part, lang) for name, part in found.groupdict().items()})
    return sentence
