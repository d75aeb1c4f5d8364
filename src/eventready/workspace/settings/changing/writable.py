"""writable.yaml of a workspace or of an intent: more lines writable by templates, with the responsible person."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from pydantic import Field

from eventready.workspace.devices.intents import KNOWN_INTENTS, Intent
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.model import PlacedModel, WorkspaceModel


class WritableAddition(PlacedModel):
    """Patterns of lines, in the form of `change.writable` of a platform, for some intents of a platform."""

    platform: str = Field(min_length=1)
    intents: tuple[Intent, ...] | None = Field(default=None, min_length=1, description="Default: every intent")
    lines: dict[str, Any] = Field(min_length=1)
    by: str = Field(min_length=1, description="Responsible person")
    reason: str = Field(min_length=1)

    def serves(self, intents: Iterable[str]) -> bool:
        """Return True for an addition to any of these intents."""
        return self.intents is None or not set(self.intents).isdisjoint(intents)


class WritableFile(WorkspaceModel):
    """writable.yaml"""

    additions: tuple[WritableAddition, ...] = ()


def load_writable(path: Path, intents: Collection[str]) -> tuple[WritableAddition, ...]:
    """Read a writable.yaml for these intents; an absent file adds no line. Raises WorkspaceError."""
    if not path.exists():
        return ()
    document = load_yaml(path, may_be_empty=True)
    found = document.validate(WritableFile, context={KNOWN_INTENTS: intents}).additions
    return tuple(one.at(document.where("additions", index)) for index, one in enumerate(found))
