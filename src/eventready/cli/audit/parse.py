"""`eventready doctor parse`: facts of a saved output, or the reason of a failure."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from yaml import safe_dump

from eventready.cli.context import App
from eventready.core.errors import Exit, UsageError, os_reason
from eventready.core.files import create_atomic, write_atomic
from eventready.core.messages import in_language, message
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation
from eventready.facts.platform import Platform, load_usable
from eventready.facts.reported_case import ReportedCase, read_whole
from eventready.facts.saved import decode_output, facts_for, parse_saved
from eventready.platforms.loader import in_one
from eventready.session.dialogue.buffer import MAX_ANSWER_BYTES
from eventready.workspace.files.yaml_document import combine_errors

_COMPLETE = {True: "yes", False: "unknown"}


def command(app: App, *, platform: str, question: str, file: Path, write_sample: bool, report: Path | None) -> int:
    """Parse FILE (`-`: standard input), a saved output of a PLATFORM device."""
    loaded = _usable_platform(app, platform, question)
    text = decode_output(_content(file))
    observations = parse_saved(loaded, question, text)
    if report is not None:
        _write_case(app, report, loaded, observations, text)
    if write_sample:
        app.notify("cli:parse.sample", file=str(_write_sample(observations, file)))
    documents = [_as_document(platform, observation) for observation in observations]
    app.show(
        documents if len(documents) > 1 else documents[0],
        "\n\n".join(_as_table(app, observation) for observation in observations),
    )
    return Exit.OK if all(observation.status.measured for observation in observations) else Exit.INCOMPLETE


def _usable_platform(app: App, name: str, question: str) -> Platform:
    """Load a platform and name its invalid facts. Raises PlatformError if the question is an invalid fact."""
    loaded, problems = load_usable(name, _own_platforms(app))
    try:
        facts_for(loaded, question)
    except UsageError:
        if problems:
            raise in_one(combine_errors(problems), name) from None
        raise
    for problem in problems:
        app.notify("cli:parse.left_out", error=problem.whole)
    return loaded


def _write_sample(observations: Sequence[Observation], file: Path) -> Path:
    """Write the expected facts beside a sample. Raises UsageError."""
    if len(observations) != 1 or str(file) == "-":
        raise UsageError(message("cli:parse.sample_of"))
    (observed,) = observations
    sample = file.with_suffix(".yaml")
    if sample.exists():
        raise UsageError(message("cli:parse.sample_there"), where=str(sample))
    document: dict[str, Any] = {"status": observed.status.value}
    if observed.rows:
        document["rows"] = [row.model_dump(mode="json", exclude_defaults=True) for row in observed.rows]
    if observed.unread:
        document["unread"] = [record.subject for record in observed.unread]
    if observed.status.measured and observed.unmatched:
        document["unmatched"] = len(observed.unmatched)
    text = safe_dump(document, sort_keys=False, allow_unicode=True, width=118)
    write_atomic(sample, text.encode(), what="the sample")
    return sample


def _write_case(app: App, out: Path, platform: Platform, observations: Sequence[Observation], text: str) -> None:
    """Write the case of the only refused or partial answer, if any. Raises UsageError."""
    strange = [observed for observed in observations if not read_whole(observed)]
    if not strange:
        app.notify("cli:parse.case_whole")
        return
    if len(strange) > 1:
        raise UsageError(message("cli:parse.case_of", facts=[observed.fact for observed in strange]))
    case = ReportedCase.of(platform, strange[0], text)
    fields = CATALOGUE[case.fact].record.model_fields
    named = ", ".join(f"{name}*" if field.is_required() else name for name, field in fields.items())
    head = app.text("cli:parse.case_head", fields=named)
    if not create_atomic(out, case.text(head).encode()):
        raise UsageError(message("cli:parse.case_there"), where=str(out))
    app.notify("cli:parse.case", file=str(out))


def _own_platforms(app: App) -> tuple[Path, ...]:
    folder = app.workspace_path / "inventory" / "platforms"
    return (folder,) if folder.is_dir() else ()


def _content(file: Path) -> bytes:
    """Read the file up to the size limit of a device's answer."""
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(MAX_ANSWER_BYTES + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(MAX_ANSWER_BYTES + 1)
    except OSError as error:
        raise UsageError(message("cli:parse.unreadable", reason=os_reason(error)), where=str(file)) from None
    if len(content) > MAX_ANSWER_BYTES:
        raise UsageError(message("cli:parse.too_large", limit=MAX_ANSWER_BYTES // 1_048_576), where=str(file))
    return content


def _as_document(platform: str, observation: Observation) -> dict[str, Any]:
    return {
        "platform": platform,
        "fact": observation.fact,
        "command": observation.command,
        "status": observation.status.value,
        "reason": observation.reason,
        "complete": _COMPLETE[observation.complete],
        "rows": [row.model_dump(mode="json") for row in observation.rows],
        "unread": [{"subject": record.subject, "reason": record.reason} for record in observation.unread],
        "unmatched": list(observation.unmatched),
    }


def _as_table(app: App, observation: Observation) -> str:
    parts = [f"{observation.fact}: {observation.status.value}"]
    if observation.reason:
        reason = observation.message
        parts.append(observation.reason if reason is None else in_language(reason, app.lang))
    if not observation.complete:
        parts.append(app.text("cli:parse.incomplete"))
    if observation.rows:
        parts.append(_columns([row.model_dump(mode="json", exclude_none=True) for row in observation.rows]))
    if observation.unread:
        unread = (f"  {record.subject}: {in_language(record.message, app.lang)}" for record in observation.unread)
        parts += [app.text("cli:parse.unread"), *unread]
    if observation.unmatched:
        parts += [app.text("cli:parse.unmatched"), *(f"  | {line}" for line in observation.unmatched)]
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
