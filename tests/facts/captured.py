"""Where the captures of real equipment lie: EVENTREADY_CAPTURES, or `shared/captures` beside the repository.

Captures that are not read stand in unread.yaml, with the reason.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from eventready.facts.interpret import interpret
from eventready.facts.observation import Status
from eventready.facts.platform import CompiledFact, Platform
from eventready.facts.saved import saved_reply
from eventready.workspace.yaml_document import load_yaml

REPOSITORY = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("EVENTREADY_CAPTURES") or REPOSITORY.parent / "shared" / "captures")

UNREAD: dict[str, dict[str, dict[str, str]]] = load_yaml(Path(__file__).with_name("unread.yaml")).data
#: Share of the outputs, of those that speak of the fact, that are read right.
AT_LEAST = 0.97

needs_captures = pytest.mark.skipif(
    not HOME.is_dir(), reason="no captures: set EVENTREADY_CAPTURES to the folder that holds them"
)


def captures(pattern: str = "*/*/*.raw") -> list[Path]:
    """The captures whose path under the folder matches, sorted."""
    return sorted(HOME.glob(pattern)) if HOME.is_dir() else []


def name_of(path: Path) -> str:
    """A capture's path under the folder, for test reports and the list of exceptions."""
    return str(path.relative_to(HOME))


def listed(kind: str, fact: str, path: Path) -> bool:
    """True for a capture of unread.yaml: `refused`, `without_end` or `silent`."""
    return name_of(path) in UNREAD[kind].get(fact, {})


def status_complaint(platform: Platform, compiled: CompiledFact, path: Path, text: str) -> str:
    """What is wrong with the status of a capture; nothing where it is read, or not read as unread.yaml says."""
    fact = f"{platform.name} {compiled.name}"
    reply = saved_reply(platform, compiled.command, text)
    observed = interpret("capture", compiled.name, compiled, reply)
    if listed("without_end", fact, path):
        ended = interpret("capture", compiled.name, compiled, replace(reply, complete=True))
        whole = (observed.status, ended.status) == (Status.UNPARSED, Status.EMPTY)
        return "" if whole else f"{observed.status}, and {ended.status} with its end"
    silent = observed.status is Status.UNSUPPORTED
    refused = not observed.status.measured and not silent
    wanted = (listed("silent", fact, path), listed("refused", fact, path))
    return "" if (silent, refused) == wanted else f"{observed.status}: {observed.reason} {observed.unmatched[:3]}"
