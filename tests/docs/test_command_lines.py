"""Command lines of the help, the pages, the messages and the demo are accepted by the command line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
import yaml

from eventready.cli.commands import COMMANDS, EXAMPLES, load_command
from eventready.cli.context import App
from eventready.cli.main import cli
from eventready.core.errors import EventreadyError
from eventready.delivery.service_units import cron, systemd, wall_service
from tests.docs.words import SOURCE

ROOT = SOURCE.parent
_FENCED = re.compile(r"^```\w*\n(.*?)^```", re.M | re.S)
_QUOTED = re.compile(r"`(?:\$ )?(eventready [^`]+)`")
_LINE = re.compile(r'^ *(?:\$ |then |[A-Z_]+="[^"]*" )?(?:uv run --no-sync )?("\$eventready"|eventready) (.*)$', re.M)
#: End of a command in a line of a shell: a comment, another command, a redirection.
_END = re.compile(r"\s(?:#|\|\|?|&&?|[12]?>>?|<|;|\|)\s.*|\s#.*|;$|\s+2?>/dev/null.*|\)$")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_-]+|\.\.\.|…")


def _texts() -> Iterator[tuple[str, str]]:
    """Place and text of every page."""
    for page in (
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        *ROOT.glob("docs/**/*.md"),
    ):
        yield page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8")


def pages() -> Iterator[tuple[str, str]]:
    """Place and command line of the code blocks of every page."""
    for place, text in _texts():
        yield from ((place, line) for block in _FENCED.findall(text) for line in shell_lines(block))


def shell_lines(text: str) -> Iterator[str]:
    """Command lines of a text, without the program, comments and redirections; `a | b` of a group gives both."""
    for _, line in _LINE.findall(text.replace("\\\n", " ")):
        first, *others = re.split(r" \| (?=[a-z-]+\b)", line.partition(" #")[0])
        yield first
        head = first.split()
        group = load_command(head[0]) if head and head[0] in COMMANDS else None
        for other in others:
            if isinstance(group, click.Group) and other.split()[0] in group.commands:
                yield f"{head[0]} {other}"


def quotations() -> Iterator[tuple[str, str]]:
    """Command lines quoted in pages and in sentences of the catalogue, with the names of their parameters."""
    for place, text in _texts():
        yield from ((place, " ".join(line.split()).removeprefix("eventready ")) for line in _QUOTED.findall(text))
    for file in sorted((SOURCE / "eventready/locales").glob("*.po")):
        text = re.sub(r'"\n"', "", file.read_text(encoding="utf-8")).replace("{option}", "").replace('\\"', '"')
        for line in _QUOTED.findall(text):
            yield file.name, re.sub(r"\{(\w+)[^}]*\}", r"\1", line).removeprefix("eventready ")


def helps() -> Iterator[tuple[str, str]]:
    """Command lines in the texts of the help, and the examples."""
    yield from (("eventready", re.split(r" {3,}", line)[0]) for line in shell_lines(cli.help or ""))
    for examples in EXAMPLES.values():
        yield from (("cli/examples.txt", example) for example in examples)


def demo() -> Iterator[tuple[str, str]]:
    """Command lines of the demo."""
    text = (ROOT / "demo.sh").read_text(encoding="utf-8").replace('"$port"', "8750")
    yield from (("demo.sh", line) for line in shell_lines(text))


def units() -> Iterator[tuple[str, str]]:
    """Command lines of the units of services that the product prints."""
    wall = wall_service(ROOT, "night", ["--port", "80"])
    for printed in (systemd(ROOT, "night", ["--really"]), cron(ROOT, "night", ["--really"]), wall):
        yield from (
            ("delivery/service_units.py", line)
            for line in re.findall(r"-m eventready (.*?)(?: >> .*)?$", printed, re.M)
        )


def images() -> Iterator[tuple[str, str]]:
    """Command lines of the containers in deploy/."""
    for file in (ROOT / "deploy").rglob("*.yaml"):
        for found in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            for container in found.get("spec", {}).get("template", {}).get("spec", {}).get("containers", ()):
                yield file.name, shlex.join(container["args"])


def docstrings() -> Iterator[tuple[str, str]]:
    """Command lines quoted in the source of the product and of the lab."""
    for file in sorted(SOURCE.rglob("*.py")):
        text = re.sub(r"\s+", " ", file.read_text(encoding="utf-8"))
        yield from ((file.name, line.removeprefix("eventready ")) for line in _QUOTED.findall(text) if "{" not in line)


def refusal(line: str, *, quoted: bool) -> str:
    """Reason for which a command line is not accepted, or nothing; a quotation may leave out arguments and values."""
    words = shlex.split(_END.sub("", line))
    try:
        context = cli.make_context("eventready", words, obj=App())
        while isinstance(context.command, click.Group):
            rest = [*context._protected_args, *context.args]
            if not rest or _PLACEHOLDER.fullmatch(rest[0]):
                return ""
            name, command, rest = context.command.resolve_command(context, rest)
            assert command is not None
            context = command.make_context(name, rest, parent=context)
    except click.exceptions.Exit:
        return ""
    except (click.MissingParameter, click.BadOptionUsage, click.exceptions.NoArgsIsHelpError) as error:
        return "" if quoted else str(error)
    except (click.ClickException, EventreadyError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("lines", [helps, pages, quotations, demo, units, images, docstrings])
def test_command_lines_are_accepted(
    lines: Callable[[], Iterator[tuple[str, str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = dict.fromkeys(lines())
    monkeypatch.chdir(tmp_path)
    for word in {word for _, line in found for word in line.split() if re.search(r"\.(eml|evr|pdf)$", word)}:
        (tmp_path / word).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / word).touch()
    refused = [(place, line, refusal(line, quoted=lines in (quotations, docstrings))) for place, line in found]
    assert found
    assert not [entry for entry in refused if entry[2]]


#: Commands of before the tree of today, quoted without the program.
_OLD = re.compile(
    r"`(?:kit make|bundle (?:keygen|--)|playbook run|topology (?:map|export)|capacity solve|capture(?: -|`)"
    r"|allow(?: -|`)|whatif (?:down|link|group|n-)|alerts (?:explain|test|list|silence|acknowledge|expire)"
    r"|attest (?:list|\d)|schedule --|consolidate (?:--|`)|send --|worker --|deadlines --|parse --|matrix -)[^`]*`?"
)


def test_nothing_names_an_old_command() -> None:
    files = [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.po"), *(ROOT / name for name in ("demo.sh", "Makefile"))]
    texts = [*_texts(), *((str(file), file.read_text(encoding="utf-8")) for file in files)]
    found = [(place, one[0]) for place, text in texts for one in _OLD.finditer(text) if place != "CHANGELOG.md"]
    assert found == []
