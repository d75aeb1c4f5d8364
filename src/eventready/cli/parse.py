"""`eventready parse`: one saved output, as facts or as the reason why not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.errors import Exit, UsageError
from eventready.facts.observation import Observation
from eventready.facts.platform import load_platform
from eventready.facts.saved import decoded, read_saved
from eventready.session.screen import MOST


@click.command(short_help="Read one saved output: the facts in it, or the reason why not")
@click.argument("platform")
@click.argument("question", metavar="FACT|COMMAND")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@click.pass_obj
def command(app: App, platform: str, question: str, file: Path) -> int:
    """Read FILE (`-` is standard input) as what a device of PLATFORM printed.

    QUESTION is a fact (`ospf_neighbour`) or a command (`"show ip ospf neighbor"`), which may answer several facts.
    JSON is one object for one fact, and a list for several. Exit code 0: measured; 4: not.

    \b
      eventready parse cisco_xe ospf_neighbour saved.txt
      eventready parse frr "show ip bgp summary json" - -o json < saved.json
    """
    loaded = load_platform(platform, _own_platforms(app))
    observations = read_saved(loaded, question, decoded(_content(file)))
    if app.output == "table":
        click.echo("\n\n".join(_as_table(observation) for observation in observations))
    else:
        documents = [_as_document(platform, observation) for observation in observations]
        app.emit(documents if len(documents) > 1 else documents[0])
    return Exit.OK if all(observation.status.measured for observation in observations) else Exit.INCOMPLETE


def _own_platforms(app: App) -> tuple[Path, ...]:
    folder = app.workspace_path / "inventory" / "platforms"
    return (folder,) if folder.is_dir() else ()


def _content(file: Path) -> bytes:
    """No more than an answer may have: a device's own would have been broken off there."""
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(MOST + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(MOST + 1)
    except OSError as error:
        raise UsageError(f"the file cannot be read: {error.strerror}", where=str(file)) from None
    if len(content) > MOST:
        most = f"the file has more than the {MOST // 1_048_576} MB that an answer may have"
        raise UsageError(most, where=str(file), do="Give the answer to one command.")
    return content


def _as_document(platform: str, observation: Observation) -> dict[str, Any]:
    return {
        "platform": platform,
        "fact": observation.fact,
        "command": observation.command,
        "status": observation.status.value,
        "reason": observation.reason,
        "rows": [row.model_dump(mode="json") for row in observation.rows],
        "unmatched": list(observation.unmatched),
    }


def _as_table(observation: Observation) -> str:
    parts = [f"{observation.fact}: {observation.status.value}"]
    if observation.reason:
        parts.append(observation.reason)
    if observation.rows:
        parts.append(_columns([row.model_dump(mode="json", exclude_none=True) for row in observation.rows]))
    if observation.unmatched:
        parts += ["Left over:", *(f"  | {line}" for line in observation.unmatched)]
    return "\n".join(parts)


def _columns(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([_shown(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(names))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
