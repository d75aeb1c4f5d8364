"""Help and usage errors of the command line in the language of the terminal.

The English text in the code is the source, and its pieces are the ids of `help.po`: a paragraph, or the last column of
a line where the layout is preserved. A changed English text loses its translation, and a test fails. Errors of
click are found by their English form in `cli:click`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

from eventready.core.messages import LANGS, Lang, ids, parameters, source_text, text

#: Mark of click in front of a paragraph with a preserved layout.
_PRESERVED = "\b\n"
#: Indent and columns in front of the last column of a line.
_COLUMNS = re.compile(r"( *(?:.*\S {2,})?)(.*)", re.DOTALL)
#: Beginnings of a command line, and of its continuation: no text.
_COMMAND_LINE = ("eventready ", "-")
#: Words of click in the English help, outside the texts of a command.
CLICK_WORDS = ("Usage", "Options", "Commands", "default", "required", "env var")


def requested_lang(arguments: Sequence[str], environment: Mapping[str, str]) -> Lang | None:
    """Language of the last `--lang` in the arguments, else of EVENTREADY_LANG, known before click parses them."""
    chosen = environment.get("EVENTREADY_LANG", "")
    words = list(arguments)
    words = words[: words.index("--")] if "--" in words else words
    for word, following in zip(words, [*words, ""][1:], strict=True):
        name, equals, value = word.partition("=")
        if name == "--lang":
            chosen = value if equals else following
    return next((lang for lang in LANGS if lang == chosen), None)


def by_piece(content: str, change: Callable[[str], str]) -> str:
    """Replace every piece of a help text: paragraphs, or the last columns of the lines of a preserved paragraph."""
    return "\n\n".join(_paragraph(paragraph, change) for paragraph in content.split("\n\n"))


def _paragraph(paragraph: str, change: Callable[[str], str]) -> str:
    if not paragraph.startswith(_PRESERVED):
        return change(" ".join(line.strip() for line in paragraph.split("\n")))
    lines = paragraph.removeprefix(_PRESERVED).split("\n")
    return _PRESERVED + "\n".join(_line(line, change) for line in lines)


def _line(line: str, change: Callable[[str], str]) -> str:
    found = _COLUMNS.fullmatch(line)
    return line if found is None or found[2].startswith(_COMMAND_LINE) else found[1] + change(found[2])


def translated_help(content: str, lang: str) -> str:
    """A help text in a language; pieces without a translation stay English."""
    return content if lang == "en" else by_piece(content, lambda piece: source_text("help", piece, lang))


def option_text(option: click.Option, context: click.Context, lang: str) -> str:
    """Help of an option in a language, with its default, range and environment variable."""
    extra = option.get_help_extra(context)
    items = [f"{translated_help('env var', lang)}: {', '.join(extra['envvars'])}"] if "envvars" in extra else []
    items += [f"{translated_help('default', lang)}: {extra['default']}"] if "default" in extra else []
    items += [extra["range"]] if "range" in extra else []
    items += [translated_help("required", lang)] if "required" in extra else []
    shown = [translated_help(option.help or "", lang), f"[{'; '.join(items)}]" if items else ""]
    return "  ".join(part for part in shown if part)


class HelpFormatter(click.HelpFormatter):
    """Layout of click with every text in a language."""

    def __init__(self, lang: Lang, options: Mapping[str, str], **more: Any) -> None:
        """Take `options`: text of each option in the language, by its English text."""
        super().__init__(**more)
        self._lang = lang
        self._options = options

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or f"{translated_help('Usage', self._lang)}: ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(translated_help(heading, self._lang))

    def write_text(self, text: str) -> None:
        super().write_text(translated_help(text, self._lang))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        shown = [(term, self._options.get(content) or translated_help(content, self._lang)) for term, content in rows]
        super().write_dl(shown, col_max, col_spacing)


class HelpContext(click.Context):
    """Context with a formatter for the language of the terminal."""

    def make_formatter(self) -> click.HelpFormatter:
        lang: Lang = getattr(self.obj, "lang", "en")
        if lang == "en":
            return super().make_formatter()
        options = {
            record[1]: option_text(option, self, lang)
            for option in self.command.get_params(self)
            if isinstance(option, click.Option) and (record := option.get_help_record(self))
        }
        return HelpFormatter(lang, options, width=self.terminal_width, max_width=self.max_content_width)


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
