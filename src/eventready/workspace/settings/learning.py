"""learn.yaml: values never proposed by `inventory learn`, and the record of acceptances."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path
from typing import Any, Self

from pydantic import Field
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from eventready.workspace.files.yaml_document import load_optional
from eventready.workspace.model import WorkspaceModel

_HEAD = """\
# Kept by `eventready inventory learn`: what it never proposes, and who accepted what.
# `device`, `kind` and `value` of `ignore` may be globs: {device: "edge-*", kind: bgp, value: "203.0.113.*"}
ignore: []
accepted: []
"""


class Ignored(WorkspaceModel):
    """Proposals to leave out. `device`, `kind`, `value`: globs, of which case does not matter."""

    device: str = Field(default="*", min_length=1)
    kind: str = Field(default="*", min_length=1, description="Key of `expect`, `neighbours`, or a question's kind")
    value: str = Field(default="*", min_length=1, description="As `inventory learn` prints it")
    by: str = Field(default="", description="Person who decided")
    at: datetime | None = Field(default=None, description="When")

    @classmethod
    def exactly(cls, device: str, kind: str, value: str, *, by: str, at: datetime) -> Self:
        """Build a rule for a single value; characters of globs in a name mean nothing."""
        return cls(device=escape(device), kind=kind, value=escape(value), by=by, at=at)

    def covers(self, device: str, kind: str, value: str) -> bool:
        """True for a proposal with this identity."""
        pairs = ((device, self.device), (kind, self.kind), (value, self.value))
        return all(fnmatchcase(text.casefold(), pattern.casefold()) for text, pattern in pairs)


class Acceptance(WorkspaceModel):
    """Expectations taken over from a run: the person, the moment, and values by device and kind."""

    at: datetime
    by: str
    run: str = Field(description="Run whose facts were shown")
    added: dict[str, dict[str, tuple[str, ...]]] = Field(default={}, description="By device and kind")
    removed: dict[str, dict[str, tuple[str, ...]]] = Field(default={}, description="By device and kind")


class LearnFile(WorkspaceModel):
    """learn.yaml"""

    ignore: tuple[Ignored, ...] = ()
    accepted: tuple[Acceptance, ...] = ()


def learn_text(old: str, *, accepted: Acceptance | None, ignore: Sequence[Ignored]) -> str:
    """Return the text of learn.yaml with another acceptance and more to ignore; comments stay."""
    yaml = YAML()
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(old)
    if document is None:  # empty, or comments alone
        document = yaml.load(old.removesuffix("\n") + "\n" + _HEAD if old.strip() else _HEAD)
    for key, entries in (("ignore", ignore), ("accepted", (accepted,) if accepted else ())):
        known = document.get(key)
        if entries and not known:
            document[key] = known = []
        for entry in entries:
            known.append(_compact(entry.model_dump(mode="json", exclude_defaults=True)))
    written = io.StringIO()
    yaml.dump(document, written)
    return written.getvalue()


def _compact(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _compact(part) for key, part in value.items()}
    if not isinstance(value, list):
        return value
    words = CommentedSeq(value)
    words.fa.set_flow_style()
    return words


def load_learning(path: Path) -> LearnFile:
    """Read learn.yaml; an absent file ignores nothing. Raises WorkspaceError."""
    return load_optional(path).validate(LearnFile)
